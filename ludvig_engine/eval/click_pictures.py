"""The things that clicks found worst, drawn after some of the clicks, for looking at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import binary_erosion

from ..pictures import draw
from . import metrics
from .click_scores import Tried, drawing
from .clicks import Click

WORST = 10  # pictures
SHOWN = (1, 2, 3, 5, 10)  # panels of a picture, by clicks
# All of these are in pixels.
WIDTH = 480  # of a panel
CAPTION = 28  # height of the line above a panel
MARK = 6  # half the size of the mark of a click
OUTLINE = (0.2, 1.0, 1.0)  # color of the true outline


def write_worst(tried: Sequence[Tried], folder: Path) -> list[Path]:
    """Write a picture for each of the things with the lowest mean IoU over all clicks.

    Each has a panel for some numbers of clicks: the selection in orange, the thing's true outline
    in cyan, and the clicks so far. Returns the paths, the worst first.
    """
    ranked = sorted(tried, key=lambda one: metrics.mean(click.iou for click in one.ours.clicks))
    found = []
    for rank, one in enumerate(ranked[:WORST], 1):
        path = folder / f"worst_{rank:02}.png"
        picture = np.asarray(_picture(one), np.float32) / 255
        found.append(draw.save(path, picture))
    return found


def _picture(one: Tried) -> Image.Image:
    clicks = one.ours.clicks
    counts = [count for count in SHOWN if count <= len(clicks)]
    panels = [_panel(one, clicks[:count]) for count in counts]
    out = Image.new("RGB", (WIDTH * len(panels), CAPTION + panels[0].height), "white")
    pen, font = ImageDraw.Draw(out), ImageFont.load_default(15)
    for n, (count, panel) in enumerate(zip(counts, panels, strict=True)):
        title = f"{one.name}, clicks: {count}, IoU elsewhere {clicks[count - 1].iou:.2f}"
        pen.text((n * WIDTH + 6, CAPTION / 2), title, "black", font, anchor="lm")
        out.paste(panel, (n * WIDTH, CAPTION))
    return out


def _panel(one: Tried, clicks: Sequence[Click]) -> Image.Image:
    scene, camera = one.scene, one.view.camera
    selected = clicks[-1].selected
    picture = draw.rgb(scene.gaussians, camera, raster=scene.raster)
    if len(selected):
        picture = draw.tinted(picture, drawing(scene)(one.view, selected))
    # Two pixels of the panel, which is smaller than the view.
    thick = max(round(2 * camera.width / WIDTH), 1)
    rim = one.mask & ~binary_erosion(one.mask, iterations=thick)
    picture = np.where(rim[..., None], np.array(OUTLINE, np.float32), picture)
    panel = Image.fromarray((np.clip(picture, 0, 1) * 255).round().astype(np.uint8))
    scale = WIDTH / camera.width
    panel = panel.resize((WIDTH, round(camera.height * scale)), Image.Resampling.LANCZOS)
    pen = ImageDraw.Draw(panel)
    for click in clicks:
        x, y = click.x * scale, click.y * scale
        for width, color in ((5, "black"), (2, "#40ff60" if click.positive else "#ff4060")):
            pen.line((x - MARK, y, x + MARK, y), color, width)
            if click.positive:
                pen.line((x, y - MARK, x, y + MARK), color, width)
    return panel
