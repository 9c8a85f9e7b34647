"""How well a segment that Blender has exported fits exact masks; run by the engine's Python.

    python overlap.py SEGMENT.ply ATTRIBUTE THRESHOLD SPLATS.ply VIEWS MASKS CLICKED

The selected splats are drawn in every view that has a mask, cut at half and compared with it.
Prints the mean IoU. As in `ludvig demo`, the photo that was clicked on does not count, nor one
that shows next to nothing of the thing.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[3]))

from ludvig_engine.io.load import load_scene
from ludvig_engine.io.ply import read_ply
from ludvig_engine.rendering import render

# A mask that covers less of its photo does not count.
LEAST = 0.01


def main(exported, attribute, threshold, splats, views, masks, clicked):
    scene = load_scene(splats, views=views)
    scores = read_ply(exported).extras[attribute]
    selected = scene.from_file((scores > np.float32(threshold)).astype(np.float32))
    found = []
    for view in scene.views:
        path = Path(masks, f"{Path(view.name).stem}.png")
        if not path.exists() or Path(view.name).stem == Path(clicked).stem:
            continue
        exact = np.asarray(Image.open(path).convert("L")) > 127
        if exact.mean() < LEAST:
            continue
        image, alpha = render(scene.gaussians, view.camera, selected[:, None])
        again = image[0] > 0.5 * np.squeeze(alpha)
        found.append((again & exact).sum() / (again | exact).sum())
    print(np.mean(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
