"""What was used lately, as long as there is room for it."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")


class Recent:
    """Values by key; beyond `limit` bytes the longest unused are forgotten, but never the newest."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._kept: OrderedDict[Hashable, tuple[Any, int, Callable[[Any], object]]] = OrderedDict()

    @property
    def size(self) -> int:
        """Bytes kept."""
        return sum(size for _, size, _ in self._kept.values())

    def __contains__(self, key: Hashable) -> bool:
        return key in self._kept

    def get_or(self, key: Hashable, make: Callable[[], T], *, forget: Callable[[T], object] = lambda value: None) -> T:
        """The value of that key, made if there is none. `forget` is called with it when it is forgotten."""
        if key not in self._kept:
            value = make()
            self._kept[key] = value, size_of(value), forget
        self._kept.move_to_end(key)
        while self.size > self.limit and len(self._kept) > 1:
            self._drop(next(iter(self._kept)))
        found: T = self._kept[key][0]
        return found

    def clear(self) -> None:
        """Forget everything."""
        for key in list(self._kept):
            self._drop(key)

    def _drop(self, key: Hashable) -> None:
        value, _, forget = self._kept.pop(key)
        forget(value)


def size_of(value: object) -> int:
    """Bytes of all arrays in nested dataclasses and tuples; an array held twice counts once."""
    arrays: dict[int, int] = {}
    waiting = [value]
    while waiting:
        match waiting.pop():
            case np.ndarray() as array:
                arrays[id(array)] = array.nbytes
            case tuple() as items:
                waiting += items
            case item if dataclasses.is_dataclass(item):
                waiting += [getattr(item, field.name) for field in dataclasses.fields(item)]
    return sum(arrays.values())
