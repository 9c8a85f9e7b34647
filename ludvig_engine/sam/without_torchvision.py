"""Import segment-anything where there is no torchvision that fits torch.

Its modules ask torchvision for four functions when they are imported. They serve its own
preprocessing and its own everything-masks, for which this engine has code of its own
(segmenter.py, everything.py), so that nothing calls them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any, NoReturn

PACKAGE = "segment_anything"
ASKED = {
    "torchvision": (),
    "torchvision.ops": (),
    "torchvision.ops.boxes": ("batched_nms", "box_area"),
    "torchvision.transforms": (),
    "torchvision.transforms.functional": ("resize", "to_pil_image"),
}


def import_segment_anything() -> ModuleType:
    """The package, with torchvision if that works. Raises ImportError if it is not installed."""
    try:
        return import_module(PACKAGE)
    # A torchvision that was not built for this torch raises a RuntimeError.
    except (ImportError, RuntimeError) as error:
        if getattr(error, "name", None) == PACKAGE:
            raise
    _forget(PACKAGE)
    with _stand_ins():
        return import_module(PACKAGE)


@contextmanager
def _stand_ins() -> Iterator[None]:
    # What a broken torchvision has left comes back: transformers looks whether there is one.
    before = {name: sys.modules[name] for name in list(sys.modules) if _is_in(name, "torchvision")}
    _forget("torchvision")
    for name, functions in ASKED.items():
        module = ModuleType(name)
        for function in functions:
            setattr(module, function, _not_called)
        sys.modules[name] = module
    try:
        yield
    finally:
        _forget("torchvision")
        sys.modules.update(before)


def _not_called(*_: Any, **__: Any) -> NoReturn:  # Any: in place of functions of any kind
    raise RuntimeError("segment-anything called a function of torchvision")


def _forget(package: str) -> None:
    for name in [name for name in sys.modules if _is_in(name, package)]:
        del sys.modules[name]


def _is_in(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")
