"""Sums over views, bracketed the same way whoever computes which of them.

Additions of floats round, so the order decides the last bits. Here it follows from the number of
views alone. Blocks of FAN views are summed view by view; the sum of FAN blocks is the next level's,
and so on up to one. Each node of this tree is the sum of its children from left to right:

    ((v0 + v1 + ... + v7) + (v8 + ... + v15) + ... ) + ( ... )

So any process may compute any node, in any order, and the whole has the same bits. Up to FAN views,
it is the plain sum. Sums that wait for their neighbors take memory: one for each power of FAN, that
is 2 for 64 views, 3 for 512 and 4 for 4,096. A pairwise tree would take 6, 9 and 12.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import islice, starmap
from typing import Any, Generic, TypeVar

# Eight views cost 30 times what it costs to begin a sum of a million Gaussians and add it.
FAN = 8

# Arrays of NumPy, or tensors of torch; a node of the tree has several of them.
T = TypeVar("T", bound=Sequence[Any])
S = TypeVar("S")


class Tree(Generic[T]):
    """Adds nodes of one level, which come from left to right; each is a sequence of arrays.

    The arrays belong to the tree from then on: it adds to them in place.
    """

    def __init__(self) -> None:
        # For each level, how many children the node that is not full yet has, and their sum.
        self._counts: list[int] = []
        self._sums: list[T | None] = []

    def add(self, node: T, level: int = 0) -> None:
        """Add the next node of a level."""
        if level == len(self._counts):
            self._counts.append(0)
            self._sums.append(None)
        total = self._sums[level]
        if total is None:
            total = node
        else:
            for mine, its in zip(total, node, strict=True):
                mine += its
        full = self._counts[level] + 1 == FAN
        self._counts[level] = 0 if full else self._counts[level] + 1
        self._sums[level] = None if full else total
        if full:
            self.add(total, level + 1)

    def total(self) -> T:
        """The sum of all nodes; the tree is empty afterwards. Raises ValueError if it is now."""
        for level, total in enumerate(self._sums):
            if total is None:
                continue
            self._counts[level], self._sums[level] = 0, None
            if not any(self._counts[level + 1 :]):
                return total
            self.add(total, level + 1)
        raise ValueError("there is nothing to add")


def summed(
    items: Iterable[S], count: int, empty: Callable[[], T], add: Callable[[T, S], object]
) -> T:
    """The sum over `count` items, in the order of the tree.

    `empty` makes the arrays of a block, and `add` adds an item to them in place.
    """
    tree: Tree[T] = Tree()
    left = iter(items)
    for block in nodes(count):
        total = empty()
        for item in islice(left, len(block)):
            add(total, item)
        tree.add(total)
    deque(left, 0)  # `Job.track` and `Job.map` report the end after the last item
    return tree.total()


def nodes(views: int, level: int = 0) -> list[range]:
    """The views below each node of a level; level 0 has the blocks of FAN views."""
    size = FAN ** (level + 1)
    return list(starmap(range, ((at, min(at + size, views)) for at in range(0, views, size))))


def highest(views: int, parts: int) -> int:
    """The highest level with at least `parts` nodes; 0 if there is none."""
    level = 0
    while len(nodes(views, level + 1)) >= max(parts, 1) and len(nodes(views, level)) > 1:
        level += 1
    return level
