"""The pictures of the guide and the film of the README, from a session in a real Blender.

LUDVIG_PICTURES=docs/images writes them there; else they are made and looked at only. See
conftest.py for what else is needed.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

ROOT = Path(__file__).parents[2]
SCENE = ROOT / "demo/scene"
WIDTH, FILM_WIDTH = 1200, 1000  # pixels
QUALITY = 82  # of JPEG
FILM_QUALITY = 80  # of WebP
LARGEST = 3_000_000  # bytes of the film
NAMES = {"click", "scribble", "isolate", "duplicate", "removal", "select_by", "segments"}
SHOWN = 0.88  # of the window's height down to the timeline; below is floor
MIDDLE, GAP = (60, 250, 1020, 890), 12  # of a screenshot, without the sidebar; between two of them
PACE = 1500  # milliseconds of the film for a second of the script
# An arrow as of a mouse, in pixels from its tip.
ARROW = [(0, 0), (0, 24), (6, 19), (11, 29), (15, 27), (10, 17), (18, 17)]


def test_pictures(play, tmp_path):
    folder = Path(os.environ.get("LUDVIG_PICTURES", tmp_path))
    # The sidebar shows its path.
    with tempfile.TemporaryDirectory(prefix="breakfast_") as scene:
        shutil.copytree(SCENE, scene, dirs_exist_ok=True)
        said = play("pictures.py", "pictures", splats=f"{scene}/splats.ply", views=scene)
    shots = Path(os.environ.get("LUDVIG_SHOTS", tmp_path)) / "pictures"
    width, height = said["area"]
    corner = (0, 0, width, round(SHOWN * height))
    made = {}
    for shot in shots.glob("*.png"):
        name = shot.stem.partition("_")[2]
        if name != "film":
            made[name] = Image.open(shot).convert("RGB").crop(corner)
    both = [made.pop(name).crop(MIDDLE) for name in ("before", "after")]
    made["removal"] = Image.new("RGB", (2 * both[0].width + GAP, both[0].height))
    for number, one in enumerate(both):
        made["removal"].paste(one, (number * (one.width + GAP), 0))
    made = {name: scaled(picture, WIDTH) for name, picture in made.items()}
    for name, picture in made.items():
        picture.save(folder / f"blender_{name}.jpg", quality=QUALITY, optimize=True)
    assert set(made) == NAMES
    assert differ(*both) > 1
    for one in made:
        for other in made:
            same = one == other or made[one].size != made[other].size
            assert same or differ(made[one], made[other]) > 1, (one, other)
    frames = [drawn(shots / file, corner, *rest) for file, *rest, _ in said["film"]]
    times = [round(PACE * seconds) for *_, seconds in said["film"]]
    film = folder / "blender_film.webp"
    options = {"duration": times, "loop": 0, "quality": FILM_QUALITY, "method": 4}
    frames[0].save(film, save_all=True, append_images=frames[1:], minimize_size=True, **options)
    assert film.stat().st_size < LARGEST
    assert 8_000 < sum(times) < 25_000
    assert differ(frames[0], frames[-1]) > 1, "something has moved"


def drawn(
    path: Path, corner: tuple[int, ...], x: float, y: float, click: bool = False
) -> Image.Image:
    """A screenshot with the mouse, which screenshots leave out."""
    picture = Image.open(path).convert("RGB").crop(corner)
    pen = ImageDraw.Draw(picture)
    if click:
        pen.ellipse([x - 22, y - 22, x + 22, y + 22], outline=(255, 255, 255), width=4)
    pen.polygon([(x + a, y + b) for a, b in ARROW], fill=(255, 255, 255), outline=(0, 0, 0))
    return scaled(picture, FILM_WIDTH)


def scaled(picture: Image.Image, width: int) -> Image.Image:
    return picture.resize((width, round(picture.height * width / picture.width)), Image.LANCZOS)


def differ(a: Image.Image, b: Image.Image) -> float:
    """The mean difference of two pictures, in steps of 0..255."""
    return float(np.abs(np.asarray(a, float) - np.asarray(b, float)).mean())
