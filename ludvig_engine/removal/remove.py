"""Remove an object from a scene: the steps in a row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Array, Bool, Int
from ..errors import EngineError, plural
from ..progress import SILENT, Job
from ..scene import Gaussians, Scene
from .boundary import split
from .doubt import doubted
from .fills import fills
from .footprints import footprints
from .recolor import adrift, recolored
from .residue import residue as left_over
from .sightings import sightings


@dataclass(frozen=True)
class Removal:
    """What is left of a scene, M Gaussians, and where each came from."""

    gaussians: Gaussians
    # The index in the scene of each; −1 where it was made to fill a hole.
    source: Int[Array, " M"]
    # What the user should know, such as that a hole could not be filled.
    notes: tuple[str, ...] = ()


def remove(
    scene: Scene,
    selected: Bool[Array, " N"],
    *,
    boundary: bool = True,
    residue: bool = True,
    fill: bool = True,
    job: Job = SILENT,
) -> Removal:
    """The scene without the selected Gaussians, in the scene's own order, what is made at the end.

    Args:
        scene: A scene with views; only their cameras are used.
        selected: The object.
        boundary: Whether Gaussians across the border are split, so that no rim of it stays.
        residue: Whether what only drew the object's edge and inside goes too.
        fill: Whether surfaces around are continued where nothing was behind the object, and what
            was hardly seen behind it is recolored.
        job: Told about progress, and asked whether to go on.

    Raises `EngineError` "bad_input" if there are not N values, and `Cancelled`.
    """
    if selected.shape != (len(scene),) or selected.dtype != bool:
        raise EngineError(
            "bad_input",
            f"The selection has the shape {selected.shape}, but the scene has {len(scene):,} "
            "splats.",
            ["Use a selection that was made in this scene, in its own order."],
        )
    everything = scene.gaussians
    rows = np.arange(len(scene), dtype=np.int32)
    gone = selected
    notes: list[str] = []
    sights = []
    if selected.any():
        cameras = [view.camera for view in scene.views]
        sights = sightings(everything, selected, cameras, scene.raster, job)
        if not sights:
            notes.append("No view shows the object, so it was deleted and nothing else was done.")
    evidence = np.zeros((0, len(scene)), np.float32)
    if sights and (boundary or residue or fill):
        seen = footprints(everything, sights, scene.raster, job)
        evidence = seen.views
        if residue:
            gone = selected | left_over(everything, selected, seen, sights)
            if extra := int(gone.sum() - selected.sum()):
                notes.append(f"Also removed, as only drawing the object: {plural(extra, 'splat')}.")
        if boundary:
            parts = split(everything, gone, seen)
            everything, gone = parts.gaussians, parts.selected
            rows = parts.source
            if cut := len(rows) - len(scene):
                notes.append(f"Cut in two across the object's border: {plural(cut, 'splat')}.")
    left, rows = everything.take(~gone), rows[~gone]
    made: list[Gaussians] = []
    if fill and sights:
        own = scene.gaussians.means[selected]
        doubtful = doubted(left, evidence[:, rows], own, sights, scene.raster, job)
        made, replaced = fills(left, rows, doubtful, own, sights, scene.raster, job)
        if residue:
            lost = adrift(left, doubtful) & ~replaced
            replaced = replaced | lost
            if extra := int(lost.sum()):
                notes.append(f"Also removed, as left in the air: {plural(extra, 'splat')}.")
        left = recolored(left, doubtful).take(~replaced)
        if kept := int((doubtful & ~replaced).sum()):
            notes.append(
                f"In colors of their neighbors, as the object hid them: {plural(kept, 'splat')}."
            )
        rows = rows[~replaced]
    if made:
        count = sum(map(len, made))
        surfaces = plural(len(made), "surface")
        notes.append(
            f"Made to continue {surfaces} where nothing was seen: {plural(count, 'splat')}."
        )
    return Removal(
        Gaussians.joined([left, *made]),
        np.concatenate([rows, *(np.full(len(one), -1, np.int32) for one in made)]),
        tuple(notes),
    )
