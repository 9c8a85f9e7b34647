"""The scene that comes with the extension: something to click on before one has splats."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import bpy

if TYPE_CHECKING:
    from ..data.types import Outcome

SPLATS = Path(__file__).parents[2] / "demo" / "scene" / "splats.ply"
STARTUP = ["CAMERA", "LIGHT", "MESH"]  # what a new file of Blender has


class OpenSample(bpy.types.Operator):
    """Import the sample scene: seven things on a table, with photos and their cameras"""

    bl_idname = "ludvig.open_sample"
    bl_label = "Open Sample Scene"

    def execute(self, _context: bpy.types.Context) -> Outcome:
        here = sorted(bpy.data.objects, key=lambda thing: thing.type)
        if not bpy.data.filepath and [thing.type for thing in here] == STARTUP:
            # The cube would stick out of the table. Alt+H brings it back.
            here[-1].hide_set(True)
        # Any, because the stubs do not know our own operators.
        importing: Any = bpy.ops.ludvig.import_splats  # type: ignore[attr-defined]
        how = "EXEC_DEFAULT" if bpy.app.background else "INVOKE_DEFAULT"
        files = [{"name": SPLATS.name}]
        return cast("Outcome", importing(how, directory=str(SPLATS.parent), files=files))


register, unregister = bpy.utils.register_classes_factory((OpenSample,))
