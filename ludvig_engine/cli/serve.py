"""`ludvig serve`: the engine as a process that others talk to, such as Blender."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    connection_file: Annotated[
        Path, typer.Option(help="Written when the engine is ready: port, pid, version")
    ],
    port: Annotated[int, typer.Option(help="0: the system chooses", min=0, max=65535)] = 0,
) -> None:
    """Serve one client at a time until stdin ends. The first line of stdin is the secret that clients must know."""
    # Imported here: the other commands need none of it.
    from ..service import Service
    from ..service.server import serve

    service = Service()
    serve(connection_file, service.handlers, port=port, ready=service.load)
