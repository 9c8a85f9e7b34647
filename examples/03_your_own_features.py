"""Select with features of your own: an extractor is any object that turns a photo into a map.

python examples/03_your_own_features.py FOLDER_FOR_RESULTS
"""

# %% An extractor: mean and contrast of the color in cells of 8 x 8 pixels.
import sys
from pathlib import Path

import numpy as np
from skimage.color import rgb2lab
from skimage.measure import block_reduce

import ludvig_engine as ludvig
from ludvig_engine.pictures.draw import save


class LabCells:
    name = "lab-cells"  # for people
    key = "lab-cells-1"  # of its results on disk: change it when the maps change
    licence = "CC0-1.0"  # of the weights, if there are any
    parallel = True  # whether calls on several threads at once run faster

    def __call__(self, photo):
        lab = rgb2lab(photo.pixels)  # (H, W, 3); `photo.pixels` is sRGB, 0..1
        cells = [block_reduce(lab, (8, 8, 1), reduce) for reduce in (np.mean, np.std)]
        return np.concatenate(cells, 2).transpose(2, 0, 1).astype(np.float32)  # (6, H/8, W/8)


# %% From here on all is as with the extractors that ship.
demo = Path(__file__).resolve().parents[1] / "demo" / "scene"
scene = ludvig.load(demo / "splats.ply", views=demo)
prepared = ludvig.prepare(scene, LabCells())
vase = ludvig.segment(prepared, clicks=[("photo_04.jpg", 660, 383)])
print(prepared, vase, sep="\n")
save(Path(sys.argv[1]) / "mask_04.png", ludvig.render(scene, "photo_04.jpg", vase.selected) > 0.5)
