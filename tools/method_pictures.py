"""Draw pictures of docs/features.md from the shipped scene: `python -m tools.method_pictures`.

It runs the commands that the page shows, which need the weights of `imgfocus`, `xfeat` and `conse`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
SCENE = ROOT / "demo" / "scene"
VIEW = "photo_04.jpg"
# Strokes on the chair, and beside it on the cloth, in pixels of the photo.
OBJECT = ([(330, 340), (338, 430)], [(200, 110), (330, 120)])
BESIDE = ([(560, 600), (420, 590)],)
QUALITY = 88  # of JPEG; the largest picture has 200 kB


def main() -> None:
    """Write docs/images/{features,words,diffusion}.jpg and diffusion.gif."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        scribble = folder / "strokes.png"
        _scribble().save(scribble)
        learned = ("--extractor=imgfocus+xfeat",)
        _render(folder / "features", "features", *learned)
        words = ("--extractor=conse", "--text=chair", "--text=vase")
        _render(folder / "words", "features", *learned, *words)
        _render(folder / "diffusion", "diffusion", *learned, f"--scribble={VIEW}={scribble}")
        for name in ("features", "words", "diffusion"):
            with Image.open(folder / name / "photo_04.png") as picture:
                picture.save(IMAGES / f"{name}.jpg", quality=QUALITY, optimize=True)
        shutil.copyfile(folder / "diffusion" / "photo_04.gif", IMAGES / "diffusion.gif")


def _scribble() -> Image.Image:
    with Image.open(SCENE / "images" / VIEW) as photo:
        out = Image.new("RGBA", photo.size)
    pen = ImageDraw.Draw(out)
    for lines, color in ((OBJECT, (0, 255, 0, 255)), (BESIDE, (255, 0, 0, 255))):
        for line in lines:
            pen.line(line, fill=color, width=10)
    return out


def _render(out: Path, what: str, *options: str) -> None:
    scene = (str(SCENE / "splats.ply"), "--views", str(SCENE), "--view", VIEW)
    asked = ("--what", what, "--out", str(out), *options)
    command = [sys.executable, "-m", "ludvig_engine", "render", *scene, *asked]
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
