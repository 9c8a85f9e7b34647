"""Kernels are compiled by the library that torch brings: here by a stand-in, on a GPU by NVRTC."""

from __future__ import annotations

import ctypes
import threading
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from ludvig_engine.errors import EngineError  # noqa: E402
from ludvig_engine.machine import nvrtc  # noqa: E402
from ludvig_engine.machine.nvrtc import Kernels, packed  # noqa: E402

DOUBLE = """
extern "C" __global__ void twice(int n, float* x, float factor, const float* none) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n && !none) x[i] *= factor;
}
"""


def test_arguments_are_packed_by_type():
    tensor = torch.zeros(3)
    values, pointers = packed([7, 2.5, tensor, None, True])
    assert [type(value) for value in values] == [
        *(ctypes.c_int, ctypes.c_float, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)
    ]
    kinds = [ctypes.POINTER(type(value)) for value in values]
    read = [ctypes.cast(p, kind)[0] for p, kind in zip(pointers, kinds, strict=True)]
    assert read == [7, 2.5, tensor.data_ptr(), None, 1]


class Library:
    """NVRTC and the driver, which say yes to everything but `failing`."""

    log = b'kernels.cu(3): error: identifier "flaot" is undefined\n\0'

    def __init__(self, failing=()):
        self.failing, self.called = failing, []

    def __getattr__(self, name):
        if not name.startswith(("nvrtc", "cu")):
            raise AttributeError(name)

        def call(*arguments):
            self.called.append(name)
            if name == "nvrtcGetProgramLogSize":
                arguments[1]._obj.value = len(self.log)
            if name == "nvrtcGetProgramLog":
                ctypes.memmove(arguments[1], self.log, len(self.log))
            return 700 if name in self.failing else 0

        return call


@pytest.fixture
def machine(monkeypatch):
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda index: (8, 6))
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: None)
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    return monkeypatch


def test_the_usual_way(machine):
    library = Library()
    opened = []
    machine.setattr(nvrtc.ctypes, "CDLL", lambda name: opened.append(name) or library)
    Kernels(DOUBLE)
    assert "nvrtcCompileProgram" in library.called and library.called[-1] == "cuModuleLoadData"
    assert Path(opened[0]).name == "libcaffe2_nvrtc.so" or nvrtc.sys.platform == "win32"


@pytest.mark.parametrize(
    ("failing", "message"),
    [
        ("nvrtcCreateProgram", "NVRTC does not start"),
        ("nvrtcCompileProgram", 'identifier "flaot" is undefined'),
        ("cuModuleLoadData", "unknown error"),
    ],
)
def test_what_fails_is_told(machine, failing, message):
    machine.setattr(nvrtc.ctypes, "CDLL", lambda name: Library({failing}))
    with pytest.raises(EngineError, match=message) as caught:
        Kernels(DOUBLE)
    assert caught.value.kind == "missing_package" and "LUDVIG_DEVICE=cpu" in str(caught.value.fixes)


@pytest.mark.parametrize("system", ["linux", "win32"])
def test_a_build_without_the_compiler(machine, system, tmp_path):
    tried = []

    def missing(name):
        tried.append(Path(name).name)
        raise OSError(f"{name}: cannot open shared object file")

    lib = tmp_path / "lib"
    lib.mkdir()
    for name in ("nvrtc64_130_0.dll", "nvrtc64_130_0.alt.dll", "nvrtc-builtins64_130.dll"):
        (lib / name).touch()
    machine.setattr(nvrtc.ctypes, "CDLL", missing)
    machine.setattr(nvrtc.system.sys, "platform", system)
    machine.setattr(torch, "__file__", str(tmp_path / "__init__.py"))
    with pytest.raises(EngineError, match="cannot compile: none of"):
        Kernels(DOUBLE)
    expected = {
        "linux": ["libcaffe2_nvrtc.so", "libnvrtc.so.13"],
        "win32": ["nvrtc64_130_0.dll", "nvrtc64_130_0.dll"],
    }
    assert tried == expected[system]


def test_a_torch_without_cuda(machine):
    machine.setattr(torch.version, "cuda", None)
    with pytest.raises(EngineError, match="it is not built for NVIDIA GPUs"):
        Kernels(DOUBLE)


@pytest.fixture
def on_gpu():
    if not torch.cuda.is_available():
        pytest.skip(f"torch {torch.__version__} finds no GPU: NVRTC itself is NOT tested")


@pytest.mark.gpu
def test_a_kernel_runs_in_every_thread(on_gpu):
    x = torch.arange(1000.0, device="cuda")
    kernels = Kernels(DOUBLE)
    kernels("twice", 1000, 1000, x, 2.0, None)
    kernels("twice", 0, 0, x, 2.0, None)
    other = threading.Thread(target=lambda: kernels("twice", 1000, 1000, x, 3.0, None))
    other.start()
    other.join()
    assert torch.equal(x.cpu(), 6 * torch.arange(1000.0))


@pytest.mark.gpu
def test_the_compiler_s_message_is_told(on_gpu):
    with pytest.raises(EngineError, match="flaot"):
        Kernels(DOUBLE.replace("float", "flaot"))
    with pytest.raises(RuntimeError, match="CUDA"):
        Kernels(DOUBLE)("thrice", 1, 1)
