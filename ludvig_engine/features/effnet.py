"""`effnet[:size=640]`: EfficientNet-Lite0, a small network trained on ImageNet's 1000 classes.

The 472 channels are the outputs of its stages at strides of 8, 16 and 32 pixels, on cells of 8
pixels. It is light, and useful for both material and meaning.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from .. import weights
from ..arrays import Array, Float
from ..errors import EngineError
from ..machine.device import choose, import_torch, inference
from ..machine.images import fitted_size, to_tensor
from ..scene import Photo
from .convolution import Layer, layer, read_weights
from .options import parse
from .windows import interpolation

VERSION = 1
SIZE = 640
STATISTICS = ((127 / 255,) * 3, (128 / 255,) * 3)
# Strides of the seven stages; a stage is a run of blocks with equally many channels.
STRIDES = (1, 2, 2, 2, 1, 2, 1)
# The stages that end at strides 8, 16 and 32.
LEVELS = (2, 4, 6)


@dataclass(frozen=True)
class Block:
    """Expand the channels, filter each of them, and project.

    If neither size nor channels change, the input is added (`residual`).
    """

    layers: list[Layer]
    residual: bool

    def __call__(self, x: Any) -> Any:
        out = x
        for each in self.layers:
            out = each(out)
        return out + x if self.residual else out


@dataclass(frozen=True)
class Network:
    """EfficientNet-Lite0."""

    stem: Layer
    stages: list[list[Block]]
    head: Layer  # 320 -> 1280 channels
    # 1280 channels -> 1000 classes; it was trained on the mean over the image.
    classify: Layer

    def __call__(self, image: Any) -> list[Any]:
        """The outputs of all stages for an image (1, 3, H, W) whose sides are multiples of 32."""
        x, found = self.stem(image), []
        for stage in self.stages:
            for block in stage:
                x = block(x)
            found.append(x)
        return found


@dataclass(frozen=True)
class EfficientNet:
    """The extractor `effnet`."""

    network: Network = field(repr=False, compare=False)
    name: str
    key: str
    licence: str
    device: str
    size: int  # longer side in pixels
    parallel: bool = False  # torch uses all cores by itself

    def __call__(self, photo: Photo) -> Float[Array, "D h w"]:
        size = fitted_size(photo.pixels.shape, limit=self.size, multiple=32)
        with inference(self.device):
            stages = self.network(to_tensor(photo.pixels, size, STATISTICS, device=self.device))
            maps = [stages[level][0].float().cpu().numpy() for level in LEVELS]
        grid = maps[0].shape[1:]
        return np.concatenate([resampled(x, 8 << i, grid) for i, x in enumerate(maps)])


def resampled(
    feature_map: Float[Array, "D a b"], stride: int, grid: tuple[int, ...]
) -> Float[Array, "D h w"]:
    """Interpolate a map of stride `stride` on `grid` cells (h, w) of the same image.

    Padding only at the right and below puts the center of output i of a stride s at pixel
    s * i + s - 1, half a cell from where an evenly padded network would have it.
    """
    rows, columns = (
        interpolation((np.arange(n) + 0.5) * count / n - (stride - 0.5) / stride, count)
        for n, count in zip(grid, feature_map.shape[1:], strict=True)
    )
    return np.ascontiguousarray(rows @ feature_map @ columns.T, np.float32)


def load(argument: str, *, device: str) -> EfficientNet:
    """Load the extractor. Raises `EngineError` "bad_input" or `weights.MissingWeights`."""
    choice, options = parse(argument, {"size": SIZE})
    if choice:
        raise EngineError("bad_input", f'"effnet" has no variant "{choice}".', ["Write: effnet."])
    device = choose(device)
    folder = weights.path("effnet")
    key = f"effnet-{VERSION}-{weights.fingerprint(folder)}-{options['size']}"
    network, licence = (
        load_network(read_weights(folder, device)),
        weights.model_called("effnet").licence,
    )
    return EfficientNet(network, "efficientnet-lite0", key, licence, device, options["size"])


def load_network(tensors: dict[str, Any]) -> Network:
    """Build the network from a state dict with the names of lukemelas's EfficientNet-PyTorch."""
    relu6 = import_torch().nn.functional.relu6
    tensors["_fc.weight"] = tensors["_fc.weight"][:, :, None, None]

    def make(convolution: str, norm: str, **options: Any) -> Layer:
        return layer(tensors, convolution, norm, eps=1e-3, same=True, **options)

    count = 1 + max(int(name.split(".")[1]) for name in tensors if name.startswith("_blocks."))
    channels = [len(tensors[f"_blocks.{i}._project_conv.weight"]) for i in range(count)]
    starts = [0, *(i for i, (a, b) in enumerate(pairwise(channels), 1) if a != b)]
    stages: list[list[Block]] = [[] for _ in starts]
    for i in range(count):
        at, new = f"_blocks.{i}.", i in starts
        stage = sum(start <= i for start in starts) - 1
        middle = tensors[f"{at}_depthwise_conv.weight"]
        stride = STRIDES[stage] if new else 1
        layers = []
        if f"{at}_expand_conv.weight" in tensors:
            layers.append(make(f"{at}_expand_conv", f"{at}_bn0", activation=relu6))
        options = {"stride": stride, "groups": len(middle), "activation": relu6}
        layers.append(make(f"{at}_depthwise_conv", f"{at}_bn1", **options))
        layers.append(make(f"{at}_project_conv", f"{at}_bn2"))
        stages[stage].append(Block(layers, residual=not new))
    stem = make("_conv_stem", "_bn0", stride=2, activation=relu6)
    return Network(
        stem, stages, make("_conv_head", "_bn1", activation=relu6), layer(tensors, "_fc")
    )
