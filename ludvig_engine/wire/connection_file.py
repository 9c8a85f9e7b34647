"""The file by which an engine says where it listens.

It holds no secret and proves nothing: whoever connects asks for a proof (handshake.py).

Standard library only: this also runs inside Blender.
"""

from __future__ import annotations

import json
import os
import stat

from ..errors import EngineError
from ..outside import system

MAX_BYTES = 4096  # a whole file has about 70


def read_connection_file(path: str | os.PathLike[str]) -> tuple[str, int]:
    """Host and port of a running engine on this machine.

    Raises `EngineError`: "not_found" if there is no such file, "no_access" if it may not be read,
    "bad_file" if it holds something else, or if another user could have written it.
    """
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            state = os.fstat(file.fileno())
            # Only of regular files: a pipe would wait, and a device might never end.
            text = file.read(MAX_BYTES) if stat.S_ISREG(state.st_mode) else b""
        port = json.loads(text)["port"]
        if type(port) is not int or not 0 < port < 65536:
            raise ValueError("a port that is none")
    except FileNotFoundError as error:
        raise EngineError(
            "not_found", f"There is no {path}: no engine runs there.", ["Start the engine."]
        ) from error
    except OSError as error:
        raise EngineError(
            "no_access",
            f"{path} cannot be read: {error.strerror or error}.",
            ["Run this as the user who has started the engine, or start one of your own."],
        ) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise EngineError(
            "bad_file",
            f"{path} is not the connection file of an engine.",
            ["Give the path that `ludvig serve` was given.", "Start the engine again."],
        ) from error
    # Whoever can write the file could stand between the two ends and pass on what they say.
    if not system.only_mine(state):
        raise EngineError(
            "bad_file",
            f"{path} can be written by other users, so it may lead to another program.",
            ["Start the engine again: it writes a file that only you can write."],
        )
    return "127.0.0.1", port


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
