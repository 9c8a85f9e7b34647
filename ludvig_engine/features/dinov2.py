"""`dinov2[:small|base|large|giant|FOLDER]` and `dinov3`: patch tokens of a vision transformer.

The tokens are those of the last block (or of block `layer=`) after the layer norm, without class
and register tokens. The model sees the whole photo at once, resized to a multiple of the patch
size, and interpolates its own position embedding.

Options: `size=` is the longer side in pixels (default: 700 on a CPU, the paper's 1600 on a GPU).
`windows` uses the paper's overlapping crops of 840 px, on cells of half a patch. `layer=` counts
from 1. `released` runs DINOv2 as LUDVIG's published code did: without the register tokens of its
checkpoint, and with an older rule for interpolating positions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import weights
from ..arrays import Array, Float
from ..errors import EngineError
from ..machine.device import choose, import_torch, inference
from ..machine.images import IMAGENET, fitted_size, to_tensor
from ..machine.pretrained import load_pretrained
from ..scene import Photo
from .options import parse
from .windows import Average, windows

VERSION = 1
# Longer sides in pixels. On one core, DINOv2-small takes 1.6 s per photo at 700 and 22 s at 1600.
CPU_SIZE, GPU_SIZE = 700, 1600


@dataclass(frozen=True)
class VisionTransformer:
    """A model of transformers whose tokens are [class | registers | patches], such as DINOv2."""

    model: Any = field(repr=False, compare=False)
    name: str
    key: str
    licence: str
    device: str
    size: int  # longer side in pixels
    windowed: bool = False
    parallel: bool = False  # torch uses all cores by itself

    def __call__(self, photo: Photo) -> Float[Array, "D h w"]:
        patch = self.model.config.patch_size
        height, width = fitted_size(photo.pixels.shape, limit=self.size, multiple=patch)
        with inference(self.device):
            image = to_tensor(
                photo.pixels, (height, width), IMAGENET, device=self.device, dtype=self.model.dtype
            )
            if not self.windowed:
                return self._tokens(image)
            average = Average(height, width, (2 * height // patch, 2 * width // patch))
            for rows, columns in windows(height, width, crop=840 // patch * patch):
                average.add((rows, columns), self._tokens(image[:, :, rows, columns]))
            return average.result()

    def _tokens(self, image: Any) -> Float[Array, "D h w"]:
        patch, config = self.model.config.patch_size, self.model.config
        first = 1 + getattr(config, "num_register_tokens", 0)
        tokens = self.model(image).last_hidden_state[0, first:]
        grid = tokens.T.unflatten(1, (image.shape[2] // patch, image.shape[3] // patch))
        return np.ascontiguousarray(grid.float().cpu().numpy())


def load(argument: str, *, device: str) -> VisionTransformer:
    """Load a DINOv2: see `load_transformer`."""
    return load_transformer("dinov2", argument, device)


def load_dinov3(argument: str, *, device: str) -> VisionTransformer:
    """Load a DINOv3: see `load_transformer`."""
    return load_transformer("dinov3", argument, device)


def load_transformer(family: str, argument: str, device: str) -> VisionTransformer:
    """Load the variant or folder that `argument` names; default: small on a CPU, large on a GPU.

    Raises `EngineError`: "bad_input" for unknown options, `weights.MissingWeights`.
    """
    device = choose(device)
    defaults = {
        "size": CPU_SIZE if device == "cpu" else GPU_SIZE,
        "windows": False,
        "layer": 0,
        "released": False,
    }
    choice, options = parse(argument, defaults)
    choice = choice or ("small" if device == "cpu" else "large")
    id = f"{family}-{choice}"
    known = weights.MODELS.get(id)
    return load_folder(
        id if known else choice,
        name=known.source.rpartition("/")[2] if known else choice.rstrip("/").rpartition("/")[2],
        licence=known.licence if known else "LicenseRef-own",
        device=device,
        size=options["size"],
        windowed=bool(options["windows"]),
        layer=options["layer"],
        released=bool(options["released"]),
    )


def load_folder(
    id: str,
    *,
    name: str,
    licence: str,
    device: str,
    size: int,
    windowed: bool = False,
    layer: int = 0,
    released: bool = False,
) -> VisionTransformer:
    """The transformer in `weights.path(id)`, cut off after block `layer` (0: all blocks)."""
    folder = weights.path(id)
    # Blocks after `layer` are not even loaded.
    settings: dict[str, Any] = {"num_hidden_layers": layer} if layer else {}
    model = load_pretrained("AutoModel", folder, device=device, **settings)
    if released:
        as_released(model)
        name += " as released"
    crops = ("windows" if windowed else "whole") + "-released" * released
    key = f"vit-{VERSION}-{weights.fingerprint(folder)}-{size}-{layer}-{crops}-{model.dtype}"
    return VisionTransformer(
        model, f"{name}@L{layer}" if layer else name, key, licence, device, size, windowed
    )


def as_released(model: Any) -> None:
    """Change a DINOv2 in place to how LUDVIG's published code ran it.

    Its register tokens are removed. Its position embedding is interpolated as DINOv2 first did:
    bicubic without antialiasing, with the scale (tokens + 0.1) / side of the trained grid.
    """
    torch = import_torch()
    embeddings = getattr(model, "embeddings", None)
    positions = getattr(embeddings, "position_embeddings", None)
    if embeddings is None or positions is None:
        raise EngineError(
            "bad_input",
            "The option released works with DINOv2 only.",
            ["Leave out the option released."],
        )
    if hasattr(embeddings, "register_tokens"):
        embeddings.register_tokens.data = embeddings.register_tokens.data[:, :0]
        model.config.num_register_tokens = 0

    def interpolate(tokens: Any, height: int, width: int) -> Any:
        side, patch = round((positions.shape[1] - 1) ** 0.5), model.config.patch_size
        grid = positions[:, 1:].float().unflatten(1, (side, side)).permute(0, 3, 1, 2)
        scale = tuple((length // patch + 0.1) / side for length in (height, width))
        grid = torch.nn.functional.interpolate(
            grid, scale_factor=scale, mode="bicubic", align_corners=False
        )
        return torch.cat([positions[:, :1], grid.flatten(2).transpose(1, 2).to(positions.dtype)], 1)

    embeddings.interpolate_pos_encoding = interpolate
