"""Whether files can be written where the user wants them, asked before anything is computed.

`atomic_write` reports the same troubles, but after the work. Standard library only.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..errors import EngineError
from ..outside import system

# Devices on Windows, whatever follows after a dot. The last ones are superscript digits.
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\xb9\xb2\xb3])", re.I)


def check_files(
    paths: Sequence[Path], *, folders: Iterable[Path] = (), inputs: Iterable[Path] = ()
) -> None:
    """Raise an error unless each of `paths` can be written as a file of its own.

    `folders` are written to as well, and `inputs` are files that are read, which must not be
    written over. Raises `EngineError`: "bad_input" for what is no name of a file, or for one that
    is used twice; "not_found" if there is no such folder; "no_access" if it is write-protected.
    """
    read = {_identity(path) for path in inputs}
    written: set[object] = {_identity(folder) for folder in folders}
    for path in paths:
        _check_file(path)
        if _identity(path) in read:
            raise EngineError(
                "bad_input",
                f"{path} would be written over, but it is read as input.",
                ["Choose another name for the output."],
            )
        if _identity(path) in written:
            raise EngineError(
                "bad_input",
                f"{path} would be written twice.",
                ["Give each output a name of its own."],
            )
        written.add(_identity(path))
    for folder in dict.fromkeys(path.parent for path in paths):
        _check_access(folder)


def check_folder(path: Path) -> None:
    """Raise an error unless files can be written to the folder, which need not exist yet.

    Raises `EngineError` "bad_input" if it is a file or lies in one, "no_access" if it is
    write-protected.
    """
    there = next(one for one in (path, *path.absolute().parents) if _mode(one) is not None)
    if not there.is_dir():
        raise EngineError("bad_input", f"{there} is a file, not a folder.", ["Choose a folder."])
    _check_access(there)


def is_device(name: str) -> bool:
    """Whether Windows takes a file name for a device, such as "con" or "NUL.txt"."""
    return bool(_DEVICE.fullmatch(name.split(".")[0].rstrip()))


def _check_file(path: Path) -> None:
    if path == Path():
        raise EngineError(
            "bad_input", "The name of an output file is empty.", ["Give the file a name."]
        )
    mode, around = _mode(path), _mode(path.parent)
    if mode is not None and stat.S_ISDIR(mode):
        raise EngineError(
            "bad_input",
            f"{path} is a folder, but a file is to be written.",
            [f"Give the name of a file, such as {path / 'result'}."],
        )
    if (mode is not None and not stat.S_ISREG(mode)) or (
        system.is_windows() and is_device(path.name)
    ):
        raise EngineError(
            "bad_input", f"{path} is a device, not a file.", ["Give the name of a file."]
        )
    if around is None:
        raise EngineError(
            "not_found",
            f"The folder {path.parent} does not exist.",
            ["Create it, or choose another folder."],
        )
    if not stat.S_ISDIR(around):
        raise EngineError(
            "bad_input", f"{path.parent} is a file, not a folder.", ["Choose another folder."]
        )
    if mode is not None and not (mode & 0o222 and os.access(path, os.W_OK)):
        raise EngineError(
            "no_access", f"{path} is write-protected.", ["Choose another name, or allow writing."]
        )


def _mode(path: Path) -> int | None:
    """The kind and the permissions of what is at `path`; None if nothing is there."""
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:  # a name that is too long, a folder that may not be looked into
        raise EngineError(
            "no_access",
            f"{path} cannot be written: {error.strerror or error}.",
            ["Choose another name or folder."],
        ) from error


def _check_access(folder: Path) -> None:
    """Raise "no_access" unless a file can be created in the folder, which is tried."""
    probe = folder / f".ludvig-{secrets.token_hex(6)}"
    try:
        # Windows marks folders as read-only for other reasons. Where root asks, creating a file
        # works in any folder, but one without write permission is protected on purpose.
        if not system.is_windows() and not stat.S_IMODE(folder.stat().st_mode) & 0o222:
            raise PermissionError("it is write-protected")
        probe.open("xb").close()
    except OSError as error:
        raise EngineError(
            "no_access",
            f"Nothing can be written to the folder {folder}: {error.strerror or error}.",
            ["Choose a folder you may write to."],
        ) from error
    finally:
        probe.unlink(missing_ok=True)


def _identity(path: Path) -> object:
    """The same value for two paths if they lead to the same file."""
    try:
        found = path.stat()
    except OSError:
        return os.path.normcase(path.resolve())
    # Some network drives of Windows number no files.
    return (found.st_dev, found.st_ino) if found.st_ino else os.path.normcase(path.resolve())
