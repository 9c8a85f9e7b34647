"""A store of recently used values with a limit on their bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from types import FunctionType
from typing import Any, Protocol, TypeVar, cast

import numpy as np

from ..progress import SILENT, Job

T = TypeVar("T")

# What tensors and models of torch have. It takes seconds to import, and need not be installed.
TENSOR, MODEL = "untyped_storage", "named_parameters"


class Stored(Protocol):
    """An array or a tensor."""

    @property
    def nbytes(self) -> int: ...


class Recent:
    """Values by key, which may grow while they are stored.

    Beyond `limit` bytes the least recently used values are dropped, but never the newest one.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._kept: OrderedDict[Hashable, tuple[Any, Callable[[Any, Job], object]]] = OrderedDict()

    @property
    def size(self) -> int:
        """The bytes of all stored arrays."""
        return size_of(tuple(value for value, _ in self._kept.values()))

    def __contains__(self, key: Hashable) -> bool:
        return key in self._kept

    def get_or(
        self,
        key: Hashable,
        make: Callable[[], T],
        *,
        forget: Callable[[T, Job], object] = lambda value, job: None,
        job: Job = SILENT,
    ) -> T:
        """The value of that key, made by `make` if there is none.

        `forget` is called before the value is dropped, with the job that causes this.
        """
        if key not in self._kept:
            self._kept[key] = make(), forget
        self._kept.move_to_end(key)
        while self.size > self.limit and len(self._kept) > 1:
            self._drop(next(iter(self._kept)), job)
        found: T = self._kept[key][0]
        return found

    def drop(self, key: Hashable, *, job: Job = SILENT) -> None:
        """Drop a value, if it is stored."""
        if key in self._kept:
            self._drop(key, job)

    def clear(self, *, job: Job = SILENT) -> None:
        """Drop all values."""
        for key in list(self._kept):
            self._drop(key, job)

    def _drop(self, key: Hashable, job: Job) -> None:
        value, forget = self._kept[key]
        # If this is cancelled, the value is still stored.
        forget(value, job)
        arrays = list(arrays_of(value))
        del self._kept[key], value

        # Freeing a gigabyte takes 0.3 s and holds up all threads, so arrays are freed one by one.
        def free() -> None:
            while arrays:
                arrays.pop()

        job.aside(free)


def size_of(value: object) -> int:
    """The bytes of all arrays and tensors in nested objects; one that occurs twice counts once."""
    return sum(array.nbytes for array in arrays_of(value))


def arrays_of(value: object) -> Iterator[Stored]:
    """All arrays and tensors in nested objects, each once.

    Not those of models: who has loaded a model keeps it, also when what it has computed is dropped.
    """
    met, waiting = set[int](), [value]
    while waiting:
        item = waiting.pop()
        if id(item) in met or isinstance(item, type | FunctionType) or hasattr(item, MODEL):
            continue
        met.add(id(item))
        if getattr(item, "is_sparse_csr", False):
            # torch says that such a tensor has as many bytes as a dense one, 4 TB for a million
            # rows and columns.
            sparse = cast("Any", item)
            yield from (sparse.crow_indices(), sparse.col_indices(), sparse.values())
        elif isinstance(item, np.ndarray) or hasattr(item, TENSOR):
            yield cast("Stored", item)
        elif isinstance(item, tuple | list):
            waiting += item
        else:
            waiting += (item if isinstance(item, dict) else getattr(item, "__dict__", {})).values()
