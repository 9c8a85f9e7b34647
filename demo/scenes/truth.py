"""Build scenes whose objects can be taken away: `python demo/scenes/truth.py --out FOLDER`.

A scene without shadows is photographed with objects that only the camera sees: no light that falls
on anything else depends on them. So a render without an object is exactly what was behind it. For
comparison, breakfast-shadows is the shipped scene with its shadows. See demo/scenes/README.md.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import arrangements
import bpy
import build
import numpy as np
import stage
from layout import pixels, write_cameras, write_clicks, write_masks
from photograph import Optics, photograph, render_only, stations
from PIL import Image
from places import places
from sharp import sharp
from splatting import FLOATERS, on_table
from split import RECIPES

from ludvig_engine.arrays import Array
from ludvig_engine.io.ply import write_ply

SCENES = ("breakfast", "breakfast-shadows", "desk", "bench")
HELD_BACK = 6  # cameras that take part in nothing but the truth
# Radians between two cameras in between which one is held back; more are not side by side.
APART = 1.0
KEPT = 12  # pixels around an object that are rendered without it
VIEW = "view_{:02d}.png"
# The kinds of rays, but the camera's own, that objects without shadows do not stop.
RAYS = ("diffuse", "glossy", "transmission", "volume_scatter", "shadow")


@dataclass(frozen=True)
class Plan:
    """How a scene is built, and which of its objects can be taken away."""

    arrange: Callable[[], None]
    names: Sequence[str]  # of all objects; the k-th has index k + 1
    removed: Sequence[str]
    places: Sequence[Any]  # of the photos
    lens: float
    seed: int
    dense: Callable[[Any], Array]
    shadows: bool


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(SCENES)}; or all")
    parser.add_argument("--out", type=Path, required=True, help="each scene is a folder in it")
    options = parser.parse_args()
    names = options.names or SCENES
    for name in names:
        start = time.perf_counter()
        write(plan(name), options.out / name)
        print(f"{name}: {time.perf_counter() - start:.0f} s", flush=True)


def plan(name: str) -> Plan:
    """The plan of the shipped scene, without or with shadows, or of the recipe of that name.

    Large objects of a recipe, such as tables, are what others stand on and are not taken away.
    """
    if name.startswith("breakfast"):
        shipped = arrangements.ARRANGEMENTS[0]

        def arrange() -> None:
            bpy.ops.wm.read_homefile(use_empty=True)
            arrangements.arrange(shipped)

        shadows = name == "breakfast-shadows"
        found = shipped.names
        return Plan(arrange, found, found, stations(), Optics.lens, 0, on_table, shadows)
    recipe = RECIPES[name]
    small = [thing for thing in recipe.names if thing not in recipe.large]
    return Plan(
        lambda: stage.arrange(recipe),
        recipe.names,
        small,
        places(recipe.cameras),
        recipe.cameras.lens,
        recipe.seed,
        build.density_of(recipe),
        shadows=False,
    )


def write(plan: Plan, out: Path) -> None:
    """Write a scene and its truth to the folder `out`, which is replaced if it exists."""
    shutil.rmtree(out, ignore_errors=True)
    images, truth = out / "images", out / "truth"
    images.mkdir(parents=True)
    plan.arrange()
    if not plan.shadows:
        _only_seen(plan)
    optics = Optics(build.WIDTH, build.HEIGHT, plan.lens, build.SAMPLES, quick=True)
    shots = photograph(images, plan.places, optics)
    write_cameras(out / "sparse" / "0", shots)
    write_masks(out / "masks", shots, plan.names)
    write_clicks(out / "scene.json", shots, plan.names, floaters=FLOATERS)
    _write_truth(plan, truth, optics)
    # Splats of so few photos would show the scene well from these alone, not from others.
    with tempfile.TemporaryDirectory() as folder:
        more = photograph(Path(folder), between(plan.places), optics, "more_{:02d}.jpg")
        photos = [pixels(images / shot.name) for shot in shots]
        photos += [pixels(Path(folder) / shot.name) for shot in more]
    cloud = sharp([*shots, *more], photos, seed=plan.seed, dense=plan.dense)
    write_ply(out / "splats.ply", cloud)


def _only_seen(plan: Plan) -> None:
    """Let objects that can be taken away stop no rays but the camera's."""
    numbers = {plan.names.index(name) + 1 for name in plan.removed}
    for thing in bpy.data.objects:
        if thing.pass_index in numbers:
            for ray in RAYS:
                setattr(thing, f"visible_{ray}", False)


def _write_truth(plan: Plan, folder: Path, optics: Optics) -> None:
    """Render everything, and everything but one object, from cameras that are held back."""
    cameras = held_back(plan.places)
    (folder / "images").mkdir(parents=True)
    shots = photograph(folder / "images", cameras, optics, VIEW)
    write_cameras(folder / "sparse" / "0", shots)
    write_masks(folder / "masks", shots, plan.names)
    for number, name in enumerate(plan.names, 1):
        if name in plan.removed:
            _write_without(plan, name, [shot.things == number for shot in shots], folder, optics)
            print(f"without {name}", flush=True)


def _write_without(
    plan: Plan, name: str, masks: Sequence[Array], folder: Path, optics: Optics
) -> None:
    """Render everything but one object from the places where `masks` show it.

    Without shadows, only the object's surroundings can differ from the render with it, and only
    they are rendered.
    """
    out = folder / "without" / name
    out.mkdir(parents=True)
    parts = [part for part in bpy.data.objects if part.pass_index == plan.names.index(name) + 1]
    for part in parts:
        part.hide_render = True
    for k, (place, mask) in enumerate(zip(held_back(plan.places), masks, strict=True)):
        file = VIEW.format(k)
        left, top, right, bottom = _around(mask) if not plan.shadows else (0, 0, *mask.shape[::-1])
        render, (height, width) = bpy.context.scene.render, mask.shape
        render.use_border = not plan.shadows
        # Blender counts from below. The denoiser sees more than what is kept.
        render.border_min_x, render.border_max_x = (left - KEPT) / width, (right + KEPT) / width
        render.border_min_y, render.border_max_y = (
            1 - (bottom + KEPT) / height,
            1 - (top - KEPT) / height,
        )
        whole = Image.open(folder / "images" / file).convert("RGB")
        if mask.any() or plan.shadows:
            render_only(out, [place], optics, file)
            box = (left, top, right, bottom)
            whole.paste(Image.open(out / file).convert("RGB").crop(box), box[:2])
        whole.save(out / file)
    bpy.context.scene.render.use_border = False
    for part in parts:
        part.hide_render = False


def _around(mask: Array) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the pixels of a mask and `KEPT` pixels around them."""
    if not mask.any():
        return 0, 0, 0, 0
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    height, width = mask.shape
    return (
        max(int(columns[0]) - KEPT, 0),
        max(int(rows[0]) - KEPT, 0),
        min(int(columns[-1]) + 1 + KEPT, width),
        min(int(rows[-1]) + 1 + KEPT, height),
    )


def held_back(places: Sequence[Any], count: int = HELD_BACK) -> list[Any]:
    """Camera-to-world matrices halfway between cameras side by side, spread over all places."""
    found = [_on_the_way(first, second, 0.5) for first, second in _side_by_side(places)]
    return [found[k] for k in np.linspace(0, len(found) - 1, count).round().astype(int)]


def between(places: Sequence[Any]) -> list[Any]:
    """Two places between cameras side by side, none of which is held back."""
    return [
        _on_the_way(first, second, part)
        for first, second in _side_by_side(places)
        for part in (0.25, 0.75)
    ]


def _side_by_side(places: Sequence[Any]) -> list[tuple[Any, Any]]:
    turns = [place.to_quaternion() for place in places]
    return [
        (places[k], places[k + 1])
        for k in range(len(places) - 1)
        if turns[k].rotation_difference(turns[k + 1]).angle < APART
    ]


def _on_the_way(first: Any, second: Any, part: float) -> Any:
    middle = first.to_quaternion().slerp(second.to_quaternion(), part).to_matrix().to_4x4()
    middle.translation = first.translation.lerp(second.translation, part)
    return middle


if __name__ == "__main__":
    main()
