"""Draw the steps from photo to removed object as one picture: one row per view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..arrays import Array, Float
from ..io.photos import read_photo
from ..progress import SILENT, Job
from ..scene import View
from ..segmentation.prepared import Prepared
from ..segmentation.segment import Segment
from ..stages import DRAW_SHEET
from . import draw

# All of these are in pixels.
WIDTH = 360  # width of one picture
GAP = 6  # space between pictures
CAPTION = 30  # height of the captions above the first row
MARK = 5  # radius of the ring around a click


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
    features, raster = draw.pca_colors(prepared.uplifted), prepared.raster
    rest = prepared.gaussians.take(np.flatnonzero(~found.selected))
    rows = []
    for view in job.track(views, DRAW_SHEET):
        scene, camera = prepared.gaussians, view.camera
        selected = draw.share(scene, camera, found.selected.astype(np.float32), raster=raster) > 0.5
        photo = read_photo(view).pixels
        row = {
            "photo": _marked(_fit(photo), clicks.get(view.name), photo.shape[1]),
            "uplifted features": _fit(draw.over_gray(scene, camera, features, raster=raster)),
            "scores": _fit(draw.heat(draw.share(scene, camera, found.scores, raster=raster))),
            "selected": _fit(draw.tinted(draw.rgb(scene, camera, raster=raster), selected)),
            "removed": _fit(draw.rgb(rest, camera, raster=raster)),
        }
        rows.append(row)
    return _arranged(rows)


def _arranged(rows: Sequence[Mapping[str, Image.Image]]) -> Image.Image:
    names = list(rows[0])
    heights = [max(picture.height for picture in row.values()) for row in rows]
    size = len(names) * (WIDTH + GAP) + GAP, CAPTION + sum(heights) + GAP * len(rows)
    out = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(out)
    font = ImageFont.load_default(17)
    for column, name in enumerate(names):
        middle = GAP + column * (WIDTH + GAP) + WIDTH / 2, CAPTION / 2
        pen.text(middle, name, "black", font, anchor="mm")
    top = CAPTION
    for row, height in zip(rows, heights, strict=True):
        for column, name in enumerate(names):
            out.paste(row[name], (GAP + column * (WIDTH + GAP), top))
        top += height + GAP
    return out


def _fit(image: Float[Array, "H W 3"]) -> Image.Image:
    picture = Image.fromarray((np.clip(image, 0, 1) * 255).round().astype(np.uint8))
    height = round(WIDTH * picture.height / picture.width)
    return picture.resize((WIDTH, height), Image.Resampling.LANCZOS)


def _marked(picture: Image.Image, click: tuple[float, float] | None, width: int) -> Image.Image:
    if click is not None:
        x, y = (value * picture.width / width for value in click)
        for radius, color in ((MARK + 1, "black"), (MARK, "#40ff60")):
            corners = x - radius, y - radius, x + radius, y + radius
            ImageDraw.Draw(picture).ellipse(corners, outline=color, width=2)
    return picture
