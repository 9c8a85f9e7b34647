"""A diffusion as a film: what it has reached after t steps, as a strip of pictures or animated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import grey_dilation

from ..arrays import Array, Float
from ..io.atomic import atomic_write
from ..progress import SILENT, Job
from ..rendering import GSPLAT, Raster
from ..scene import Camera, Gaussians
from ..segmentation.paint import Paint
from . import draw
from .grid import Row, fit, grid, letters

# The steps that a strip shows.
TIMES = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500)
# The steps that a film shows, with these of the strip.
MOMENTS = (0, 1, 2, 3, 5, 7, 10, 14, 20, 30, 50, 70, 100, 140, 200, 300, 500)
# Colors are by the logarithm of the value's share of the largest value at that step, over so many
# powers of ten: what spreads over a thing of a thousand splats gets thin.
DECADES = 3
WIDTH = 240  # width in pixels of one picture of a strip,
ROW = 6  # and pictures in one of its rows
SECONDS = 0.35  # how long one picture of a film is shown,
PAUSE = 1.5  # and how long the first and the last one are
DIM = 0.3  # brightness of the scene behind the colors
# Values are opaque from this share of the color scale on.
OPAQUE = 0.15


def exposures(
    gaussians: Gaussians,
    camera: Camera,
    states: Float[Array, "N T"],
    colors: Float[Array, "H W 3"],
    *,
    raster: Raster = GSPLAT,
    job: Job = SILENT,
) -> Float[Array, "T H W 3"]:
    """The states as colors over the dark scene, whose own `colors` are as the camera sees them.

    Each is divided by its largest value, as the paper divides by the norm at every step; then all
    are in one color scale.
    """
    values = draw.means(gaussians, camera, shares(states), raster=raster, job=job)[0]
    scene = DIM * colors.mean(2, keepdims=True)
    return np.stack([_glowing(level(one), scene) for one in values])


def shares(states: Float[Array, "N T"]) -> Float[Array, "N T"]:
    """Each state divided by its largest value."""
    return states / np.maximum(states.max(0), np.finfo(np.float32).tiny)


def level(values: Float[Array, "..."]) -> Float[Array, "..."]:
    """Where values are on the color scale, 0..1: 0 is 10^-DECADES or less, and 1 is 1."""
    tiny = 10.0 ** -(DECADES + 1)
    return np.clip(1 + np.log10(np.maximum(values, tiny)) / DECADES, 0, 1).astype(np.float32)


def strip(
    prompts: Float[Array, "H W 3"],
    films: Mapping[str, Float[Array, "T H W 3"]],
    times: Sequence[int],
) -> Image.Image:
    """The pictures of all steps of each film by name, after the picture of the prompts."""
    rows: list[Row] = []
    for name, film in films.items():
        first = fit(prompts, width=WIDTH)
        cells = [("prompts", first)]
        for t, image in zip(times, film, strict=True):
            cells.append((f"{name}, t = {t}", fit(image, width=WIDTH)))
        cells.append(("share of the largest", _scale(*first.size)))
        rows += [cells[n : n + ROW] for n in range(0, len(cells), ROW)]
    return grid(rows, width=WIDTH)


def animated(
    films: Mapping[str, Float[Array, "T H W 3"]], times: Sequence[int]
) -> list[Image.Image]:
    """One picture per step, with all films side by side."""
    return [
        grid([[(f"{name}, t = {t}", fit(film[n])) for name, film in films.items()]])
        for n, t in enumerate(times)
    ]


def save_animated(path: Path, pictures: Sequence[Image.Image]) -> Path:
    """Write pictures as an endless GIF; return the path."""
    # One palette for all, without dithering: else what stands still would flicker.
    palette = _colors()
    frames = [one.quantize(palette=palette, dither=Image.Dither.NONE) for one in pictures]
    shown = [SECONDS] * len(frames)
    shown[0] = shown[-1] = PAUSE
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as temporary:
        frames[0].save(
            temporary,
            format="GIF",
            save_all=True,
            append_images=frames[1:],
            duration=[round(1000 * one) for one in shown],
            loop=0,
        )
    return path


def prompted(
    picture: Float[Array, "H W 3"], camera: Camera, paints: Sequence[Paint]
) -> Float[Array, "H W 3"]:
    """A picture of the camera with what was painted in it: green on the object, red beside it."""
    # At least so large that a click is seen in the strip.
    brush = max(round(4 * camera.width / WIDTH), 1)
    out = picture
    for paint in paints:
        if paint.camera is camera:
            whole = paint.whole
            for image, color in ((whole.negative, (1, 0.1, 0.1)), (whole.positive, (0.1, 1, 0.2))):
                wide = grey_dilation(image, (brush, brush)) if image.mean() < 0.02 else image
                share = 0.7 * wide[..., None]
                out = (1 - share) * out + share * np.array(color, np.float32)
    return out.astype(np.float32)


def _glowing(level: Float[Array, "H W"], scene: Float[Array, "H W 1"]) -> Float[Array, "H W 3"]:
    share = np.clip(level / OPAQUE, 0, 1)[..., None]
    return np.asarray((1 - share) * scene + share * draw.heat(level), np.float32)


def _colors() -> Image.Image:
    """A picture whose palette has the grays of scenes and captions, and else the color scale."""
    dark = np.linspace(0, DIM, 12)
    grays = np.concatenate([dark, np.linspace(DIM, 1, 9)[1:]])
    scale = draw.heat(np.linspace(0, 1, 256 - len(grays))[None])[0]
    colors = np.concatenate([np.repeat(grays[:, None], 3, 1), scale])
    out = Image.new("P", (1, 1))
    out.putpalette((colors * 255).round().astype(np.uint8).tobytes())
    return out


def _scale(width: int, height: int) -> Image.Image:
    """The color scale as a picture, with the value of each power of ten."""
    out = Image.new("RGB", (width, height), "white")
    pen, font = ImageDraw.Draw(out), letters(14)
    bar = height - 40  # pixels, with room for letters above and below
    colors = draw.heat(np.linspace(1, 0, bar)[:, None] * np.ones((1, 30)))
    out.paste(draw.eight_bit(colors), (20, 20))
    for power in range(DECADES + 1):
        y = 20 + (bar - 1) * power / DECADES
        pen.line((50, y, 56, y), "black")
        text = f"{10.0**-power:g}" + (" or less" if power == DECADES else "")
        pen.text((62, y), text, "black", font, anchor="lm")
    return out
