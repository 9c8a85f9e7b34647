"""Photos' cameras and what the engine's renderer sees through them. Run by the engine's Python.

    python rendered.py SPLATS.ply VIEWS OUT.npz

The file has `viewmats`, `Ks` and `near` of every sixth view, and for each view `image_0`...
(H, W, 4), premultiplied color and alpha.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[3]))

from ludvig_engine.io.load import load_scene
from ludvig_engine.rendering import GSPLAT, colours, render


def main(splats, views, out):
    scene = load_scene(splats, views=views)
    cameras = [view.camera for view in scene.views][::6]
    found = {}
    for n, camera in enumerate(cameras):
        image, alpha = render(scene.gaussians, camera, colours(scene.gaussians, camera.center))
        found[f"image_{n}"] = np.dstack([image.transpose(1, 2, 0), alpha])
    found |= {
        "viewmats": np.stack([c.viewmat for c in cameras]),
        "Ks": np.stack([c.K for c in cameras]),
    }
    np.savez(out, near=GSPLAT.near, **found)


if __name__ == "__main__":
    main(*sys.argv[1:])
