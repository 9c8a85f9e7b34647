"""Draw the steps from photo to removed object as one picture: one row per view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image, ImageDraw

from ..io.photos import read_photo
from ..progress import SILENT, Job
from ..scene import View
from ..segmentation.prepared import Prepared
from ..segmentation.segment import Segment
from ..stages import DRAW_SHEET
from . import draw
from .grid import fit, grid
from .palette import pca_colors

MARK = 5  # radius of the ring around a click, in pixels


def sheet(
    prepared: Prepared,
    found: Segment,
    views: Sequence[View],
    *,
    clicks: Mapping[str, tuple[float, float]],
    job: Job = SILENT,
) -> Image.Image:
    """Photo, features, scores, selection, and the scene without the object, as each view sees them.

    `clicks` are x, y in pixels of the photo, by the names of the views.
    """
    features, raster = pca_colors(prepared.uplifted), prepared.raster
    rest = prepared.gaussians.take(np.flatnonzero(~found.selected))
    rows = []
    for view in job.track(views, DRAW_SHEET):
        scene, camera = prepared.gaussians, view.camera
        selected = draw.share(scene, camera, found.selected.astype(np.float32), raster=raster) > 0.5
        photo = read_photo(view).pixels
        row = {
            "photo": _marked(fit(photo), clicks.get(view.name), photo.shape[1]),
            "uplifted features": fit(draw.over_gray(scene, camera, features, raster=raster)),
            "scores": fit(draw.heat(draw.share(scene, camera, found.scores, raster=raster))),
            "selected": fit(draw.tinted(draw.rgb(scene, camera, raster=raster), selected)),
            "removed": fit(draw.rgb(rest, camera, raster=raster)),
        }
        rows.append(list(row.items()))
    return grid(rows)


def _marked(picture: Image.Image, click: tuple[float, float] | None, width: int) -> Image.Image:
    if click is not None:
        x, y = (value * picture.width / width for value in click)
        for radius, color in ((MARK + 1, "black"), (MARK, "#40ff60")):
            corners = x - radius, y - radius, x + radius, y + radius
            ImageDraw.Draw(picture).ellipse(corners, outline=color, width=2)
    return picture
