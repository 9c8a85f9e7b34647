"""How well segments that Blender has exported fit exact masks; run by the engine's Python.

    python overlap.py SEGMENTS.ply SPLATS.ply VIEWS [ATTRIBUTE THRESHOLD MASKS CLICKED]...

The selected splats are drawn in every view that has a mask, cut at half and compared with it.
Prints the mean IoU of each segment. As in `ludvig demo`, the photo that was clicked on does not
count, nor one that shows next to nothing of the thing.
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


def main(exported, splats, views, *segments):
    scene, extras = load_scene(splats, views=views), read_ply(exported).extras
    for attribute, threshold, masks, clicked in zip(*[iter(segments)] * 4, strict=True):
        selected = scene.from_file((extras[attribute] > np.float32(threshold)).astype(np.float32))
        print(overlap(scene, selected, masks, clicked))


def overlap(scene, selected, masks, clicked):
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
    return np.mean(found)


if __name__ == "__main__":
    main(*sys.argv[1:])
