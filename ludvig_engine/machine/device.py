"""Devices for models, and torch: an optional dependency that only these functions import."""

from __future__ import annotations

import functools
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..errors import EngineError, nearest_name
from ..outside import programs, system
from ..progress import cpu_count

GPUS = {"cuda": "NVIDIA", "mps": "Apple"}
DEVICES = ("auto", "cpu", *GPUS)
# What a job notes after running out of the GPU's memory.
ON_CPU = "This step ran on the CPU."

log = logging.getLogger(__name__)


def import_torch() -> Any:
    """The module torch. Raises `EngineError` "missing_package" if it is broken or not installed."""
    # Read when torch is imported: what Apple's GPUs cannot do, their CPU does.
    os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")
    torch = _imported("torch")
    if os.environ.get("LUDVIG_THREADS") and torch.get_num_threads() != cpu_count():
        torch.set_num_threads(cpu_count())
    return torch


def import_transformers() -> Any:
    """The module transformers; see `import_torch`."""
    import_torch()
    transformers = _imported("transformers")
    # Without the bar, because nobody sees the output of this process.
    transformers.utils.logging.disable_progress_bar()
    return transformers


def choose(device: str = "auto") -> str:
    """The device to run models on: `device`, or for "auto" what `LUDVIG_DEVICE` says.

    If that says nothing: an NVIDIA GPU if there is one, else an Apple one, else the CPU. Raises
    `EngineError`: "bad_input" if there is no device of this name, "no_gpu" if torch does not find
    the GPU.
    """
    torch = import_torch()
    if device == "auto":
        device = asked()
    kind = device.partition(":")[0]
    if kind not in DEVICES:
        raise EngineError(
            "bad_input", f'There is no device "{device}".', [nearest_name(device, DEVICES)]
        )
    if device == "auto":
        device = next((name for name in GPUS if works(name)), "cpu")
        log.info("models run on the device %s", device)
        return device
    if kind in GPUS and not works(kind):
        raise EngineError(
            "no_gpu",
            f"torch {torch.__version__} finds no {GPUS[kind]} GPU that works.",
            ["Use the CPU.", "Install the build of torch for your GPU and a current driver."],
        )
    return device


def asked() -> str:
    """The device that `LUDVIG_DEVICE` asks for, "auto" if it asks for none."""
    return os.environ.get("LUDVIG_DEVICE", "").strip() or "auto"


def release() -> None:
    """Give back the memory of the GPU that torch keeps for later."""
    if torch := sys.modules.get("torch"):
        torch.cuda.empty_cache()
        if torch.backends.mps.is_available():
            torch.mps.empty_cache()


@functools.cache
def works(kind: str) -> bool:
    """Whether torch can compute on a GPU of this kind, "cuda" or "mps".

    Builds of torch also find GPUs that are too old for them, and then fail at the first product.
    """
    torch = import_torch()
    place = {"cuda": torch.cuda, "mps": torch.backends.mps}[kind]
    if not place.is_available():
        return False
    try:
        return float((torch.ones(2, device=kind) * 2).sum()) == 4
    except torch.OutOfMemoryError:
        return True  # it is only full
    except RuntimeError as error:
        log.warning("torch %s cannot use the GPU: %s", torch.__version__, error)
        return False


def may_have_gpu() -> bool:
    """Whether it is worth to import torch, which takes seconds, to find out what GPU there is."""
    if not find_spec("torch") or asked() == "cpu":
        return False
    driver = programs.find("nvidia-smi") or Path("/dev/kfd").exists()  # of NVIDIA, of AMD
    return bool(driver) or asked() != "auto" or system.is_macos()


@functools.cache
def gpu() -> bool:
    """Whether torch can use an NVIDIA GPU, for work other than models.

    Any `LUDVIG_DEVICE` but cuda makes this False. The driver is looked for first, so that a
    computer without one need not wait for torch.
    """
    if asked() not in ("auto", "cuda") or not programs.find("nvidia-smi") or not find_spec("torch"):
        return False
    return works("cuda")


@contextmanager
def inference(device: str) -> Iterator[None]:
    """Compute without gradients.

    Raises `EngineError` "out_of_memory" if the memory does not suffice.
    """
    with fitting(device), import_torch().inference_mode():
        yield


@contextmanager
def fitting(device: str, what: str = "The model") -> Iterator[None]:
    """Turn running out of memory into `EngineError` "out_of_memory", in a sentence about `what`."""
    torch = import_torch()
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        # On the CPU, torch reports it as a RuntimeError about a failure to allocate memory, and so
        # may the driver of a GPU, whose errors have no types.
        full = "allocate" in str(error) or "out of memory" in str(error)
        if type(error) is RuntimeError and not full:
            raise
        raise EngineError(
            "out_of_memory",
            f"{what} does not fit into the memory of the "
            f"{'computer' if device == 'cpu' else 'GPU'}.",
            [
                "Choose a smaller image size or a smaller model.",
                "Close other programs, or use the CPU.",
            ],
        ) from error


def _imported(name: str) -> Any:
    try:
        return import_module(name)
    except (ImportError, OSError, RuntimeError) as error:
        # A broken torch or torchvision raises OSError or RuntimeError.
        fixes = ['Install the models extra: pip install "ludvig-engine[models]".']
        if name != "torch" and _is_broken("torchvision"):
            fixes.insert(
                0,
                "Torchvision does not fit this torch: "
                "pip uninstall torchvision (nothing needs it).",
            )
        raise EngineError(
            "missing_package", f"The Python package {name} cannot be imported: {error}.", fixes
        ) from error


def _is_broken(name: str) -> bool:
    """Whether a package is installed, but cannot be imported."""
    if not find_spec(name):
        return False
    try:
        import_module(name)
    except (ImportError, OSError, RuntimeError):
        return True
    return False
