"""What `ludvig segment` writes and tells: scores, splats, and a report of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..arrays import Array
from ..errors import EngineError, plural
from ..io import export as exporting
from ..io import result
from ..scene import Scene
from ..segmentation.segment import Segment
from .common import notes, print_json
from .common import report as say


def write(
    out: Path,
    scene: Scene,
    found: Segment,
    more: Mapping[str, Array],
    about: Mapping[str, Any],
) -> Array:
    """Write the result file; return `selected` (N) in the order of the splat file."""
    selected = scene.to_file(found.selected)
    arrays = {name: scene.to_file(array) for name, array in more.items()}
    scores = scene.to_file(found.scores).astype(np.float32)
    result.write(out, {"scores": scores, "selected": selected, **arrays}, dict(about))
    return selected


def export(
    splats: Path, out: Path, keep: Path | None, remove: Path | None, selected: Array
) -> list[str]:
    """Write the selected and the other splats; return notes on files that are no copies.

    Raises `EngineError` "bad_input" for a file that would have none, after writing the other one.
    """
    anew, empty = [], ""
    for path, rows, none in ((keep, selected, "No"), (remove, ~selected, "Every")):
        if path is not None and rows.any():
            exporting.export(splats, path, rows)
            anew.append(exporting.rewritten(splats, path))
        elif path is not None:
            empty = (
                f"{none} splat was selected, so {path} was not written; the scores are in {out}."
            )
    if empty:
        raise EngineError("bad_input", empty, ["Choose another --threshold, or other prompts."])
    return [note for note in anew if note]


def unsure(found: Segment, guess: bool) -> list[str]:
    """What to tell of a guess at words that are not found, if it selects anything."""
    count = 0 if found.guess is None else int((found.scores > found.guess).sum())
    if not count:
        return []
    if guess:
        return [f"The {plural(count, 'selected splat')} are a guess, because of --guess."]
    return [f"The best guess is {plural(count, 'splat')}; --guess selects it."]


def report(
    found: Segment,
    about: Mapping[str, Any],
    selected: Array,
    written: Sequence[Path],
    told: Sequence[str],
    json: bool,
) -> None:
    """Tell people what was selected, or machines as one JSON object."""
    count, total = int(selected.sum()), len(selected)
    if json:
        counts = {"gaussians": total, "selected": count}
        print_json({**about, **counts, "out": written[0], "notes": told})
        return
    share = f"{count:,} of {plural(total, 'Gaussian')} ({count / total:.1%})"
    say(f"Selected {share} with {about['extractor']}.")
    say(f"  threshold {found.threshold:.2f}, {found.how}")
    if found.readings:
        steps = ", ".join(f"{step:+d}" if step else "0" for step in found.readings.steps)
        say(f"  reading {found.readings.taken:+d} of {steps} (from part to whole; --reading)")
    say(f"  {', '.join(map(str, written))}")
    notes(told)
