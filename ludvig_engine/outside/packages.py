"""Which Python packages are installed, without importing them. Also runs inside Blender."""

from __future__ import annotations

from importlib.util import find_spec


def has(module: str) -> bool:
    """Whether this Python has a module, such as "torch" or "google.protobuf"."""
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # the package that the module is in
        return False
