"""Remove an object: write the scene without it, and a picture of what is left.

python examples/04_remove.py FOLDER_FOR_RESULTS
"""

# %% Select the chair as in 01_select.py, here with one click on it and one beside it.
import sys
from pathlib import Path

import ludvig_engine as ludvig
from ludvig_engine.io.export import export
from ludvig_engine.pictures.draw import save

demo = Path(__file__).resolve().parents[1] / "demo" / "scene"
out = Path(sys.argv[1])
scene = ludvig.load(demo / "splats.ply", views=demo)
prepared = ludvig.prepare(scene, "colour")
chair = ludvig.segment(
    prepared, clicks=[("photo_04.jpg", 338, 334), ("photo_04.jpg", 251, 527, "-")]
)
print(chair)

# %% Look before you write: `take` makes Gaussians of those that stay.
camera = scene.view("photo_04.jpg").camera
save(out / "without.png", ludvig.render(scene.gaussians.take(~chair.selected), camera))

# %% Copy all other rows of the file, bit by bit and with every property they have.
export(demo / "splats.ply", out / "without_chair.ply", ~scene.to_file(chair.selected))
