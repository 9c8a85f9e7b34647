"""Build small scenes: `python demo/scenes/build.py NAME... --out FOLDER`, or `--all`.

With bpy 4.5 and the engine installed. Every scene has the layout of demo/scene, so that
`ludvig eval clicks FOLDER/NAME` measures on it. See demo/scenes/README.md.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from catalog import GLASS
from check import open_scene, psnrs
from layout import pixels, write_cameras, write_clicks, write_masks
from photograph import Optics, Shot, photograph
from pieces import Recipe
from places import places
from splatting import FLOATERS, colored, splat
from split import RECIPES
from stage import arrange

from ludvig_engine.arrays import Array
from ludvig_engine.io.ply import write_ply
from ludvig_engine.io.splats import read_splats
from ludvig_engine.scene import Gaussians

WIDTH, HEIGHT = 384, 256  # pixels
SAMPLES = 8  # of Cycles per pixel; the denoiser does the rest
# On the scene "desk" these numbers gave 28.4 dB; 24,000 Gaussians with 16 pixels each, a tightness
# of 1.5, 8 steps without momentum and surroundings of 0.08 gave 25.4.
GAUSSIANS = 36_000  # a few of them stay without pixels and are left out
PIXELS = 24  # per Gaussian, fewer than for the shipped scene, to be quick
TIGHT = 2.0  # makes up for that so few pixels show too little of how far a Gaussian reaches
STEPS = 12  # of fitting colors
SURROUNDINGS = 0.3  # how densely Gaussians lie on what is no object
TRAINED = Path(__file__).parent / "trained"
# `ludvig eval` counts photos of which a thing covers this share, and a figure needs several.
LEAST, PHOTOS = 0.01, 4
POOR = 24.0  # dB; the worst scene has 26.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(RECIPES))
    parser.add_argument("--all", action="store_true", help="build every scene")
    parser.add_argument("--out", type=Path, required=True, help="each scene is a folder in it")
    parser.add_argument(
        "--sampled",
        action="store_true",
        help="sample splats from the surfaces in all scenes, also where trained ones are kept",
    )
    options = parser.parse_args()
    names = list(RECIPES) if options.all else options.names
    unknown = [name for name in names if name not in RECIPES]
    if unknown or not names:
        parser.error(f"name some of {', '.join(RECIPES)}, not {', '.join(unknown) or 'nothing'}")
    for name in names:
        start = time.perf_counter()
        build(RECIPES[name], options.out / name, sampled=options.sampled)
        print(f"{name}: {time.perf_counter() - start:.0f} s", flush=True)


def build(recipe: Recipe, out: Path, *, sampled: bool = False) -> None:
    """Write the scene of a recipe to the folder `out`, which is replaced if it exists.

    With `sampled`, no trained splats are used.
    """
    shutil.rmtree(out, ignore_errors=True)
    (out / "images").mkdir(parents=True)
    arrange(recipe)
    optics = Optics(WIDTH, HEIGHT, recipe.cameras.lens, SAMPLES, quick=True)
    shots = photograph(out / "images", places(recipe.cameras), optics)
    _look(recipe, shots)
    trained = recipe.trained and not sampled
    if trained:
        cloud = read_splats(TRAINED / f"{recipe.name}.ply.gz").gaussians
    else:
        cloud = _sampled(recipe, shots, out / "images")
    write_ply(out / "splats.ply", cloud)
    write_cameras(out / "sparse" / "0", shots)
    write_masks(out / "masks", shots, recipe.names)
    write_clicks(out / "scene.json", shots, recipe.names, floaters=0 if trained else FLOATERS)
    quality = float(psnrs(open_scene(out)).mean())
    print(f"  PSNR {quality:.2f} dB")
    if quality < POOR:
        raise ValueError(
            f"The splats of {recipe.name} do not fit its photos: {quality:.1f} dB. Trained splats "
            "are of the recipe as it was; train new ones when it has changed."
        )


def _look(recipe: Recipe, shots: list[Shot]) -> None:
    """Raise `ValueError` if photos show nothing somewhere, or too little of a thing."""
    for shot in shots:
        if not shot.normals.any(-1).all():
            raise ValueError(f"{shot.name} of {recipe.name} looks past the surroundings.")
    for number, name in enumerate(recipe.names, 1):
        shares = [float((shot.things == number).mean()) for shot in shots]
        enough = sum(share >= LEAST for share in shares)
        print(f"  {name}: {max(shares):.1%} of a photo, {enough} photos of {len(shots)}")
        if enough < PHOTOS:
            raise ValueError(f"{recipe.name}: only {enough} photos show {LEAST:.0%} of {name}.")


def density_of(recipe: Recipe) -> Callable[[Shot], Array]:
    """How densely Gaussians lie at each pixel of a shot, relative to objects that are not large."""
    density = np.array([SURROUNDINGS, *(recipe.large.get(name, 1.0) for name in recipe.names)])
    return lambda shot: density[shot.things]


def _sampled(recipe: Recipe, shots: list[Shot], images: Path) -> Gaussians:
    glass = {piece.name for piece in recipe.pieces if piece.kind in GLASS}
    photos = [pixels(images / shot.name) for shot in shots]
    cloud = splat(
        shots,
        photos,
        count=GAUSSIANS,
        seed=recipe.seed,
        samples=PIXELS,
        tight=TIGHT,
        dense=density_of(recipe),
        glass=[number for number, name in enumerate(recipe.names, 1) if name in glass],
    )
    return colored(cloud, [shot.camera for shot in shots], photos, steps=STEPS, momentum=True)


if __name__ == "__main__":
    main()
