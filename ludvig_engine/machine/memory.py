"""How much memory the machine has, asked in the way of each system, without further packages."""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
from pathlib import Path

from ..outside import system


def total_memory() -> int:
    """The machine's memory in bytes."""
    return (
        _windows()[0]
        if system.is_windows()
        else os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    )


def free_memory() -> int:
    """The bytes that programs can still get. Memory that only caches files counts as free."""
    if system.is_windows():
        return _windows()[1]
    if system.is_macos():
        said = subprocess.run(
            ["/usr/bin/vm_stat"], capture_output=True, text=True, check=True
        ).stdout
        pages = re.findall(r"Pages (?:free|inactive|purgeable): +(\d+)", said)
        return sum(map(int, pages)) * os.sysconf("SC_PAGE_SIZE")
    found = re.search(r"MemAvailable: +(\d+) kB", Path("/proc/meminfo").read_text())
    return int(found[1]) * 1024 if found else total_memory()


def give_back() -> None:
    """Let the system have the freed memory that the C library keeps, after a step that used much.

    Only glibc keeps much, in a pool per thread: half a gigabyte after an uplift of a million
    Gaussians. Small arrays between the freed ones hold it for hours: what an engine still held
    after it had freed all grew by 70 MB in half an hour of use.
    """
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None) if system.is_linux() else None:
        trim(0)


def _windows() -> tuple[int, int]:
    """Total and free bytes, from MEMORYSTATUSEX: 2 numbers of 32 bits, then 7 of 64."""
    status = (ctypes.c_uint64 * 8)()
    ctypes.cast(status, ctypes.POINTER(ctypes.c_uint32))[0] = ctypes.sizeof(status)
    ctypes.windll.kernel32.GlobalMemoryStatusEx(status)  # type: ignore[attr-defined,unused-ignore]
    return status[1], status[2]
