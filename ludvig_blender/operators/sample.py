"""The scene that comes with the extension: something to click on before one has splats."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import bpy

if TYPE_CHECKING:
    from ..data.types import Outcome

SPLATS = Path(__file__).parents[2] / "demo" / "scene" / "splats.ply"
STARTUP = {"Camera", "Cube", "Light"}  # what a new file of Blender has


class OpenSample(bpy.types.Operator):
    """Import the sample scene: seven things on a table, with photos and their cameras"""

    bl_idname = "ludvig.open_sample"
    bl_label = "Open Sample Scene"

    def execute(self, context: bpy.types.Context) -> Outcome:
        cube = context.view_layer.objects.get("Cube")
        if cube and not bpy.data.filepath and {thing.name for thing in bpy.data.objects} == STARTUP:
            # It would stick out of the table. Alt+H brings it back.
            cube.hide_set(True)
        # Any, because the stubs do not know our own operators.
        importing: Any = bpy.ops.ludvig.import_splats  # type: ignore[attr-defined]
        how = "EXEC_DEFAULT" if bpy.app.background else "INVOKE_DEFAULT"
        files = [{"name": SPLATS.name}]
        return cast("Outcome", importing(how, directory=str(SPLATS.parent), files=files))


register, unregister = bpy.utils.register_classes_factory((OpenSample,))
