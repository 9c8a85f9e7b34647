"""Lift any maps of photos to the Gaussians and render them from other sides.

python examples/05_uplift_for_research.py FOLDER_FOR_RESULTS

The maps are the exact masks of every second photo; they are compared with those of the others.
"""

# %% A map per photo: (channels, rows, columns), at any resolution. Channels are things here.
import sys
from pathlib import Path

import numpy as np
from PIL import Image

import ludvig_engine as ludvig

demo = Path(__file__).resolve().parents[1] / "demo" / "scene"
scene = ludvig.load(demo / "splats.ply", views=demo)
things = sorted(path.name for path in (demo / "masks").iterdir())


def masks_of(photo: str) -> np.ndarray:
    files = [demo / "masks" / thing / Path(photo).with_suffix(".png") for thing in things]
    return np.stack([np.asarray(Image.open(file).convert("L")) > 127 for file in files])


# %% Uplift: each Gaussian gets the mean of the pixels it colors, by its blending weights.
lifted = ludvig.uplift(scene, {view.name: masks_of(view.name) for view in scene.views[::2]})
print(lifted)
out = Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
np.savez(out / "lifted.npz", features=scene.to_file(lifted.features), names=things)

# %% Render the features into the other photos and compare: IoU per thing.
for view in scene.views[1::2]:
    shown = ludvig.render(scene, view.name, lifted.features) > 0.5
    exact = masks_of(view.name)
    iou = (shown & exact).sum((1, 2)) / np.maximum((shown | exact).sum((1, 2)), 1)
    print(view.name, dict(zip(things, iou.round(2).tolist(), strict=True)))
