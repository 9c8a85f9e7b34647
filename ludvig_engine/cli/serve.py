"""`ludvig serve`: run the engine as a process that other programs, such as Blender, talk to."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from .arguments import File


def command(
    connection_file: Annotated[
        Path,
        typer.Option(help="Write port, pid and version to this file once the engine is ready"),
        File(),
    ],
    port: Annotated[
        int, typer.Option(help="Listen on this port; 0: the system chooses", min=0, max=65535)
    ] = 0,
) -> None:
    """Serve one client at a time until stdin ends.

    The first line of stdin is the secret that clients must know.
    """
    # These imports are local because no other command needs them.
    from ..service import Service
    from ..service.server import serve

    service = Service()
    serve(connection_file, service.handlers, port=port, ready=service.load)
    # A thread may still be importing what the first click needs. Python's own ending would take
    # away what that stands on: once in some thousand engines, that was a segmentation fault.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
