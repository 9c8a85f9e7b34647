"""`dinov2[:small|base|large|giant|FOLDER]` and `dinov3`: patch tokens of a self-supervised vision transformer.

The tokens of the last block after its layer norm (or of block `layer=`), without class and register tokens. The whole
photo at once, brought to a multiple of the patch size; the model interpolates its own position embedding.

Options: `size=` longer side in pixels (700 on a CPU, the paper's 1600 on a GPU); `windows` for the paper's overlapping
crops of 840 px, on cells of half a patch; `layer=`, counted from 1; `released`, DINOv2 as LUDVIG's published code ran
it: without the register tokens of its checkpoint, and with positions stretched by an older rule.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import weights
from ..arrays import Array, Float
from ..errors import EngineError
from ..machine.device import choose, import_torch, inference, load_pretrained
from ..machine.images import IMAGENET, fit, to_tensor
from ..scene import Photo
from .options import parse
from .windows import Average, windows

VERSION = 1
CPU_SIZE, GPU_SIZE = (
    700,
    1600,
)  # pixels; DINOv2-small takes one core 1.6 s per photo at 700, 22 s at 1600


@dataclass(frozen=True)
class VisionTransformer:
    """DINOv2 with or without registers, DINOv3: what transformers loads and gives [class | registers | patches]."""

    model: Any = field(repr=False, compare=False)
    name: str
    key: str
    licence: str
    device: str
    size: int  # pixels, longer side
    windowed: bool = False
    parallel: bool = False  # torch uses all cores itself

    def __call__(self, photo: Photo) -> Float[Array, "D h w"]:
        patch = self.model.config.patch_size
        height, width = fit(photo.pixels.shape, limit=self.size, multiple=patch)
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
        tokens = self.model(image).last_hidden_state[
            0, 1 + getattr(config, "num_register_tokens", 0) :
        ]
        grid = tokens.T.unflatten(1, (image.shape[2] // patch, image.shape[3] // patch))
        return np.ascontiguousarray(grid.float().cpu().numpy())


def load(argument: str, *, device: str) -> VisionTransformer:
    return load_transformer("dinov2", argument, device)


def load_dinov3(argument: str, *, device: str) -> VisionTransformer:
    return load_transformer("dinov3", argument, device)


def load_transformer(family: str, argument: str, device: str) -> VisionTransformer:
    """Small on a CPU, large on a GPU, unless the argument chooses."""
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
    """The transformer that `weights.path(id)` finds, cut off after block `layer` (0: all of it)."""
    folder = weights.path(id)
    settings: dict[str, Any] = (
        {"num_hidden_layers": layer} if layer else {}
    )  # blocks beyond are not even loaded
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
    """Take the register tokens out of a DINOv2 and stretch its position embedding as DINOv2 first did it: bicubic
    without antialiasing, by (tokens + 0.1) over the trained grid's side."""
    torch = import_torch()
    embeddings = getattr(model, "embeddings", None)
    positions = getattr(embeddings, "position_embeddings", None)
    if embeddings is None or positions is None:
        raise EngineError(
            "bad_input", "Only DINOv2 can be run as released.", ["Leave out: released."]
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
