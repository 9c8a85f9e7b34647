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

from safetensors import SafetensorError

from ..errors import EngineError, nearest_name
from ..outside import programs
from ..progress import cpu_count

DEVICES = ("auto", "cpu", "cuda", "mps")
# What a job notes after running out of the GPU's memory.
ON_CPU = "This step ran on the CPU."
# Parts of models that some checkpoints leave out and that nothing here uses.
UNUSED = ("mask_token", "pooler", "temperature", "logit_")

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
        found = {"cuda": torch.cuda.is_available, "mps": torch.backends.mps.is_available}
        device = next((name for name, is_available in found.items() if is_available()), "cpu")
        log.info("models run on the device %s", device)
        return device
    maker = {"cuda": "NVIDIA", "mps": "Apple"}.get(kind)
    if maker and not (
        torch.cuda.is_available() if kind == "cuda" else torch.backends.mps.is_available()
    ):
        raise EngineError(
            "no_gpu",
            f"torch {torch.__version__} finds no {maker} GPU.",
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
def gpu() -> bool:
    """Whether torch can use an NVIDIA GPU, for work other than models.

    Any `LUDVIG_DEVICE` but cuda makes this False. The driver is looked for first, so that a
    computer without one need not wait for torch.
    """
    if asked() not in ("auto", "cuda") or not programs.find("nvidia-smi") or not find_spec("torch"):
        return False
    return bool(import_torch().cuda.is_available())


def load_pretrained(
    kind: str, folder: Path, *, device: str, half: bool | None = None, **settings: Any
) -> Any:
    """Load `transformers.<kind>` from `folder` for inference on `device`.

    It is in half precision on an NVIDIA GPU, unless `half` decides. Raises `EngineError` "bad_file"
    with the message of transformers, or if weights are missing, which transformers would replace
    by random numbers.
    """
    torch, transformers = import_torch(), import_transformers()
    # On Apple's GPUs nobody has looked yet whether half precision overflows.
    half = device.startswith("cuda") if half is None else half
    level = transformers.utils.logging.get_verbosity()
    transformers.utils.logging.set_verbosity_error()
    try:
        model, info = getattr(transformers, kind).from_pretrained(
            folder,
            local_files_only=True,
            output_loading_info=True,
            dtype=torch.float16 if half else torch.float32,
            **settings,
        )
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise EngineError(
            "bad_file",
            f"{folder} does not hold a model that transformers {transformers.__version__} "
            f"reads as {kind}: {error}",
            [
                "Fetch the model again.",
                "Check that config.json and model.safetensors belong together.",
            ],
        ) from error
    finally:
        transformers.utils.logging.set_verbosity(level)
    missing = sorted(
        name for name in info["missing_keys"] if not any(part in name for part in UNUSED)
    )
    if missing:
        raise EngineError(
            "bad_file",
            f"{folder} has no weights for {len(missing)} parts of the model, such as {missing[0]}.",
            [
                "Fetch the model again.",
                "Check that config.json and model.safetensors belong together.",
            ],
        )
    with inference(device):
        return model.to(device).eval()


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer in a model's folder. Raises `EngineError` "bad_file"."""
    transformers = import_transformers()
    try:
        return transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise EngineError(
            "bad_file",
            f"{folder} has no tokenizer that can be read: {error}",
            ["Fetch the model again."],
        ) from error


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
        # On the CPU, torch reports it as a RuntimeError about a failure to allocate memory.
        if type(error) is RuntimeError and "allocate" not in str(error):
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
