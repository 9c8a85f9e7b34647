"""`join:A+B`: the channels of several extractors, on the finest of their grids.

`imgfocus+xfeat` is one of these.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Array, Float
from ..errors import EngineError
from ..scene import Photo
from . import Extractor, load_extractor
from .windows import interpolation


@dataclass(frozen=True)
class Joined:
    """Several extractors whose maps are concatenated along the channels."""

    parts: tuple[Extractor, ...]
    parallel: bool = False  # some parts use all cores by themselves

    @property
    def name(self) -> str:
        return " + ".join(part.name for part in self.parts)

    @property
    def key(self) -> str:
        return "join-1(" + ")(".join(part.key for part in self.parts) + ")"

    @property
    def licence(self) -> str:
        return " AND ".join(dict.fromkeys(part.licence for part in self.parts))

    def __call__(self, photo: Photo) -> Float[Array, "D h w"]:
        maps = [part(photo) for part in self.parts]
        grid = max((x.shape[1:] for x in maps), key=np.prod)
        return np.concatenate([_on_grid(x, grid) for x in maps])


def _on_grid(feature_map: Float[Array, "D a b"], grid: tuple[int, ...]) -> Float[Array, "D h w"]:
    rows, columns = (
        interpolation((np.arange(n) + 0.5) * count / n - 0.5, count)
        for n, count in zip(grid, feature_map.shape[1:], strict=True)
    )
    return np.ascontiguousarray(rows @ feature_map @ columns.T, np.float32)


def load(argument: str, *, device: str) -> Joined:
    """Load the extractors of "A+B".

    Raises `EngineError` "bad_input" or `weights.MissingWeights`.
    """
    specs = [spec.strip() for spec in argument.split("+")]
    if len(specs) < 2 or not all(specs):
        raise EngineError(
            "bad_input", f'"join" needs two extractors, not "{argument}".', ["Write: join:A+B."]
        )
    return Joined(tuple(load_extractor(spec, device=device) for spec in specs))


def load_imgfocus_xfeat(argument: str, *, device: str) -> Joined:
    """Load `imgfocus` and `xfeat`, the best features that need no model hub.

    The first tells what a thing is, the second which point of its surface a pixel shows.
    """
    return load(f"imgfocus:{argument}+xfeat" if argument else "imgfocus+xfeat", device=device)
