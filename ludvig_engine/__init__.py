"""LUDVIG: lift 2-D features to 3D Gaussians, diffuse them on a graph, select objects.

The data's way is one line, and `ludvig_engine.pipeline` reads like it:

    photos + cameras + splats -> features -> uplift -> graph -> segment -> scores in 0..1

The names below are the front door. They are imported when they are first used, because the Blender
add-on imports this package too, and its Python has none of the packages that the engine computes
with.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .front import (
        compare,
        divide,
        load,
        prepare,
        remove,
        render,
        segment,
        spread,
        uplift,
    )
    from .wire.client import Engine

__version__ = "0.1.0"

__all__ = [
    "Engine",
    "compare",
    "divide",
    "load",
    "prepare",
    "remove",
    "render",
    "segment",
    "spread",
    "uplift",
]

_HOMES = {**dict.fromkeys(__all__, ".front"), "Engine": ".wire.client"}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found: object = getattr(import_module(_HOMES[name], __name__), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
