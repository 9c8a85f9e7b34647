"""What an error advises, as a button where there is one that does it."""

from __future__ import annotations

import re
from typing import Any

# How an advice begins -> operator, the button's text, icon, properties.
BUTTONS: tuple[tuple[str, str, str, str, dict[str, Any]], ...] = (
    ("Install the engine", "ludvig.install_engine", "Install Engine...", "IMPORT", {}),
    ("Restart the engine", "ludvig.restart_engine", "Restart Engine", "FILE_REFRESH", {}),
    ("Use an existing Python", "ludvig.preferences", "Use Existing Python...", "PREFERENCES", {}),
    ("Choose another Python", "ludvig.preferences", "Choose Python...", "PREFERENCES", {}),
    (
        "Allow online access",
        "ludvig.preferences",
        "Allow Online Access...",
        "INTERNET",
        {"network": True},
    ),
    ("Look at its log", "ludvig.show_log", "Show Log", "TEXT", {}),
    ("Show the installation's log", "ludvig.show_log", "Show Log", "TEXT", {}),
    ("Report it", "ludvig.copy_report", "Copy Report", "COPYDOWN", {}),
    ("Import the cameras", "ludvig.import_cameras", "Import Cameras...", "CAMERA_DATA", {}),
    (
        "Choose the folder with the cameras",
        "ludvig.import_cameras",
        "Choose Cameras...",
        "CAMERA_DATA",
        {},
    ),
    (
        "Choose the folder of the photos",
        "ludvig.choose_photos",
        "Choose Photos...",
        "FILE_FOLDER",
        {},
    ),
    ("Give the photos' folder", "ludvig.choose_photos", "Choose Photos...", "FILE_FOLDER", {}),
    ("Import a splat file", "ludvig.import_splats", "Import Splats...", "IMPORT", {}),
    ("Choose a .ply file", "ludvig.import_splats", "Import Splats...", "IMPORT", {}),
)
FETCH = re.compile(r"Run: ludvig models fetch (\S+) \((.*?)\)")


def draw(layout: Any, fix: str) -> bool:
    """Draw an advice as a button; False if there is none for it."""
    if found := FETCH.match(fix):
        button = layout.operator(
            "ludvig.fetch_model", text=f"Download {found[1]}...", icon="IMPORT"
        )
        button.model, button.about = found[1], found[2]
        return True
    for begins, operator, text, icon, properties in BUTTONS:
        if fix.startswith(begins):
            button = layout.operator(operator, text=text, icon=icon)
            for name, value in properties.items():
                setattr(button, name, value)
            return True
    return False
