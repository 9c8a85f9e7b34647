"""The fixes of an error, drawn as buttons where an operator can do what they advise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...ludvig_engine.errors import Fix
from ..translation.say import say

if TYPE_CHECKING:
    import bpy
    from bpy.stub_internal.rna_enums import IconItems


@dataclass(frozen=True)
class Button:
    """The operator that does what a fix advises.

    Its properties are set to the fix's arguments and to `values`.
    """

    operator: str
    text: str  # may name arguments of the fix: "{model}"
    icon: IconItems
    values: Mapping[str, object] = field(default_factory=dict)


# There is one for each of `ludvig_engine.errors.ACTIONS`.
BUTTONS = {
    "install_engine": Button("ludvig.install_engine", "Install Engine...", "IMPORT"),
    "restart_engine": Button("ludvig.restart_engine", "Restart Engine", "FILE_REFRESH"),
    "choose_python": Button("ludvig.preferences", "Choose Python...", "PREFERENCES"),
    "allow_network": Button(
        "ludvig.preferences", "Allow Online Access...", "INTERNET", {"network": True}
    ),
    "show_log": Button("ludvig.show_log", "Show Log", "TEXT"),
    "report": Button("ludvig.copy_report", "Copy Report", "COPYDOWN"),
    "import_cameras": Button("ludvig.import_cameras", "Import Cameras...", "CAMERA_DATA"),
    "choose_photos": Button("ludvig.choose_photos", "Choose Photos...", "FILE_FOLDER"),
    "import_splats": Button("ludvig.import_splats", "Import Splats...", "IMPORT"),
    "fetch_model": Button("ludvig.fetch_model", "Download {model}...", "IMPORT"),
}


def draw(layout: bpy.types.UILayout, fix: Fix) -> bool:
    """Draw a fix as a button. Returns False if there is no button for it."""
    button = BUTTONS.get(fix.action)
    if button is None:
        return False
    drawn = layout.operator(
        button.operator, text=say(button.text, **fix.arguments), icon=button.icon
    )
    for name, value in {**button.values, **fix.arguments}.items():
        setattr(drawn, name, value)
    return True
