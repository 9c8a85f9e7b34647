"""ScanNet as OpenGaussian (NeurIPS 2024) evaluates it: predict a class for every Gaussian.

    DATA/<scene>                    cameras (transforms_train.json), photos and trained splats
    DATA/<scene>/language_features/
        <photo>_s.npy               (4, H, W) ids of SAM segments, −1 for none; level 0 is used
        <photo>_f.npy               (K, 512) CLIP vectors of the segments
    DATA/<scene>/
        *_vh_clean_2.labels.ply     `label` of every point, NYU40
    DATA/text_features.json         class name -> its CLIP vector

The centers of the Gaussians are the scan's points. The class of a Gaussian is the text with the
largest cosine. Gaussians with an opacity below 0.1 are not counted.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..arrays import Array, Float, Int
from ..errors import EngineError
from ..io.files import damage_explained, open_file, read_json
from ..io.load import load_scene
from ..io.numpy_files import read_array
from ..io.ply_header import read_header
from ..io.ply_rows import read_rows
from ..progress import SILENT, Job, chunks
from ..rendering import Raster, adjoint
from ..scene import Camera, Gaussians, Scene
from ..stages import EVALUATE, UPLIFT_SEGMENTS
from . import metrics
from .datasets import splats_of
from .lacking import Lacks

# The classes' ids in NYU40. The smaller sets leave out the classes that OpenGaussian leaves out.
NYU40 = {
    "wall": 1, "floor": 2, "cabinet": 3, "bed": 4, "chair": 5, "sofa": 6, "table": 7, "door": 8,
    "window": 9, "bookshelf": 10, "picture": 11, "counter": 12, "desk": 14, "curtain": 16,
    "refrigerator": 24, "shower curtain": 28, "toilet": 33, "sink": 34, "bathtub": 36,
}  # fmt: skip
_NOT_15 = {"picture", "refrigerator", "shower curtain", "bathtub"}
_NOT_10 = _NOT_15 | {"cabinet", "counter", "desk", "curtain", "sink"}
CLASSES = {
    19: tuple(NYU40),
    15: tuple(name for name in NYU40 if name not in _NOT_15),
    10: tuple(name for name in NYU40 if name not in _NOT_10),
}
LEAST_OPACITY = 0.1
SCAN = re.compile(r"scene[0-9]{4}_[0-9]{2}")
ONE_HOT = 64  # segments lifted in one pass

# mIoU, percent; mean over the ten scenes.
PUBLISHED = {
    "LUDVIG": {
        "mIoU 19": 33.9, "mAcc 19": 51.4, "mIoU 15": 37.4,
        "mAcc 15": 57.2, "mIoU 10": 46.4, "mAcc 10": 66.2,
    },
    "OpenGaussian": {
        "mIoU 19": 24.7, "mAcc 19": 41.5, "mIoU 15": 30.1,
        "mAcc 15": 48.3, "mIoU 10": 38.3, "mAcc 10": 55.2,
    },
}  # fmt: skip


@dataclass(frozen=True)
class Task:
    """One scan."""

    name: str
    scene: Path
    labels: Path
    texts: Path
    named: tuple[str, ...] = ()  # all of its views that have segments are used

    @property
    def files(self) -> list[Path]:
        segments = self.scene / "language_features"
        vectors = [
            path.with_name(path.name.removesuffix("_s.npy") + "_f.npy")
            for path in sorted(segments.glob("*_s.npy"))
        ]
        return [self.labels, self.texts, *(vectors or [segments / "<photo>_s.npy"])]


# Turns a task and the names of classes into the index of each Gaussian's class, in file order;
# −1 if it has none.
Predictor = Callable[[Task, Sequence[str]], Int[Array, " F"]]


def tasks(root: Path, scenes: Path | None = None, only: Collection[str] = ()) -> list[Task]:
    """All scans in the folder; what those lack that are not in `only` does not matter.

    Raises `EngineError` "not_found" for a scan, by its name or its segments, without labels.
    """
    found, lacks = [], Lacks(only)
    for place in sorted(path for path in (scenes or root).iterdir() if path.is_dir()):
        labels = [*place.glob("*labels.ply")]
        labels += (root / "labels").glob(f"{place.name}*labels.ply")
        if labels:
            found.append(Task(place.name, place, labels[0], root / "text_features.json"))
        elif SCAN.fullmatch(place.name) or (place / "language_features").is_dir():
            with lacks.noted(place.name):
                raise EngineError("not_found", f"{place} has no file *labels.ply.")
    lacks.tell(root, sys.modules[__name__])
    return found


def score(
    tasks: Sequence[Task], predict: Predictor, *, job: Job = SILENT
) -> dict[str, dict[str, float]]:
    """mIoU and mAcc of each scan for each set of classes, in percent.

    Raises `EngineError` "bad_input" if a scan has other numbers of Gaussians and labels.
    """
    rows: dict[str, dict[str, float]] = {}
    for task in job.track(tasks, EVALUATE):
        labels = read_labels(task.labels)
        scene = load_scene(splats_of(task.scene))
        if scene.file_count != len(labels):
            raise EngineError(
                "bad_input",
                f"{task.name} has {scene.file_count:,} Gaussians, but labels for "
                f"{len(labels):,} points.",
                ["Train with fixed positions and without densification, from the scan's points."],
            )
        opaque = scene.to_file(scene.gaussians.opacities) >= LEAST_OPACITY
        rows[task.name] = {}
        for count, names in CLASSES.items():
            truth = np.full(len(labels), -1)
            for n, name in enumerate(names):
                truth[(labels == NYU40[name]) & opaque] = n
            overlap, right = metrics.class_scores(predict(task, names), truth, len(names))
            rows[task.name] |= {f"mIoU {count}": 100 * overlap, f"mAcc {count}": 100 * right}
    return rows


def predictor(
    texts: Mapping[str, Float[Array, " D"]], *, max_size: int = 1600, job: Job = SILENT
) -> Predictor:
    """This engine's predictor, which lifts the dataset's own segments.

    Each scan is lifted once for all sets of classes. `texts` are the CLIP vectors of the classes.
    """
    lifted: dict[str, Array] = {}

    def predict(task: Task, names: Sequence[str]) -> Int[Array, " F"]:
        if task.name not in lifted:
            options: dict[str, Any] = {"max_size": max_size, "need_photos": False}
            scene = load_scene(splats_of(task.scene), views=task.scene, **options)
            lifted.clear()
            found = lift_segments(scene, task.scene / "language_features", job=job)
            lifted[task.name] = scene.to_file(found)
        features = lifted[task.name]
        units = [texts[name] / np.linalg.norm(texts[name]) for name in names]
        vectors = np.stack(units, 1).astype(np.float32)
        return np.where(np.abs(features).max(1) > 0, (features @ vectors).argmax(1), -1)

    return predict


def read_texts(path: Path) -> dict[str, Float[Array, " D"]]:
    """The CLIP vectors of the classes, from a JSON file by name.

    Names may be written without spaces, as "showercurtain". Raises `EngineError` "bad_file" if a
    class is missing or vectors are not of the same length.
    """
    content = read_json(path)
    entries = content.items() if isinstance(content, dict) else ()
    stored = {str(name).replace(" ", ""): vector for name, vector in entries}
    missing = [name for name in NYU40 if name.replace(" ", "") not in stored]
    if missing:
        raise EngineError(
            "bad_file",
            f"{path} has no vector for {len(missing)} classes, such as {missing[0]}.",
            ["Use the file of OpenGaussian's release."],
        )
    with damage_explained(path.name), np.errstate(over="ignore"):
        vectors = [np.array(stored[name.replace(" ", "")], np.float32).ravel() for name in NYU40]
    if len({len(vector) for vector in vectors}) > 1 or not np.isfinite(vectors).all():
        raise EngineError(
            "bad_file",
            f"{path} has vectors of several lengths, or that are not finite.",
            ["Use the file of OpenGaussian's release."],
        )
    return dict(zip(NYU40, vectors, strict=True))


def read_labels(path: Path) -> Int[Array, " P"]:
    """The property `label` of every vertex of a .ply. Raises `EngineError` "bad_file"."""
    with open_file(path) as file:
        header = read_header(file, path)
        blocks = list(read_rows(file, header))
    if not blocks or "label" not in (blocks[0].dtype.names or ()):
        raise EngineError(
            "bad_file",
            f"The vertices of {path.name} have no property label.",
            ["Use the scan's _vh_clean_2.labels.ply."],
        )
    labels = np.concatenate([block["label"] for block in blocks])
    # Labels that are no numbers become 0, which is no class.
    return np.nan_to_num(labels, posinf=0, neginf=0).astype(np.int64)


def lift_segments(
    scene: Scene, folder: Path, *, raster: Raster | None = None, job: Job = SILENT
) -> Float[Array, "N D"]:
    """Uplift maps that are constant on segments, Σ w F / Σ w; pixels without a segment have F = 0.

    `folder` holds the arrays <photo>_s.npy and <photo>_f.npy (see the top of this file). Raises
    `EngineError` "not_found" if there are none.
    """
    sums: Array | None = None
    weights = np.zeros(len(scene), np.float32)
    views = [view for view in scene.views if (folder / f"{Path(view.name).stem}_s.npy").is_file()]
    if not views:
        raise EngineError(
            "not_found",
            f"{folder} has no <photo>_s.npy of any of the {len(scene.views)} photos.",
            ["Unpack OpenGaussian's data there."],
        )
    for view in job.track(views, UPLIFT_SEGMENTS):
        stem = Path(view.name).stem
        ids = read_array(folder / f"{stem}_s.npy")[0].astype(np.int64)
        vectors = read_array(folder / f"{stem}_f.npy").astype(np.float32)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        camera = view.camera.resized(*ids.shape[::-1])
        shares, total = _shares(scene.gaussians, camera, ids, raster or scene.raster, job)
        used = np.unique(ids[ids >= 0])
        sums = np.zeros((len(scene), vectors.shape[1]), np.float32) if sums is None else sums
        sums += shares @ vectors[used]
        weights += total
    assert sums is not None
    return np.divide(sums, weights[:, None], out=np.zeros_like(sums), where=weights[:, None] > 0)


def _shares(
    gaussians: Gaussians, camera: Camera, ids: Int[Array, "H W"], raster: Raster, job: Job
) -> tuple[Float[Array, "N K"], Float[Array, " N"]]:
    """Σ w over the pixels of each of the K segments, by ascending ids, and over all pixels.

    Lifting is linear, so it suffices to lift the segments, which are far fewer than channels.
    """
    used = np.unique(ids[ids >= 0])
    parts, total = [], np.zeros(len(gaussians), np.float32)
    for part in chunks(max(len(used), 1), ONE_HOT):
        image = (ids[None] == used[part, None, None]).astype(np.float32)
        share, total = adjoint(gaussians, camera, image, raster=raster, job=job)
        parts.append(share)
    return np.concatenate(parts, 1), total
