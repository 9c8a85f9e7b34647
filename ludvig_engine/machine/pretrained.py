"""Load models and tokenizers of transformers from folders, and explain what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from ..errors import EngineError
from .device import import_torch, import_transformers, inference

# Parts of models that some checkpoints leave out and that nothing here uses.
UNUSED = ("mask_token", "pooler", "temperature", "logit_")


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
