"""CLIP as the program OpenCLIP stores it, read into transformers' model.

Some repositories, among them that of the paper's CLIP, hold OpenCLIP's files only: settings in
`open_clip_config.json`, weights in `open_clip_model.safetensors` or, in older ones, as torch saved
them. The two programs compute the same with other names: OpenCLIP has one matrix for queries, keys
and values, and stores projections as the matrix that is multiplied from the right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import EngineError
from ..io.files import read_json
from .device import import_torch, import_transformers
from .images import CLIP

SETTINGS = "open_clip_config.json"
WEIGHTS = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")  # best first
# OpenCLIP's defaults.
HEAD_WIDTH = 64
MLP_RATIO = 4
# What the settings may hold. Others mean a model of another kind, whose weights would fit but whose
# features would be wrong.
READ = {
    "model": {"embed_dim", "quick_gelu", "vision_cfg", "text_cfg"},
    "vision": {"image_size", "layers", "width", "head_width", "mlp_ratio", "patch_size"},
    "text": {"context_length", "vocab_size", "width", "heads", "layers", "mlp_ratio"},
}
# In this order; what is left of a name stays.
NAMES = (
    (r"^visual\.conv1\.", "vision_model.embeddings.patch_embedding."),
    (r"^visual\.class_embedding$", "vision_model.embeddings.class_embedding"),
    (r"^visual\.positional_embedding$", "vision_model.embeddings.position_embedding.weight"),
    (r"^visual\.ln_pre\.", "vision_model.pre_layrnorm."),
    (r"^visual\.ln_post\.", "vision_model.post_layernorm."),
    (r"^visual\.proj$", "visual_projection.weight"),
    (r"^visual\.transformer\.resblocks\.", "vision_model.encoder.layers."),
    (r"^token_embedding\.", "text_model.embeddings.token_embedding."),
    (r"^positional_embedding$", "text_model.embeddings.position_embedding.weight"),
    (r"^ln_final\.", "text_model.final_layer_norm."),
    (r"^text_projection$", "text_projection.weight"),
    (r"^transformer\.resblocks\.", "text_model.encoder.layers."),
    (r"\.attn\.", ".self_attn."),
    (r"\.ln_([12])\.", r".layer_norm\1."),
    (r"\.mlp\.c_fc\.", ".mlp.fc1."),
    (r"\.mlp\.c_proj\.", ".mlp.fc2."),
)
TRANSPOSED = {"visual.proj", "text_projection"}


def is_openclip(folder: Path) -> bool:
    """Whether a folder holds a model of OpenCLIP that transformers cannot read by itself."""
    return bool(_weights(folder)) and not (folder / "config.json").exists()


def config_of(folder: Path) -> Any:
    """The settings as transformers' CLIPConfig. Raises `EngineError` "bad_file"."""
    said = read_json(folder / SETTINGS)
    try:
        model = said["model_cfg"]
        vision, text = model["vision_cfg"], model["text_cfg"]
        _check(folder, {"model": model, "vision": vision, "text": text})
        _check_colors(folder, said.get("preprocess_cfg", {}))
        both = {
            "hidden_act": "quick_gelu" if model.get("quick_gelu") else "gelu",
            "projection_dim": model["embed_dim"],
        }
        size = {
            "image_size": vision["image_size"],
            "patch_size": vision["patch_size"],
            "num_attention_heads": vision["width"] // vision.get("head_width", HEAD_WIDTH),
        }
        words = {
            "vocab_size": text["vocab_size"],
            "max_position_embeddings": text["context_length"],
            "num_attention_heads": text["heads"],
            # The last two tokens of CLIP's vocabulary; a text's vector is read at its end.
            "bos_token_id": text["vocab_size"] - 2,
            "eos_token_id": text["vocab_size"] - 1,
        }
        return import_transformers().CLIPConfig(
            vision_config={**_layers(vision), **both, **size},
            text_config={**_layers(text), **both, **words},
            projection_dim=model["embed_dim"],
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise EngineError(
            "bad_file",
            f"{folder / SETTINGS} does not describe a CLIP: {error!r}.",
            ["Fetch the model again."],
        ) from error


def state_of(folder: Path) -> dict[str, Any]:
    """The weights (tensors of torch) by transformers' names.

    Raises what safetensors and `torch.load` raise for damaged files.
    """
    torch = import_torch()
    # Local, because it imports torch.
    from safetensors.torch import load_file

    path = _weights(folder)[0]
    if path.suffix == ".safetensors":
        weights = load_file(path)
    else:
        weights = torch.load(path, map_location="cpu", weights_only=True)
    return {new: tensor for name in weights for new, tensor in _renamed(name, weights[name])}


def _weights(folder: Path) -> list[Path]:
    return [path for name in WEIGHTS if (path := folder / name).is_file()]


def _renamed(name: str, tensor: Any) -> Iterator[tuple[str, Any]]:
    new = name
    for pattern, replacement in NAMES:
        new = re.sub(pattern, replacement, new)
    if found := re.fullmatch(r"(.+)in_proj_(weight|bias)", new):
        for part, piece in zip("qkv", tensor.chunk(3), strict=True):
            yield f"{found[1]}{part}_proj.{found[2]}", piece.contiguous()
    else:
        yield new, tensor.T.contiguous() if name in TRANSPOSED else tensor


def _layers(part: Mapping[str, Any]) -> dict[str, Any]:
    width = part["width"]
    return {
        "hidden_size": width,
        "num_hidden_layers": part["layers"],
        "intermediate_size": int(width * part.get("mlp_ratio", MLP_RATIO)),
    }


def _check(folder: Path, parts: Mapping[str, Mapping[str, Any]]) -> None:
    for kind, part in parts.items():
        if other := sorted(part.keys() - READ[kind]):
            raise EngineError(
                "bad_file",
                f"{folder / SETTINGS} describes a model with {', '.join(other)}, which this "
                "engine does not read.",
                ["Use the models `clip` or `clip:laion`."],
            )
        if kind != "model" and not all(isinstance(value, int | float) for value in part.values()):
            raise TypeError("a size that is not a number")


def _check_colors(folder: Path, said: Mapping[str, Any]) -> None:
    for name, own in zip(("mean", "std"), CLIP, strict=True):
        other = said.get(name, own)
        if len(other) != 3 or max(abs(a - b) for a, b in zip(other, own, strict=True)) > 1e-4:
            raise EngineError(
                "bad_file",
                f"{folder / SETTINGS} wants photos with the {name} {other}, not CLIP's.",
                ["Use the models `clip` or `clip:laion`."],
            )
