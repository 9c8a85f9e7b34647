"""`xfeat[:size=960]`: small, fast local features (Potje et al., XFeat, CVPR 2024).

The weights come as a Python package. The 64 channels are on cells of 8 pixels. They recognize a
surface point in other photos better than large models do, but do not tell what it belongs to. So
they work best beside features that do, as in `imgfocus+xfeat`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import weights
from ..arrays import Array, Float
from ..errors import EngineError
from ..machine.device import choose, import_torch, inference
from ..machine.images import UNIT, fitted_size, to_tensor
from ..scene import Photo
from .convolution import Layer, layer, read_weights
from .options import parse

VERSION = 1
SIZE = 960
# The stride of each layer of each block.
BLOCKS = {
    "block1": (1, 2, 1, 2),
    "block2": (1, 1),
    "block3": (2, 1, 1),
    "block4": (2, 1, 1),
    "block5": (2, 1, 1, 1),
}


@dataclass(frozen=True)
class XFeat:
    """Maps of unit vectors with 64 channels."""

    blocks: dict[str, list[Layer]] = field(repr=False, compare=False)
    name: str
    key: str
    licence: str
    device: str
    size: int  # longer side in pixels
    parallel: bool = False  # torch uses all cores by itself

    def __call__(self, photo: Photo) -> Float[Array, "D h w"]:
        functional = import_torch().nn.functional
        size = fitted_size(photo.pixels.shape, limit=self.size, multiple=32)
        with inference(self.device):
            gray = to_tensor(photo.pixels, size, UNIT, device=self.device).mean(1, keepdim=True)
            x = functional.instance_norm(gray)
            fine = self._run(
                "block2", self._run("block1", x) + self._run("skip", functional.avg_pool2d(x, 4))
            )
            levels = [self._run("block3", fine)]
            for block in ("block4", "block5"):
                levels.append(self._run(block, levels[-1]))
            grid = levels[0].shape[2:]
            levels = [
                functional.interpolate(x, grid, mode="bilinear", align_corners=False)
                for x in levels
            ]
            out = functional.normalize(self._run("fusion", sum(levels)), dim=1)
        return np.ascontiguousarray(out[0].float().cpu().numpy())

    def _run(self, block: str, x: Any) -> Any:
        for each in self.blocks[block]:
            x = each(x)
        return x


def load(argument: str, *, device: str) -> XFeat:
    """Load the extractor. Raises `EngineError` "bad_input" or `weights.MissingWeights`."""
    choice, options = parse(argument, {"size": SIZE})
    if choice:
        raise EngineError("bad_input", f'"xfeat" has no variant "{choice}".', ["Write: xfeat."])
    device, relu = choose(device), import_torch().relu
    folder = weights.path("xfeat")
    tensors = read_weights(folder, device)

    def basic(name: str, stride: int = 1) -> Layer:
        return layer(tensors, f"{name}.layer.0", f"{name}.layer.1", stride=stride, activation=relu)

    blocks = {
        name: [basic(f"{name}.{i}", s) for i, s in enumerate(strides)]
        for name, strides in BLOCKS.items()
    }
    blocks["skip"] = [layer(tensors, "skip1.1")]
    blocks["fusion"] = [
        basic("block_fusion.0"),
        basic("block_fusion.1"),
        layer(tensors, "block_fusion.2"),
    ]
    key = f"xfeat-{VERSION}-{weights.fingerprint(folder)}-{options['size']}"
    return XFeat(
        blocks, "xfeat", key, weights.model_called("xfeat").licence, device, options["size"]
    )
