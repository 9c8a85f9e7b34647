"""The method scene/remove."""

from __future__ import annotations

import numpy as np

from ..progress import Job
from ..removal import remove
from ..stages import ANSWER, LOOK
from ..wire.methods import ObjectRemoved, RemoveObject
from .clouds import cloud_of
from .state import State
from .stopwatch import Stopwatch


def remove_object(state: State, request: RemoveObject, job: Job) -> ObjectRemoved:
    """Answer scene/remove: what to delete, to replace and to add, in file order.

    Raises `EngineError` "bad_input" for a selection of another scene.
    """
    watch = Stopwatch(job, LOOK)
    scene = state.scene(request.scene, job=job)
    found = remove(
        scene,
        scene.from_file(request.selected),
        boundary=request.boundary,
        residue=request.residue,
        fill=request.fill,
        job=watch,
    )
    watch.begin(ANSWER)
    old = np.flatnonzero(found.source >= 0)
    rows = found.source[old]
    in_file = np.argsort(scene.rows[rows])
    old, rows = old[in_file], rows[in_file]
    # A part of a Gaussian has another place than the whole, and what was in doubt another color.
    moved = (found.gaussians.means[old] != scene.gaussians.means[rows]).any(1)
    moved |= (found.gaussians.sh0[old] != scene.gaussians.sh0[rows]).any((1, 2))
    cut = np.zeros(scene.file_count, bool)
    cut[scene.rows[rows[moved]]] = True
    removed = np.ones(scene.file_count, bool)
    removed[scene.rows[rows]] = False
    # Rows that no scan has are not part of the scene, and stay as they are.
    removed[np.setdiff1d(np.arange(scene.file_count), scene.rows)] = False
    return ObjectRemoved(
        removed=removed,
        cut=cut,
        parts=cloud_of(found.gaussians.take(old[moved])),
        filled=cloud_of(found.gaussians.take(found.source < 0)),
        timings=watch.timings(),
        notes=(*found.notes, *watch.notes()),
    )
