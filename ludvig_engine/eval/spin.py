"""SPIn-NeRF's multi-view segmentation set (Mirzaei et al., CVPR 2023).

    DATA/<scene> or <scene> (llff)/*.png    ground truth, named as the photos, image000, image001,
                                            ..., or 0_<photo>
    DATA/scenes/<scene>                     COLMAP model, photos and trained splats

There are masks of one object in all photos of a scene. The first mask in the order of names is the
prompt, and the others are the ground truth of the evaluation, but for those in `LEFT_OUT`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection
from pathlib import Path

from ..errors import EngineError
from ..io.views import load_views
from .lacking import Lacks
from .single_view import Task

CONFIG = "dif_SPIn"
SUFFIXES = (".png", ".jpg", ".jpeg")

# Photos that the paper does not score, by scene: their places in the order of names, from 0.
LEFT_OUT = {"orchids": (14,)}

# Mean foreground IoU in percent: LUDVIG, ICCV 2025; SPIn-NeRF, CVPR 2023.
PUBLISHED = {
    "LUDVIG, DINOv2": {"mean": 93.8},
    "LUDVIG, SAM": {
        "fern": 97.0, "fortress": 98.3, "horns": 94.5, "leaves": 96.3, "orchids": 92.2,
        "pinecone": 88.8, "room": 96.5, "truck": 94.9, "lego": 92.7, "fork": 86.8, "mean": 93.8,
    },
    "SPIn-NeRF": {"mean": 90.96},
}  # fmt: skip


def tasks(root: Path, scenes: Path | None = None, only: Collection[str] = ()) -> list[Task]:
    """All tasks of a dataset folder; what those lack that are not in `only` does not matter.

    Raises `EngineError` "not_found" if a scene is missing, or the photo of a mask.
    """
    scenes = scenes or root / "scenes"
    found, lacks = [], Lacks(only)
    for place in sorted(path for path in root.iterdir() if path.is_dir() and path != scenes):
        files = sorted(path for path in place.iterdir() if path.suffix.lower() in SUFFIXES)
        name = re.sub(r"(_real_night_radial| \(.*\))$", "", place.name).lower()
        with lacks.noted(name):
            if files:
                found.append(_task(name, place, files, scenes))
            elif (scenes / name).is_dir():
                raise EngineError("not_found", f"{place} has no masks.")
    lacks.tell(root, sys.modules[__name__])
    return found


def _task(name: str, place: Path, files: list[Path], scenes: Path) -> Task:
    places = [scenes / each for each in (place.name, name) if (scenes / each).is_dir()]
    if not places:
        raise EngineError(
            "not_found", f"{scenes} has no folder {name}.", ["Put the trained scene there."]
        )
    scene = places[0]
    views, _ = load_views(scene, need_photos=False)
    masks = matched(files, [Path(view.name).stem for view in views], place)
    reference = min(masks)
    left_out = {view for n, view in enumerate(sorted(masks)) if n in LEFT_OUT.get(name, ())}
    targets = {view: path for view, path in masks.items() if view not in (reference, *left_out)}
    return Task(name, scene, reference, masks[reference], targets)


def matched(files: list[Path], views: list[str], place: Path) -> dict[str, Path]:
    """The mask of each view. Raises `EngineError` "not_found" for a mask without a view.

    A mask belongs to the view of the same name, apart from a prefix "0_" or "1_" (train or test).
    If there is none, "image<n>" belongs to the n-th photo in the order of names, and other masks to
    the view that ends with the same number.
    """
    names = {view: view for view in views}
    names |= {re.sub(r"^[01]_", "", view): view for view in views}
    numbers = {number: view for view in views if (number := _number(view)) is not None}
    masks = {}
    for path in files:
        stem = re.sub(r"_mask$", "", path.stem)
        short = re.sub(r"^[01]_", "", stem)
        index = re.fullmatch(r"image(\d+)", stem)
        view = names.get(stem) or names.get(short)
        if view is None and index:
            view = dict(enumerate(sorted(views))).get(int(index[1]))
        elif view is None and (number := _number(short)) is not None:
            view = numbers.get(number)
        if view is None:
            raise EngineError(
                "not_found",
                f"{place.name}/{path.name} belongs to none of the {len(views)} photos.",
                ["Check that the trained scene has all photos of the dataset."],
            )
        masks[view] = path
    return masks


def _number(name: str) -> int | None:
    found = re.search(r"(\d+)$", name)
    return int(found[1]) if found else None
