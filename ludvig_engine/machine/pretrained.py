"""Load models and tokenizers of transformers from folders, and explain what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from pickle import UnpicklingError
from typing import Any

from safetensors import SafetensorError

from ..errors import EngineError
from ..outside import packages
from . import openclip
from .device import import_torch, import_transformers, inference

# What transformers reads a file of SentencePiece with.
SENTENCEPIECE = ("sentencepiece", "google.protobuf")
# Parts of models that some checkpoints leave out and that nothing here uses.
UNUSED = ("mask_token", "pooler", "temperature", "logit_")
AGAIN = "Fetch the model again."
DAMAGED = [AGAIN, "Check that config.json and model.safetensors belong together."]


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
        place: Path | None = folder
        if openclip.is_openclip(folder):
            kind = "CLIPModel"
            place = None
            settings["config"] = openclip.config_of(folder)
            settings["state_dict"] = openclip.state_of(folder)
        model, info = getattr(transformers, kind).from_pretrained(
            place,
            local_files_only=True,
            output_loading_info=True,
            dtype=torch.float16 if half else torch.float32,
            **settings,
        )
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError, UnpicklingError) as error:
        raise EngineError(
            "bad_file",
            f"{folder} does not hold a model that transformers {transformers.__version__} "
            f"reads as {kind}: {error}",
            DAMAGED,
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
            DAMAGED,
        )
    with inference(device):
        return model.to(device).eval()


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer in a model's folder. Raises `EngineError` "bad_file" or "missing_package"."""
    transformers = import_transformers()
    try:
        # Nothing in OpenCLIP's files says whose tokenizer theirs is.
        kind = "CLIPTokenizer" if openclip.is_openclip(folder) else "AutoTokenizer"
        return getattr(transformers, kind).from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
        lacking = [name for name in SENTENCEPIECE if not packages.has(name)]
        if lacking and any(folder.glob("*.model")):
            raise EngineError(
                "missing_package",
                f"The tokenizer in {folder} is one of SentencePiece, and the package "
                f"{' and '.join(lacking)} is not installed.",
                ['Install the models extra: pip install "ludvig-engine[models]".'],
            ) from error
        raise EngineError(
            "bad_file",
            f"{folder} has no tokenizer that can be read: {error}",
            [AGAIN],
        ) from error
