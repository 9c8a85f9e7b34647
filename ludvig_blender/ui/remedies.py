"""What an error advises, as a button where there is one that does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...ludvig_engine.errors import Fix


@dataclass(frozen=True)
class Button:
    """The operator that does what a fix advises. Its properties are the fix's arguments and `values`."""

    operator: str
    text: str  # with the arguments in it: "{model}"
    icon: str
    values: Mapping[str, Any] = field(default_factory=dict)


# One for each of `ludvig_engine.errors.ACTIONS`.
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


def draw(layout: Any, fix: Fix) -> bool:
    """Draw an advice as a button; False if there is none for it."""
    button = BUTTONS.get(fix.action)
    if button is None:
        return False
    drawn = layout.operator(
        button.operator, text=button.text.format(**fix.arguments), icon=button.icon
    )
    for name, value in {**button.values, **fix.arguments}.items():
        setattr(drawn, name, value)
    return True
