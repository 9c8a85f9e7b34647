"""A tiny random CLIP in the files of OpenCLIP, and what such a model computes.

The names and shapes are those of `open_clip_model.safetensors` of the published CLIPs, and the
settings have the keys of their `open_clip_config.json`.
"""

from __future__ import annotations

import json
from pathlib import Path

from safetensors.torch import save_file

from tiny_models import tokenizer, torch

WIDTH = {"visual.": 128, "": 64}
LAYERS = 2
SIDE = 32
PATCH = 8
EMBEDDING = 48
WORDS = {"context_length": 20, "vocab_size": 514}
CONFIG = {
    "model_cfg": {
        "embed_dim": EMBEDDING,
        "vision_cfg": {
            "image_size": SIDE,
            "layers": LAYERS,
            "width": WIDTH["visual."],
            "patch_size": PATCH,
        },
        "text_cfg": {**WORDS, "width": WIDTH[""], "heads": 4, "layers": LAYERS},
    },
    "preprocess_cfg": {
        "mean": [0.48145466, 0.4578275, 0.40821073],
        "std": [0.26862954, 0.26130258, 0.27577711],
    },
}


def shapes() -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {
        "logit_scale": (),
        "positional_embedding": (WORDS["context_length"], WIDTH[""]),
        "text_projection": (WIDTH[""], EMBEDDING),
        "token_embedding.weight": (WORDS["vocab_size"], WIDTH[""]),
        "visual.class_embedding": (WIDTH["visual."],),
        "visual.positional_embedding": ((SIDE // PATCH) ** 2 + 1, WIDTH["visual."]),
        "visual.proj": (WIDTH["visual."], EMBEDDING),
        "visual.conv1.weight": (WIDTH["visual."], 3, PATCH, PATCH),
    }
    norms = {"ln_final": WIDTH[""], **dict.fromkeys(("visual.ln_pre", "visual.ln_post"), 128)}
    for side, width in WIDTH.items():
        for n in range(LAYERS):
            block = f"{side}transformer.resblocks.{n}"
            norms |= {f"{block}.ln_1": width, f"{block}.ln_2": width}
            found |= {
                f"{block}.attn.in_proj_weight": (3 * width, width),
                f"{block}.attn.in_proj_bias": (3 * width,),
            }
            for name, rows, columns in (
                ("attn.out_proj", width, width),
                ("mlp.c_fc", 4 * width, width),
                ("mlp.c_proj", width, 4 * width),
            ):
                found |= {
                    f"{block}.{name}.weight": (rows, columns),
                    f"{block}.{name}.bias": (rows,),
                }
    for name, width in norms.items():
        found |= {f"{name}.weight": (width,), f"{name}.bias": (width,)}
    return found


def weights() -> dict[str, torch.Tensor]:
    random = torch.Generator().manual_seed(3)
    return {
        name: torch.randn(shape, generator=random) * (0.15 if len(shape) > 1 else 0.5)
        for name, shape in shapes().items()
    }


def save(folder: Path, *, old: bool = False, config: dict | None = None) -> Path:
    """The folder with the files of such a repository; `old` ones have what torch saved."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "open_clip_config.json").write_text(json.dumps(config or CONFIG))
    tokenizer(folder)
    (folder / "tokenizer_config.json").unlink()
    if old:
        torch.save(weights(), folder / "open_clip_pytorch_model.bin")
    else:
        save_file(weights(), folder / "open_clip_model.safetensors")
    return folder


def image_features(w: dict[str, torch.Tensor], image: torch.Tensor, *, quick: bool = False):
    """(n, EMBEDDING) of (n, 3, SIDE, SIDE) colors, which are standardized."""
    functional = torch.nn.functional
    x = functional.conv2d(image, w["visual.conv1.weight"], stride=PATCH).flatten(2).mT
    first = w["visual.class_embedding"].expand(len(x), 1, -1)
    x = torch.cat([first, x], 1) + w["visual.positional_embedding"]
    x = _blocks(w, "visual.", _norm(w, "visual.ln_pre", x), WIDTH["visual."] // 64, None, quick)
    return _norm(w, "visual.ln_post", x[:, 0]) @ w["visual.proj"]


def text_features(w: dict[str, torch.Tensor], tokens: torch.Tensor, *, quick: bool = False):
    """(n, EMBEDDING) of (n, length) tokens; the largest one of a row is its end."""
    length = tokens.shape[1]
    x = w["token_embedding.weight"][tokens] + w["positional_embedding"][:length]
    later = torch.full((length, length), -torch.inf).triu(1)
    x = _norm(w, "ln_final", _blocks(w, "", x, 4, later, quick))
    return x[torch.arange(len(x)), tokens.argmax(1)] @ w["text_projection"]


def _norm(w: dict[str, torch.Tensor], name: str, x: torch.Tensor) -> torch.Tensor:
    weight = w[f"{name}.weight"]
    return torch.nn.functional.layer_norm(x, weight.shape, weight, w[f"{name}.bias"])


def _blocks(w, side: str, x: torch.Tensor, heads: int, mask, quick: bool) -> torch.Tensor:
    functional = torch.nn.functional
    for n in range(LAYERS):
        own = {
            name.removeprefix(f"{side}transformer.resblocks.{n}."): tensor
            for name, tensor in w.items()
            if name.startswith(f"{side}transformer.resblocks.{n}.")
        }
        y = functional.linear(
            _norm(own, "ln_1", x), own["attn.in_proj_weight"], own["attn.in_proj_bias"]
        )
        q, k, v = (part.unflatten(2, (heads, -1)).transpose(1, 2) for part in y.chunk(3, 2))
        scores = q @ k.mT / q.shape[-1] ** 0.5
        scores = scores if mask is None else scores + mask
        y = (scores.softmax(-1) @ v).transpose(1, 2).flatten(2)
        x = x + functional.linear(y, own["attn.out_proj.weight"], own["attn.out_proj.bias"])
        y = functional.linear(_norm(own, "ln_2", x), own["mlp.c_fc.weight"], own["mlp.c_fc.bias"])
        y = y * torch.sigmoid(1.702 * y) if quick else functional.gelu(y)
        x = x + functional.linear(y, own["mlp.c_proj.weight"], own["mlp.c_proj.bias"])
    return x
