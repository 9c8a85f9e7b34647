"""The front door: what a notebook or a script calls, `import ludvig_engine as ludvig`.

    scene = ludvig.load("garden.ply", views="garden/")
    prepared = ludvig.prepare(scene, "colour")
    pot = ludvig.segment(prepared, clicks=[("IMG_1.jpg", 310, 222)])
    selected = scene.to_file(pot.selected)
    without = ludvig.remove(scene, pot.selected)

The functions give what `ludvig segment`, `ludvig uplift` and the service give for the same input,
with the same defaults. All arrays per Gaussian are in the engine's order; `Scene.to_file` puts them
in the file's order.
"""

from ..removal import Removal, remove
from .dividing import divide
from .method import compare, spread
from .preparing import load, prepare
from .segmenting import segment
from .showing import render
from .uplifts import uplift

__all__ = [
    "Removal",
    "compare",
    "divide",
    "load",
    "prepare",
    "remove",
    "render",
    "segment",
    "spread",
    "uplift",
]
