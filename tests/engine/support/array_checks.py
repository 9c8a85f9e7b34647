"""Checks the shapes and types of arrays in annotations while tests run.

jaxtyping has a hook that checks everything: functions without arrays, and nested ones again each
time they are made. That took half of the time of all tests. Other types are mypy's business. A
function that is called thousands of times in a test is checked in its first calls only: to check
all of them took a quarter of the time of the engine's tests.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import is_dataclass
from functools import cached_property, wraps
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import FunctionType, ModuleType
from typing import Any

from beartype import BeartypeConf, beartype
from jaxtyping import jaxtyped

# As in PEP 484, an int is a float too.
_types = beartype(conf=BeartypeConf(is_pep484_tower=True))
CALLS = 5  # of each function in each test that are checked
_test = 0


def begin() -> None:
    """Check the first calls of each function again, for another test."""
    global _test
    _test += 1


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
            plain = kind.__init__
            jaxtyped(kind, typechecker=_types)  # its __init__
            kind.__init__ = _at_first(plain, kind.__init__)


def _checked(one: Any) -> Any:
    """A function, method or property that checks its arrays; `one` itself if it has none."""
    if isinstance(one, property):
        getter = _checked(one.fget)
        return one if getter is one.fget else one.getter(getter)
    if isinstance(one, classmethod | staticmethod):
        function = _checked(one.__func__)
        return one if function is one.__func__ else type(one)(function)
    if not (isinstance(one, FunctionType) and _has_arrays(one)):
        return one
    return _at_first(one)


def _at_first(plain: Any, checked: Any = None) -> Any:
    """A function that is `checked` at first and `plain` later.

    What checks a function is made when that is called, since most are not.
    """
    test, calls = _test, 0

    @wraps(plain)
    def call(*args: Any, **options: Any) -> Any:
        nonlocal checked, test, calls
        if test != _test:
            test, calls = _test, 0
        calls += 1
        if calls > CALLS:
            return plain(*args, **options)
        checked = checked or jaxtyped(plain, typechecker=_types)
        return checked(*args, **options)

    return call


def _module(one: object) -> str:
    return getattr(one, "__module__", "") if isinstance(one, FunctionType | type) else ""


def _has_arrays(one: Any) -> bool:
    hints = map(str, getattr(one, "__annotations__", {}).values())
    return any("[Array, " in hint or "[Tensor, " in hint for hint in hints)
