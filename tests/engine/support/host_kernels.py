"""The GPU's kernels on the CPU: kernels.cu compiled as C++, with loops in place of threads."""

from __future__ import annotations

import ctypes
import functools
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from ludvig_engine.machine.nvrtc import packed
from ludvig_engine.rendering.gpu import Gpu
from ludvig_engine.rendering.gpu_view import SOURCE

BEFORE = """
#include <cmath>
#include <cstddef>
#include <utility>
#define __global__
#define __device__ static inline
#define WARP 1
static struct { int x; } blockIdx, blockDim, threadIdx;
template <class T> static bool dummy(T);
using std::fmin;
using std::fmax;
"""
AFTER = """
template <class... A, size_t... I>
static void call(void (*f)(A...), void** p, std::index_sequence<I...>) { f(*(A*)p[I]...); }
template <class... A>
static void run(void (*f)(A...), int blocks, int block, void** p) {
    blockDim.x = block;
    for (blockIdx.x = 0; blockIdx.x < blocks; blockIdx.x++)
        for (threadIdx.x = 0; threadIdx.x < block; threadIdx.x++)
            call(f, p, std::make_index_sequence<sizeof...(A)>{});
}
"""


class HostKernels:
    """A `Launch` that counts how often each kernel was launched."""

    def __init__(self) -> None:
        self._library = _library()
        self.launched: list[str] = []

    def __call__(self, kernel, threads, *arguments, block=256):
        self.launched.append(kernel)
        assert all(a is None or not hasattr(a, "data_ptr") or a.is_contiguous() for a in arguments)
        values, pointers = packed(arguments)
        getattr(self._library, f"run_{kernel}")(-(-threads // block), block, pointers)
        del values


def host_gpu() -> Gpu:
    """The GPU back end on the CPU; skips the test where no C++ compiler is found."""
    return Gpu(HostKernels(), "cpu", warp=1)


@functools.cache
def _library() -> ctypes.CDLL:
    compiler = shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        pytest.skip("the GPU's kernels are NOT tested: no C++ compiler is found")
    source = SOURCE.read_text("utf-8")
    names = re.findall(r"^KERNEL (\w+)\(|^WEIGH\((\w+),", source, re.MULTILINE)
    calls = [
        f'extern "C" void run_{a or b}(int n, int m, void** p) {{ run({a or b}, n, m, p); }}\n'
        for a, b in names
    ]
    folder = Path(tempfile.mkdtemp())
    (folder / "kernels.cpp").write_text(BEFORE + source + AFTER + "".join(calls))
    options = ["-std=c++17", "-O2", "-ffp-contract=off", "-shared", "-fPIC", "-o", "kernels.so"]
    subprocess.run(
        [compiler, *options, "kernels.cpp"], cwd=folder, check=True, capture_output=True, text=True
    )
    library = ctypes.CDLL(str(folder / "kernels.so"))
    shutil.rmtree(folder, ignore_errors=True)
    return library
