"""Select an object with one click and write its splats to a file of their own.

python examples/01_select.py FOLDER_FOR_RESULTS
"""

# %% Load the splats, and the cameras and photos they were trained with.
import sys
from pathlib import Path

import ludvig_engine as ludvig
from ludvig_engine.io.export import export
from ludvig_engine.pictures.draw import save

demo = Path(__file__).resolve().parents[1] / "demo" / "scene"
out = Path(sys.argv[1])
scene = ludvig.load(demo / "splats.ply", views=demo)
print(scene)

# %% Take features from the photos. They are kept on disk, so this is slow only once.
# "colour" needs no weights; "auto" would take the best features that are on this machine.
prepared = ludvig.prepare(scene, "colour")
print(prepared)

# %% Click on the chair: a photo's name, then x and y in pixels of its file.
chair = ludvig.segment(prepared, clicks=[("photo_04.jpg", 338, 334)])
print(chair)

# %% See the selection from another side, as a 0/255 mask of that photo.
save(out / "mask_12.png", ludvig.render(scene, "photo_12.jpg", chair.selected) > 0.5)

# %% Write the chair. `to_file` puts the selection in the order of the splat file.
export(demo / "splats.ply", out / "chair.ply", scene.to_file(chair.selected))
