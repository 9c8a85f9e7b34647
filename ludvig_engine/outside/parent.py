"""Stdin as the tie to the process that has started this one: its end tells of the parent's.

While a thread waits in a read of stdin, nothing else may ask for the state of stdin: on Windows
that waits for the read. Libraries do ask when they are loaded (OpenBLAS, the runtimes of C and
Fortran), under the lock by which Windows loads libraries, and then the whole process stands still.
So stdin is watched under another number, and what libraries find in its place is the null device.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from importlib import import_module
from typing import IO

from . import system

STDIN = 0  # its file descriptor
STD_INPUT_HANDLE = -10  # Windows' own number of it


def open_stdin() -> IO[bytes] | None:
    """Stdin without a buffer, or None if this process has none.

    A thread that waits in a buffered reader holds the reader's lock, and then Python aborts at
    exit.
    """
    with contextlib.suppress(OSError):
        return os.fdopen(STDIN, "rb", buffering=0, closefd=False)
    return None


def detach_stdin() -> IO[bytes]:
    """Move stdin to a new descriptor, which is returned, and put the null device in its place.

    No thread may be reading stdin.
    """
    # Unbuffered as above. Programs that this one starts do not inherit a duplicate.
    parent = os.dup(STDIN)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, STDIN, inheritable=True)
    os.close(null)
    if system.is_windows():
        _set_standard_handle()
    return os.fdopen(parent, "rb", buffering=0)


def _set_standard_handle() -> None:
    """Let Windows' own standard input be what descriptor 0 is.

    Its C library does so only in programs that have a console.
    """
    handle = import_module("msvcrt").get_osfhandle(STDIN)
    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
    if not kernel.SetStdHandle(STD_INPUT_HANDLE, ctypes.c_void_p(handle)):
        raise OSError("Windows does not accept another standard input")
