"""Write a file completely or not at all.

Every writer uses this. The data goes to a hidden file in the target's own folder (renaming is only
atomic within a file system), is flushed to the disk, and takes the target's name in one step.
Standard library only: this also runs inside Blender.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import EngineError
from ..outside import system

# EDQUOT reports a user's quota on shared drives. Windows does not have it; some of its versions
# lack the name as well.
_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}


@contextmanager
def atomic_write(path: str | os.PathLike[str], *, needed: int = 0) -> Iterator[Path]:
    """Yield a temporary path that becomes `path` when the block ends.

    It is an empty file, and it is deleted if the block raises. `needed` is the size in bytes that
    the file will have, if the caller knows it: then a full disk is noticed before hours of work are
    written to it. The temporary name keeps the suffix, because image libraries choose the format by
    it.

    Raises `EngineError`: "no_space" with the number of free bytes, "not_found" if the folder does
    not exist, "no_access" if it cannot be written to. Any other exception of the block passes
    through unchanged.
    """
    path = Path(path)
    _check_space(path, needed)
    temporary = path.with_name(f".ludvig-{secrets.token_hex(6)}{path.suffix}")
    try:
        with _explained(path, "create"):
            # Not mkstemp, whose files only their owner can read.
            temporary.open("xb").close()
        try:
            yield temporary
            # Windows can only flush a handle that is open for writing.
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
        except OSError as error:
            if error.errno not in _FULL:
                raise
            raise _no_space(path, needed) from error
        with _explained(path, "replace"):
            system.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _explained(path: Path, action: str) -> Iterator[None]:
    """Turn an OSError of the file system into an `EngineError`."""
    try:
        yield
    except FileNotFoundError as error:
        raise EngineError(
            "not_found",
            f"The folder {path.parent} does not exist.",
            ["Create it, or choose another folder."],
        ) from error
    except OSError as error:
        if error.errno in _FULL:
            raise _no_space(path, 0) from error
        raise EngineError(
            "no_access",
            f"Cannot {action} {path}: {error.strerror or error}.",
            ["Choose a folder you may write to, and close programs that have the file open."],
        ) from error


def _check_space(path: Path, needed: int) -> None:
    if needed and path.parent.is_dir() and shutil.disk_usage(path.parent).free < needed:
        raise _no_space(path, needed)


def _no_space(path: Path, needed: int) -> EngineError:
    free = shutil.disk_usage(path.parent).free
    wanted = f"it needs {_megabytes(needed)} and " if needed else ""
    return EngineError(
        "no_space",
        f"The disk is full: {path.name} could not be written, "
        f"{wanted}{path.parent} has {_megabytes(free)} free.",
        ["Free some space, or choose another disk."],
    )


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
