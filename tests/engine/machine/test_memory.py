"""What is freed goes back to the system."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

# 200 MB in arrays that the C library serves from its heap; one in fifty is kept, among the others.
HELD = """
import os
from pathlib import Path
import numpy as np
from ludvig_engine.machine.memory import give_back
def held():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
start = held()
arrays = [np.ones(100_000, np.uint8) for _ in range(2000)]
arrays = arrays[::50]
before = held()
give_back()
print(before - start, held() - start)
"""


@pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "malloc_trim"),
    reason="only glibc keeps much memory that is free",
)
def test_freed_memory_goes_back_to_the_system():
    said = subprocess.run(
        [sys.executable, "-c", HELD], capture_output=True, text=True, check=True
    ).stdout
    before, after = map(int, said.split())
    assert before > 100e6 > 20e6 > after
