"""Feature extractors: each has a file of its own and a row in table.py.

A spec names an extractor: `name` or `name:argument`, such as "colour", "files:maps/" or
"dinov2:base". Other packages add extractors through the entry point group `ludvig.extractors`.
Every extractor must pass `tests/engine/support/extractor_battery.py`.
"""

from __future__ import annotations

from importlib import import_module
from typing import Protocol, runtime_checkable

from ..arrays import Array, Float
from ..errors import EngineError, nearest_name
from ..scene import Photo
from .table import EXTRACTORS, Entry, known, names, ranked, text_models

__all__ = [
    "EXTRACTORS",
    "Entry",
    "Extractor",
    "known",
    "load_extractor",
    "names",
    "ranked",
    "text_models",
]


@runtime_checkable
class Extractor(Protocol):
    """Turns a photo into a feature map; the same photo always gives the same map."""

    # What ran, for people: "colour", "dinov2-with-registers-small", ...
    name: str
    # Everything that the maps depend on (version, hash of the weights, parameters), for cache keys.
    key: str
    # The license of the weights, as an SPDX expression.
    licence: str
    # Whether calls on several threads run faster; otherwise one call uses all cores by itself.
    parallel: bool

    def __call__(self, photo: Photo) -> Float[Array, "D h w"]:
        """Float32 features of h x w cells that cover the H x W pixels of the photo.

        The center of the cell in column j is at x = (j + 0.5) W / w pixels, and rows likewise.
        """


def load_extractor(spec: str, *, device: str = "cpu") -> Extractor:
    """Load the extractor that `spec` names; heavy imports happen only here.

    `device` is "cpu", "cuda" or "auto". Raises `EngineError`: "bad_input" for an unknown name or
    argument, `weights.MissingWeights` if weights are not on this machine.
    """
    name, _, argument = spec.partition(":")
    targets = {entry.name: entry.load for entry in known().values()}
    if name not in targets:
        raise EngineError(
            "bad_input", f'There is no extractor "{name}".', [nearest_name(name, targets)]
        )
    module, _, function = targets[name].partition(":")
    extractor: Extractor = getattr(import_module(module), function)(argument, device=device)
    return extractor
