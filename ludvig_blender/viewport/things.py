"""Types for the type checker: Blender's classes with the properties that the add-on registers.

Blender's type stubs cannot know these properties. Import this module under `if TYPE_CHECKING` only.
"""

from __future__ import annotations

import bpy

from ..data.capture import LudvigCapture
from ..data.features import LudvigFeatures
from ..data.properties import LudvigSplats


class SplatObject(bpy.types.Object):
    """An object whose data are splats."""

    data: bpy.types.PointCloud
    ludvig: LudvigSplats
    ludvig_capture: LudvigCapture
    ludvig_features: LudvigFeatures
