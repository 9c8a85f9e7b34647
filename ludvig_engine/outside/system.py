"""What Linux, macOS and Windows do differently, in one place.

All other code asks here, so that a test can put another system in place of this one
(`tests/engine/outside/test_system.py`). Standard library only: this also runs inside Blender.
"""

from __future__ import annotations

import contextlib
import os
import platform
import re
import signal
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path, PurePath
from typing import TypeVar

# Another program, often a virus scanner, may have a new file open for a moment. Windows then
# refuses to rename it; this many tries with these seconds between them take a second.
TRIES = 21
PAUSE = 0.05
# How Windows says in the exit code what other systems say by a signal.
ENDINGS = {
    0xC0000005: "it read or wrote memory that is not its own",
    0xC00000FD: "its stack overflowed",
    0xC0000135: "a library that it needs is missing",
    0xC0000139: "a library that it needs is of another version",
    0xC000013A: "it was interrupted",
    0xC0000142: "a library that it needs did not start",
    0xC0000409: "it ended itself because of damaged memory",
}

Place = TypeVar("Place", bound=PurePath)


# Functions, because type checkers take `sys.platform` for that of the machine they run on.
def is_windows() -> bool:
    return sys.platform == "win32"


def is_macos() -> bool:
    return sys.platform == "darwin"


def is_linux() -> bool:
    return sys.platform == "linux"


def kind() -> tuple[str, str]:
    """This system as the tables of wheels have it: ("linux", "x86_64"), ("darwin", "arm64")."""
    return sys.platform, machine()


def machine() -> str:
    """The processor: "x86_64" or "arm64", whatever this system calls it, or another name."""
    found = platform.machine().lower()
    return {"amd64": "x86_64", "x64": "x86_64", "aarch64": "arm64"}.get(found, found)


def macos_version() -> tuple[int, int]:
    """The version of macOS, such as (14, 5); (0, 0) on other systems."""
    numbers = [int(part) for part in platform.mac_ver()[0].split(".") if part.isdecimal()]
    major, minor = [*numbers, 0, 0][:2]
    return major, minor


def data_folder() -> Path:
    """Where this user's programs keep what cannot be computed again."""
    if is_windows():
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local")
    if is_macos():
        return Path.home() / "Library" / "Application Support"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share")


def cache_folder() -> Path:
    """Where this user's programs keep what can be computed again; on Windows as `data_folder`."""
    if is_windows():
        return data_folder()
    if is_macos():
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def program(name: str) -> str:
    """The name of a program's file.

    On Windows only programs are meant, no batch files: the shell that runs those would read the
    arguments once more, with rules of its own.
    """
    return f"{name.removesuffix('.exe')}.exe" if is_windows() else name


def python_of(environment: Place) -> Place:
    """The Python of a virtual environment."""
    return environment / ("Scripts/python.exe" if is_windows() else "bin/python")


def hidden() -> int:
    """The `creationflags` for a program that shall open no console window."""
    return int(getattr(subprocess, "CREATE_NO_WINDOW", 0))


def replace(source: Path, target: Path) -> None:
    """Rename a file or folder, in place of what may be there. Raises OSError.

    On Windows, it waits for programs that have one of them open for a moment.
    """
    for left in reversed(range(TRIES)):
        try:
            source.replace(target)
            return
        except PermissionError:
            # A folder in the way is none that goes away.
            if not left or not is_windows() or target.is_dir():
                raise
        time.sleep(PAUSE)


def ending(code: int) -> str:
    """How a process ended, by its exit code, as the last words of a sentence."""
    if code < 0:  # by a signal
        try:
            return signal.strsignal(-code) or f"signal {-code}"
        except ValueError:  # this Python knows no such signal
            return f"signal {-code}"
    said = ENDINGS.get(code) if is_windows() else None
    return f"exit code {code:#010x}: {said}" if said else f"exit code {code}"


def kill_signal() -> int:
    """What ends a process at once, with `os.kill`."""
    return int(getattr(signal, "SIGKILL", signal.SIGTERM))  # on Windows the latter does


def only_mine(state: os.stat_result) -> bool:
    """Whether nobody but this user, or the administrator, can write a file.

    Windows has no such bits: there, folders are what protects files.
    """
    if is_windows():
        return True
    return state.st_uid in (os.getuid(), 0) and not state.st_mode & 0o022


def forget_peak() -> None:
    """Let `peak_memory` begin anew, where the system can: on Linux, unless it is forbidden."""
    if is_linux():
        with contextlib.suppress(PermissionError):
            Path("/proc/self/clear_refs").write_text("5")


def peak_memory() -> int:
    """The most bytes of memory that this process has had, or 0 where Python cannot tell."""
    if is_linux():  # where what the parent had counts as well, if Python's `resource` is asked
        found = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
        if found:
            return int(found[1]) * 1024
    try:
        resource = import_module("resource")
    except ModuleNotFoundError:  # Windows
        return 0
    # macOS counts bytes, other systems kibibytes.
    unit = 1 if is_macos() else 1024
    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) * unit
