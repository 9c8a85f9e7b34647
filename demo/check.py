"""Print the quality of a scene in the demo's layout: `python demo/check.py [FOLDER]`.

The figures are the PSNR of the rendered splats against every photo and, for every thing, an IoU
that is the ceiling for selections: its exact masks are lifted to the splats, cut at a half, and
rendered again.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from ludvig_engine.arrays import Array, Bool, Float
from ludvig_engine.io.load import load_scene
from ludvig_engine.rendering import colours, render
from ludvig_engine.scene import Scene
from ludvig_engine.uplifting import Sight, uplift

# A photo counts only if the thing covers this share of it: of a smaller one, the rim of one pixel
# dominates the IoU.
LEAST = 0.01
SHIPPED = Path(__file__).parent / "scene"


def open_scene(folder: Path = SHIPPED) -> Scene:
    return load_scene(folder / "splats.ply", views=folder)


def masks_of(folder: Path, thing: str, scene: Scene) -> Bool[Array, "C H W"]:
    """The exact masks of a thing in all views, in the order of the views."""
    names = [f"{Path(view.name).stem}.png" for view in scene.views]
    return np.stack([np.asarray(Image.open(folder / "masks" / thing / name)) for name in names])


def psnrs(scene: Scene) -> Float[Array, " C"]:
    """The peak signal-to-noise ratio of each view in dB."""
    found = []
    for view in scene.views:
        photo = np.asarray(Image.open(view.photo), np.float32).transpose(2, 0, 1) / 255
        colors = colours(scene.gaussians, view.camera.center)
        image, _ = render(scene.gaussians, view.camera, colors)
        found.append(-10 * np.log10(np.mean((np.clip(image, 0, 1) - photo) ** 2)))
    return np.array(found)


def ceilings(folder: Path, scene: Scene, things: list[str]) -> Float[Array, "T C"]:
    """The IoU of the lifted and rendered exact masks, by thing and view.

    It is NaN where a view shows less of the thing than `LEAST`.
    """
    masks = np.stack([masks_of(folder, thing, scene) for thing in things], 1)
    pairs = zip(scene.views, masks, strict=True)
    sights = [Sight(view.camera, mask.astype(np.float32)) for view, mask in pairs]
    selected = (uplift(scene.gaussians, sights).features > 0.5).astype(np.float32)
    found = np.full(masks.shape[:2], np.nan)
    for row, view, exact in zip(found, scene.views, masks, strict=True):
        image, alpha = render(scene.gaussians, view.camera, selected)
        again = image > 0.5 * alpha
        both, either = (again & exact).sum((1, 2)), (again | exact).sum((1, 2))
        shown = exact.mean((1, 2)) >= LEAST
        row[shown] = both[shown] / either[shown]
    return found.T


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else SHIPPED
    scene = open_scene(folder)
    things = sorted(path.name for path in (folder / "masks").iterdir())
    noise = psnrs(scene)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"{len(scene):,} splats, {len(scene.views)} photos, {size / 1e6:.1f} MB")
    print(f"PSNR {noise.mean():.2f} dB, {noise.min():.2f} to {noise.max():.2f}")
    for thing, ious in zip(things, ceilings(folder, scene, things), strict=True):
        print(f"{thing:10} ceiling IoU {np.nanmean(ious):.3f}, worst view {np.nanmin(ious):.3f}")


if __name__ == "__main__":
    main()
