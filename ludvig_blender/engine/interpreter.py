"""The Python that runs the engine: the preferences', else that of the installed engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ...ludvig_engine.errors import EngineError, Fix
from ..translation.say import say_report
from . import settings
from .install import Installation

INSTALL = Fix("Install the engine.", "install_engine")
CHOOSE = Fix("Choose another Python in the preferences.", "choose_python")
EXISTING = Fix("Use an existing Python.", "choose_python")
WHY = {
    "none": "The engine is not installed yet.",
    "incomplete": "The engine's installation was interrupted or is damaged.",
    "outdated": "The installed engine is older than this extension.",
}


@dataclass(frozen=True)
class Place:
    """How to start the engine."""

    python: Path
    command: tuple[str, ...] = ()  # replaces that Python's `-m ludvig_engine serve`
    environment: Mapping[str, str] = field(default_factory=dict)  # added to the inherited one


def find() -> Place:
    """Where the engine is. Raises `EngineError` "not_installed"."""
    chosen = settings.python()
    if chosen is not None:
        if not chosen.is_file():
            what = say_report(
                "The Python chosen in the preferences, {path}, does not exist.", path=chosen
            )
            raise EngineError("not_installed", what, [CHOOSE, INSTALL])
        return Place(chosen, environment=settings.environment())
    installation = Installation(settings.folder())
    if installation.state != "complete":
        raise EngineError("not_installed", WHY[installation.state], [INSTALL, EXISTING])
    return Place(installation.python, environment=settings.environment())
