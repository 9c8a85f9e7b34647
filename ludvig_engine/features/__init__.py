"""Feature extractors: one file, and one row of table.py each.

An extractor is asked for by a spec, `name` or `name:argument` ("colour", "files:maps/",
"dinov2:base"). Packages add their own through the entry point group `ludvig.extractors`. Every one
must pass `tests/engine/support/extractor_battery.py`.
"""

from __future__ import annotations

from importlib import import_module
from typing import Protocol, runtime_checkable

from ..arrays import Array, Float
from ..errors import EngineError, nearest_name
from ..scene import Photo
from .table import EXTRACTORS, Entry, known, names, ranked

__all__ = ["EXTRACTORS", "Entry", "Extractor", "known", "load_extractor", "names", "ranked"]


@runtime_checkable
class Extractor(Protocol):
    """Turns a photo into a feature map; the same photo always gives the same map."""

    name: str  # what ran, for people: "colour", "dinov2-with-registers-small", ...
    key: str  # everything the maps depend on (version, weights' hash, parameters): part of cache keys
    licence: str  # of the weights, SPDX
    parallel: (
        bool  # calls on several threads at once run faster; else one call uses all cores itself
    )

    def __call__(self, photo: Photo) -> Float[Array, "D h w"]:
        """Float32 features of h x w cells that cover the photo: cell j is centred at (j + 0.5) W / w pixels."""


def load_extractor(spec: str, *, device: str = "cpu") -> Extractor:
    """The extractor that `spec` names, ready to run; heavy imports happen here and not before."""
    name, _, argument = spec.partition(":")
    targets = {entry.name: entry.load for entry in known().values()}
    if name not in targets:
        raise EngineError(
            "bad_input", f'There is no extractor "{name}".', [nearest_name(name, targets)]
        )
    module, _, function = targets[name].partition(":")
    extractor: Extractor = getattr(import_module(module), function)(argument, device=device)
    return extractor
