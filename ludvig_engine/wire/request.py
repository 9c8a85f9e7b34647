"""What every request of the wire is: a dataclass of parameters that names its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar, get_args

from ..errors import EngineError

R = TypeVar("R")

METHODS: dict[str, type[Request[Any]]] = {}  # by name, filled by the classes below


class Request(Generic[R]):
    """The parameters of a method whose answer is an R."""

    method: ClassVar[str]
    answer: ClassVar[type]

    def __init_subclass__(cls, *, method: str) -> None:
        cls.method, METHODS[method] = method, cls
        cls.answer = get_args(cls.__orig_bases__[0])[0]  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Nothing:
    """The answer of a request that has nothing to return."""


def exactly_one(value: object, *names: str) -> None:
    given = [
        name
        for name in names
        if getattr(value, name) is not None and not _is_empty(getattr(value, name))
    ]
    if len(given) != 1:
        raise EngineError(
            "bad_request", f"{type(value).__name__} needs exactly one of {', '.join(names)}."
        )


def _is_empty(value: object) -> bool:
    return isinstance(value, str) and not value
