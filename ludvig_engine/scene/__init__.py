"""What a scene is: Gaussians, cameras, photos. The conventions are stated here, once.

* Object space is the file's own space; whoever displays the scene converts axes.
* `quats` are wxyz and normalized, `scales` are linear standard deviations, `opacities` are 0..1.
  Logarithms and logits occur only in `io/`.
* `viewmat` is world -> camera with OpenCV axes (x right, y down, z forward). `K` is in pixels, and
  the middle of the upper left pixel is at (0.5, 0.5), as in COLMAP and gsplat. Prompts count
  differently: their pixels (`wire.methods.Prompt.pixels`, `io.photos.photo_point`) are indices, so
  that (0, 0) is the middle of the upper left pixel of the photo file; `photo_point` adds the 0.5.
* Inside the engine Gaussians are in Morton order: neighbors in space are neighbors in memory, which
  makes work on the graph 2 to 3 times faster. Everything that leaves the engine is in the file's
  order, through `Scene.to_file`.
"""

from .cameras import Camera, Photo, Render, View, counted, evenly, find_view
from .gaussians import Gaussians, morton_order
from .raster import GSPLAT, Raster
from .scene import Scene

__all__ = [
    "GSPLAT",
    "Camera",
    "Gaussians",
    "Photo",
    "Raster",
    "Render",
    "Scene",
    "View",
    "counted",
    "evenly",
    "find_view",
    "morton_order",
]
