"""Who adds up which views: nodes of the tree of sums, dealt out evenly."""

from __future__ import annotations

import re
from itertools import pairwise

from ..errors import EngineError, plural
from ..rendering.tree import FAN, highest, nodes


def shares(views: int, parts: int) -> list[list[range]]:
    """For each part, the nodes of the tree that it computes, each as the range of its views.

    All nodes are of one level, the highest at which every part has one, so a part has few sums. The
    parts in a row have the nodes in a row. Raises `EngineError` "bad_input" if there are more parts
    than blocks of FAN views.
    """
    blocks = len(nodes(views))
    if parts > blocks:
        raise EngineError(
            "bad_input",
            f"There is nothing to do for some of {plural(parts, 'shard')}: "
            f"{plural(views, 'view')} make {plural(blocks, 'block')} of {FAN}.",
            [f"Use at most {plural(blocks, 'shard')}."],
        )
    every = nodes(views, highest(views, parts))
    edges = [part * len(every) // parts for part in range(parts + 1)]
    return [every[start:end] for start, end in pairwise(edges)]


def parsed(shard: str) -> tuple[int, int]:
    """The number of a shard, from 1, and of all: "3/64" is (3, 64).

    Raises `EngineError` "bad_input" if it is no such text, or the number is not one of them.
    """
    match = re.fullmatch("([0-9]{1,6})/([0-9]{1,6})", shard.strip())
    number, parts = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= number <= parts:
        raise EngineError(
            "bad_input",
            f'"{shard}" is no shard.',
            ["Write its number and how many there are, such as 3/64: from 1/64 to 64/64."],
        )
    return number, parts
