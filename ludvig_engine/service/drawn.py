"""The paint of the prompts that were asked for last, since each click repeats those before it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import numpy as np

from ..arrays import Array, Bool
from ..cache.store import key, key_of_array
from ..segmentation.paint import Paint
from ..wire import codec
from ..wire.methods import Prompt

# Bytes of paint that are kept for a scene: thousands of clicks, or 20 masks of 1600x1000 pixels.
MOST = 1 << 28


class Drawn:
    """Paint by what its prompts say; beyond `limit` bytes, the least recently used goes."""

    def __init__(self, limit: int = MOST) -> None:
        self._limit, self._size = limit, 0
        self._kept: OrderedDict[str, Paint] = OrderedDict()

    def paint(
        self, prompt: Prompt, rows: Bool[Array, " N"] | None, draw: Callable[[], Paint]
    ) -> Paint:
        """The paint of a prompt that was made while only `rows` were shown; drawn if not known."""
        about, arrays = codec.encode(prompt)
        if rows is not None:
            arrays["visible"] = np.packbits(rows)
        each = [key_of_array(array) for array in arrays.values()]
        name = key("paint", 1, [about, list(arrays)], *each)
        if name not in self._kept:
            self._kept[name] = draw()
            self._size += self._kept[name].nbytes
        self._kept.move_to_end(name)
        while self._size > self._limit and len(self._kept) > 1:
            self._size -= self._kept.popitem(last=False)[1].nbytes
        return self._kept[name]
