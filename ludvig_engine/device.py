"""Where models run, and torch itself: an optional dependency that only these functions import."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from .errors import EngineError
from .progress import cpu_count

log = logging.getLogger(__name__)


def import_torch() -> Any:
    """The module torch. Raises `EngineError` "missing_package" if it is not installed or broken."""
    torch = _imported("torch")
    if torch.get_num_threads() != cpu_count():
        torch.set_num_threads(cpu_count())
    return torch


def import_transformers() -> Any:
    """The module transformers; see `import_torch`."""
    import_torch()
    transformers = _imported("transformers")
    transformers.utils.logging.disable_progress_bar()  # not for a process whose output nobody sees
    return transformers


def choose(device: str = "auto") -> str:
    """`device`, or for "auto" an NVIDIA GPU if there is one, else the CPU; says why a GPU is not used."""
    torch = import_torch()
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise EngineError(
            "no_gpu",
            f"torch {torch.__version__} finds no NVIDIA GPU.",
            ["Use the CPU.", "Install a build of torch for CUDA and a current driver."],
        )
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
        log.info("models run on the %s", "GPU " + torch.cuda.get_device_name() if device == "cuda" else "CPU")
    return device


def load_pretrained(kind: str, folder: Path, *, device: str, half: bool | None = None, **settings: Any) -> Any:
    """`transformers.<kind>.from_pretrained(folder)` for inference on `device`, in half precision on a GPU.

    Raises `EngineError` "bad_file" with what transformers says.
    """
    torch, transformers = import_torch(), import_transformers()
    half = device != "cpu" if half is None else half
    level = transformers.utils.logging.get_verbosity()
    transformers.utils.logging.set_verbosity_error()
    try:
        model = getattr(transformers, kind).from_pretrained(
            folder, local_files_only=True, dtype=torch.float16 if half else torch.float32, **settings
        )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise EngineError(
            "bad_file",
            f"{folder} does not hold a model that transformers {transformers.__version__} reads as {kind}: {error}",
            ["Fetch the model again.", "Check that config.json and model.safetensors belong together."],
        ) from error
    finally:
        transformers.utils.logging.set_verbosity(level)
    return model.to(device).eval()


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer that lies beside a model. Raises `EngineError` "bad_file"."""
    transformers = import_transformers()
    try:
        return transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise EngineError(
            "bad_file", f"{folder} has no tokenizer that can be read: {error}", ["Fetch the model again."]
        ) from error


@contextmanager
def inference(device: str) -> Iterator[None]:
    """No gradients; running out of memory becomes a sentence."""
    torch = import_torch()
    try:
        with torch.inference_mode():
            yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise EngineError(
            "out_of_memory",
            f"The model does not fit into the memory of the {'GPU' if device != 'cpu' else 'computer'}.",
            ["Choose a smaller image size or a smaller model.", "Use the CPU."],
        ) from error


def _imported(name: str) -> Any:
    try:
        return import_module(name)
    except (ImportError, OSError, RuntimeError) as error:  # a broken torch or torchvision raises the latter two
        raise EngineError(
            "missing_package",
            f"The Python package {name} cannot be imported: {error}.",
            ['Install the models extra: pip install "ludvig-engine[models]".'],
        ) from error
