"""Checks the shapes and types of arrays in annotations while tests run.

jaxtyping has a hook that checks everything: functions without arrays, and nested ones again each
time they are made. That took half of the time of all tests. Other types are mypy's business.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import is_dataclass
from functools import cached_property
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import FunctionType, ModuleType
from typing import Any

from beartype import BeartypeConf, beartype
from jaxtyping import jaxtyped

# As in PEP 484, an int is a float too.
_types = beartype(conf=BeartypeConf(is_pep484_tower=True))


class Checks(MetaPathFinder):
    """Imports modules with checks, after `sys.meta_path.insert(0, Checks(their names))`."""

    def __init__(self, names: Collection[str]) -> None:
        self.names = names

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target) if name in self.names else None
        if spec and spec.loader:
            run = spec.loader.exec_module

            def run_and_check(module: ModuleType) -> None:
                run(module)
                check(module)

            spec.loader.exec_module = run_and_check  # type: ignore[method-assign]
        return spec


def check(module: ModuleType) -> None:
    """Check what the functions, methods and dataclasses of a module take and return."""
    own = {name: one for name, one in vars(module).items() if _module(one) == module.__name__}
    for name, one in own.items():
        setattr(module, name, _checked(one))
    for kind in (one for one in own.values() if isinstance(one, type)):
        generated = is_dataclass(kind) and _has_arrays(kind)
        for name, one in [*vars(kind).items()]:
            if isinstance(one, cached_property):
                one.func = _checked(one.func)
            elif (made := _checked(one)) is not one and not (generated and name == "__init__"):
                setattr(kind, name, made)
        if generated:
            jaxtyped(kind, typechecker=_types)  # its __init__


def _checked(one: Any) -> Any:
    inner = one.fget if isinstance(one, property) else getattr(one, "__func__", one)
    plain = isinstance(inner, FunctionType) and _has_arrays(inner)
    return jaxtyped(one, typechecker=_types) if plain else one


def _module(one: object) -> str:
    return getattr(one, "__module__", "") if isinstance(one, FunctionType | type) else ""


def _has_arrays(one: Any) -> bool:
    hints = map(str, getattr(one, "__annotations__", {}).values())
    return any("[Array, " in hint or "[Tensor, " in hint for hint in hints)
