"""Where else a SAM should look, to check what it has made of one picture: from another side."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ..arrays import Array, Bool, Float
from ..progress import SILENT, Job
from ..scene import Camera, evenly
from ..segmentation.fronts import VIEWS
from ..segmentation.prepared import Prepared
from .looks import Looks, Picture
from .proposing import Mark, Pointed

# Pieces below this share of the largest one's pixels are splats beside the object.
LEAST = 0.2
# Degrees between two directions to an object that count as two sides of it. Views that differ less
# show little that the first has not shown; where all do, the one that differs most is taken.
ANOTHER_SIDE = 45.0


def elsewhere(
    prepared: Prepared,
    looks: Looks,
    selected: Bool[Array, " N"],
    camera: Camera,
    *,
    job: Job = SILENT,
) -> Pointed | None:
    """A box around the selection in the view of another side that shows most of it.

    `camera` is where it was found. A view that the SAM has seen is taken if it shows half as much,
    so that a correction need not wait for one more look. None if no other view shows the selection.
    Raises `Cancelled`.
    """
    if not selected.any():
        return None
    center = prepared.gaussians.means[selected].mean(0)
    views = evenly(prepared.views, VIEWS)
    shown = [(front.shown >= 0) & selected[front.shown] for front in prepared.fronts(job=job)]
    areas = np.array([mask.mean() for mask in shown])
    angles = np.array([_angle(center, camera, view.camera) for view in views])
    far = areas * (angles >= ANOTHER_SIDE)
    worth = far if far.any() else angles * (areas > 0)
    seen = worth * [looks.has(Picture.of_view(view)) for view in views]
    chosen = int(np.argmax(seen if 2 * seen.max() > worth.max() else worth))
    if not areas[chosen] or not angles[chosen]:
        return None
    mask, view = shown[chosen], views[chosen]
    corners = np.array([(x, y) for _, box in pieces(mask) for x, y in box])
    scale = view.camera.width / mask.shape[1], view.camera.height / mask.shape[0]
    places = np.stack([corners.min(0), corners.max(0)]) * scale
    picture = Picture.of_view(view)
    return Pointed(picture, (), Mark(picture, places, box=True))


def pieces(mask: Bool[Array, "H W"]) -> list[tuple[int, Float[Array, "2 2"]]]:
    """The pixels of each larger piece of a mask, and its box: x, y of two corners; largest first.

    The mask is not empty.
    """
    labels, count = ndimage.label(mask)
    areas = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    found = []
    for area, (rows, columns) in zip(areas, ndimage.find_objects(labels), strict=True):
        if area >= LEAST * areas.max():
            box = np.array([[columns.start, rows.start], [columns.stop, rows.stop]], float)
            found.append((int(area), box))
    return sorted(found, key=lambda pair: -pair[0])


def _angle(center: Float[Array, " 3"], one: Camera, other: Camera) -> float:
    """Degrees between the directions in which two cameras see a place."""
    a, b = one.center - center, other.center - center
    length = max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-12)
    return float(np.degrees(np.arccos(np.clip(a @ b / length, -1, 1))))
