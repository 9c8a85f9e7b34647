"""Find an object by words.

python examples/02_text.py FOLDER_FOR_RESULTS [WORDS]
"""

# %% Load the scene and take the features whose outlines the selection will follow.
import sys
from pathlib import Path

import ludvig_engine as ludvig
from ludvig_engine.pictures.draw import heat, save
from ludvig_engine.weights import MissingWeights

demo = Path(__file__).resolve().parents[1] / "demo" / "scene"
out = Path(sys.argv[1])
words = " ".join(sys.argv[2:]) or "chair"
scene = ludvig.load(demo / "splats.ply", views=demo)
prepared = ludvig.prepare(scene, "colour")

# %% Words need a second kind of features, which texts can be compared with: a model that has
# learned from photos and texts. The best one on this machine is taken. Nothing is downloaded.
try:
    found = ludvig.segment(prepared, text=words)
except MissingWeights as missing:
    print(f"No model that understands words is on this machine. {missing}")
    sys.exit(0)

# %% The notes say which model it was, and whether it knows what is meant.
print(found, *found.notes, sep="\n")

# %% Draw the selection as a mask and the scores as a heat map.
save(out / "mask_04.png", ludvig.render(scene, "photo_04.jpg", found.selected) > 0.5)
save(out / "scores_04.png", heat(ludvig.render(scene, "photo_04.jpg", found.scores)))
