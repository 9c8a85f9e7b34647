"""CUDA kernels without a CUDA toolkit: compiled by NVRTC, launched through the driver.

Every build of torch for NVIDIA GPUs brings NVRTC, a compiler in a library that needs neither nvcc
nor a C++ compiler. It takes about a second, which is less than reading results from a cache would
save. torch has this too (`torch.cuda._compile_kernel`), but it wants the headers of a toolkit.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from ..errors import EngineError
from ..outside import system
from .device import import_torch

WARP = 32
FIXES = [
    "Update the driver of the GPU, and install PyTorch for it again.",
    "Set LUDVIG_DEVICE=cpu to stop trying; the CPU gives the same result, slower.",
]


@runtime_checkable
class Launch(Protocol):
    """Run a kernel with at least `threads` threads, in blocks of `block`.

    Tensors are passed as pointers, None as a null pointer, int as int, float as float.
    """

    def __call__(self, kernel: str, threads: int, *arguments: Any, block: int = 256) -> None: ...


class Kernels:
    """The kernels of a source, on torch's current GPU.

    Raises `EngineError` "missing_package" if a library is missing or the source does not compile.
    """

    def __init__(self, source: str) -> None:
        torch = import_torch()
        index = torch.cuda.current_device()
        major, minor = torch.cuda.get_device_capability(index)
        torch.cuda.synchronize()  # makes the context that is retained below
        try:
            code = _compiled(_nvrtc(torch), source, f"sm_{major}{minor}")
            self._driver = ctypes.CDLL("nvcuda.dll" if system.is_windows() else "libcuda.so.1")
            self._context, self._module = ctypes.c_void_p(), ctypes.c_void_p()
            self._check(
                self._driver.cuDevicePrimaryCtxRetain(ctypes.byref(self._context), index),
                self._driver.cuCtxSetCurrent(self._context),
                self._driver.cuModuleLoadData(ctypes.byref(self._module), code),
            )
        except (OSError, AttributeError, RuntimeError) as error:
            raise EngineError(
                "missing_package", f"PyTorch {torch.__version__} cannot compile: {error}.", FIXES
            ) from error
        self._stream = lambda: ctypes.c_void_p(torch.cuda.current_stream().cuda_stream)
        self._functions: dict[str, ctypes.c_void_p] = {}

    def __call__(self, kernel: str, threads: int, *arguments: Any, block: int = 256) -> None:
        # Each thread of a process has a current context of its own.
        self._check(self._driver.cuCtxSetCurrent(self._context))
        if kernel not in self._functions:
            found = ctypes.c_void_p()
            name = kernel.encode()
            self._check(self._driver.cuModuleGetFunction(ctypes.byref(found), self._module, name))
            self._functions[kernel] = found
        blocks = -(-threads // block)
        if blocks:
            function, shape = self._functions[kernel], (blocks, 1, 1, block, 1, 1)
            _, pointers = packed(arguments)
            self._check(
                self._driver.cuLaunchKernel(function, *shape, 0, self._stream(), pointers, None)
            )

    def _check(self, *results: int) -> None:
        for result in results:
            if result:
                text = ctypes.c_char_p()
                self._driver.cuGetErrorString(result, ctypes.byref(text))
                raise RuntimeError(f"CUDA: {(text.value or b'unknown error').decode()}")


def packed(arguments: Sequence[Any]) -> tuple[list[Any], ctypes.Array[ctypes.c_void_p]]:
    """What a launch takes: pointers to the arguments, and the arguments, to be kept until then."""
    values = list(_values(arguments))
    addresses = (ctypes.cast(ctypes.pointer(value), ctypes.c_void_p) for value in values)
    return values, (ctypes.c_void_p * len(values))(*addresses)


def _values(arguments: Sequence[Any]) -> Iterator[Any]:
    for argument in arguments:
        if argument is None or hasattr(argument, "data_ptr"):
            yield ctypes.c_void_p(None if argument is None else argument.data_ptr())
        else:
            yield (ctypes.c_float if isinstance(argument, float) else ctypes.c_int)(argument)


def _nvrtc(torch: Any) -> Any:
    """The compiler's library. Raises OSError if this build of torch has none."""
    if torch.version.cuda is None:
        raise OSError("it is not built for NVIDIA GPUs")
    folder, major = Path(torch.__file__).parent / "lib", torch.version.cuda.partition(".")[0]
    if system.is_windows():
        named = [path for path in folder.glob("nvrtc64_*.dll") if ".alt" not in path.name]
        names = [*map(str, named), f"nvrtc64_{major}0_0.dll"]
    else:
        # torch's own library knows where its NVRTC lies; functions are looked up in it too.
        names = [str(folder / "libcaffe2_nvrtc.so"), f"libnvrtc.so.{major}"]
    for name in names:
        try:
            library = ctypes.CDLL(name)
            library.nvrtcCompileProgram  # noqa: B018 - raises if the library lacks it
        except (OSError, AttributeError):
            continue
        return library
    raise OSError(f"none of {', '.join(names)} is there")


def _compiled(nvrtc: Any, source: str, architecture: str) -> bytes:
    """The source as machine code. Raises RuntimeError with the compiler's messages."""
    options = [f"--gpu-architecture={architecture}", "--std=c++17", f"-DWARP={WARP}"]
    program = ctypes.c_void_p()
    text = source.encode()
    if nvrtc.nvrtcCreateProgram(ctypes.byref(program), text, b"kernels.cu", 0, None, None):
        raise RuntimeError("NVRTC does not start")
    encoded = (ctypes.c_char_p * len(options))(*(option.encode() for option in options))
    try:
        failed = nvrtc.nvrtcCompileProgram(program, len(options), encoded)
        if failed:
            raise RuntimeError(
                _text(program, nvrtc.nvrtcGetProgramLogSize, nvrtc.nvrtcGetProgramLog)
                .rstrip(b"\0")
                .decode(errors="replace")
                or f"NVRTC error {failed}"
            )
        return _text(program, nvrtc.nvrtcGetCUBINSize, nvrtc.nvrtcGetCUBIN)
    finally:
        nvrtc.nvrtcDestroyProgram(ctypes.byref(program))


def _text(program: ctypes.c_void_p, size: Any, get: Any) -> bytes:
    length = ctypes.c_size_t()
    size(program, ctypes.byref(length))
    buffer = ctypes.create_string_buffer(length.value)
    get(program, buffer)
    return buffer.raw
