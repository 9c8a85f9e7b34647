"""Shards on disk, safetensors files in the order of the splat file, and how they are merged."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from ..arrays import Array
from ..errors import EngineError, plural
from ..io import result
from ..io.files import open_file
from ..progress import SILENT, Job, chunks
from ..rendering import Sums
from ..rendering.tree import Tree
from ..scene import Scene
from ..stages import MERGE
from ..uplifting import Uplifted, mean
from .shard import Shard
from .shares import shares

KIND = "ludvig shard 1"  # of the layout of the file
NAMES = ("features", "weights", "squares")
# Rows that are merged at a time: 170 MB for each level of the tree, with 40 channels.
ROWS = 1 << 20
# Axes that were fitted on other processors differ by rounding, 1e-6; those of other photos by more.
ALIKE = 1e-3
MOST_VIEWS = 1_000_000  # beyond it, a number in a file is damaged


def write(path: Path, shard: Shard, scene: Scene, about: Mapping[str, Any]) -> None:
    """Write a shard; `about` is the metadata of the file that all shards are merged to."""
    arrays = {
        f"{name}_{n}": scene.to_file(getattr(sums, name))
        for n, sums in enumerate(shard.sums)
        for name in NAMES
    }
    if shard.reduction:
        arrays["axes"] = shard.reduction.axes / shard.reduction.std
    told = {
        "kind": KIND,
        "shard": [shard.number, shard.parts],
        "views": shard.views,
        "made_from": shard.made_from,
        "notes": scene.notes,
        "about": about,
    }
    result.write(path, arrays, told)


@dataclass(frozen=True)
class Part:
    """What a shard's file says of itself."""

    path: Path
    number: int
    parts: int
    views: int
    made_from: Mapping[str, str]
    notes: tuple[str, ...]
    about: Mapping[str, Any]
    rows: int
    channels: int
    axes: Array | None


@dataclass(frozen=True)
class Merged:
    """What one process would have written, in the order of the splat file."""

    uplifted: Uplifted
    about: Mapping[str, Any]
    notes: tuple[str, ...]


def merge(paths: Sequence[Path], *, job: Job = SILENT) -> Merged:
    """Add up the shards of an uplift, in the order of the tree, whatever order they come in.

    The files are read in slices of rows. Raises `EngineError`: "bad_input" if a shard is missing,
    given twice, or of another uplift; "bad_file" or "not_found" if a file is no shard.
    """
    parts = sorted((_read(path) for path in paths), key=lambda part: part.number)
    differ = _checked(parts)
    first = parts[0]
    features = np.empty((first.rows, first.channels), np.float32)
    weights, views = np.empty(first.rows, np.float32), np.empty(first.rows, np.float32)
    whole = Uplifted(features, weights, views)
    counts = [len(own) for own in shares(first.views, first.parts)]
    with ExitStack() as stack:
        files = [stack.enter_context(safe_open(part.path, "numpy")) for part in parts]
        for rows in job.track(chunks(first.rows, ROWS), MERGE):
            tree: Tree[list[Array]] = Tree()
            for file, count in zip(files, counts, strict=True):
                for n in range(count):
                    tree.add([file.get_slice(f"{name}_{n}")[rows] for name in NAMES])
            found = mean(Sums(*tree.total()))
            for name in ("features", "weights", "views"):
                getattr(whole, name)[rows] = getattr(found, name)
    return Merged(whole, first.about, (*first.notes, *differ))


def _read(path: Path) -> Part:
    with open_file(path):
        pass
    try:
        with safe_open(path, "numpy") as file:
            told = {name: json.loads(text) for name, text in (file.metadata() or {}).items()}
            if told.get("kind") != KIND:
                raise ValueError("it does not say that it is one")
            names = set(file.keys())
            rows, channels = file.get_slice("features_0").get_shape()
            axes = file.get_tensor("axes") if "axes" in names else None
        (number, parts), views = map(int, told["shard"]), int(told["views"])
        if not 1 <= number <= parts <= views <= MOST_VIEWS:
            raise ValueError(f"it says {number}/{parts} of {views} views")
        count = len(shares(views, parts)[number - 1])
        if lacking := {f"{name}_{n}" for name in NAMES for n in range(count)} - names:
            raise ValueError(f"it lacks {min(lacking)}")
        made_from, about = dict(told["made_from"]), dict(told["about"])
        notes = tuple(told["notes"])
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise EngineError(
            "bad_file",
            f"{path} is not a shard: {error}.",
            ["Write it with: ludvig uplift ... --shard 1/64 --out FILE."],
        ) from error
    return Part(path, number, parts, views, made_from, notes, about, rows, channels, axes)


def _checked(parts: Sequence[Part]) -> list[str]:
    """Refuse shards that do not make one uplift; notes on what differs and does not matter."""
    first = parts[0]
    for part in parts[1:]:
        ours = {**first.made_from, "number of shards": first.parts, "number of views": first.views}
        its = {**part.made_from, "number of shards": part.parts, "number of views": part.views}
        other = [what for what in ours if ours[what] != its.get(what)]
        if not other and _apart(first, part) > ALIKE:
            other = ["photos"]
        if other or (part.rows, part.channels) != (first.rows, first.channels):
            raise EngineError(
                "bad_input",
                f"{part.path} does not belong to {first.path}: it has other "
                f"{' and other '.join(other or ['sizes'])}.",
                ["Merge the shards of one uplift, or make this one again."],
            )
    here = [part.number for part in parts]
    if twice := [number for number in {*here} if here.count(number) > 1]:
        raise EngineError(
            "bad_input",
            f"Shard {min(twice)}/{first.parts} is given {here.count(min(twice))} times.",
            ["Give each shard once."],
        )
    if missing := sorted({*range(1, first.parts + 1)} - {*here}):
        named = ", ".join(f"{number}/{first.parts}" for number in missing[:10])
        raise EngineError(
            "bad_input",
            f"{plural(len(missing), 'shard')} of {first.parts} "
            f"{'is' if len(missing) == 1 else 'are'} missing: {named}"
            f"{', ...' if len(missing) > 10 else ''}.",
            [f"Run: ludvig uplift ... --shard {missing[0]}/{first.parts} --out FILE."],
        )
    apart = max(_apart(first, part) for part in parts)
    if not apart:
        return []
    return [
        f"The shards were made on processors that round differently, by {apart:.1g} in the axes of "
        "the PCA. The features differ by about as much from those of one processor."
    ]


def _apart(first: Part, part: Part) -> float:
    """By how much the axes of two shards differ, as a share of the largest number in them."""
    if first.axes is None or part.axes is None:
        return 0.0 if first.axes is part.axes else 1.0
    if first.axes.shape != part.axes.shape:
        return 1.0
    return float(np.abs(first.axes - part.axes).max() / np.abs(first.axes).max())
