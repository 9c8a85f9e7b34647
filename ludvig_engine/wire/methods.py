"""What can be asked of the engine: one dataclass for each request and one for its answer.

`engine.call(OpenScene(splats="garden.ply", views="garden/"))` returns a `SceneOpened`. The types of
the fields are checked on both ends (codec.py). Arrays state their dtype and shape in the type and
their unit in the comment; arrays per Gaussian are in the order of the splat file, or of the cloud
that was sent.

`python -m ludvig_engine.wire.methods_table` prints the table of ARCHITECTURE.md. Standard library
and NumPy only: this also runs inside Blender.
"""

from .features import *  # noqa: F403
from .request import *  # noqa: F403
from .scenes import *  # noqa: F403
from .segments import *  # noqa: F403
from .session import *  # noqa: F403
