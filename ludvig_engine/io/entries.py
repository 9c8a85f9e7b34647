"""Values from JSON files, each checked for what it is before anyone computes with it.

A JSON file may hold anything at any place: a list for a number, 1e999, null, "250". Readers ask an
`Entry` for a finite number, a text or a matrix, and get that or the product's own error.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ..arrays import Array, Float
from ..errors import EngineError


class Entry:
    """One object of a JSON file; `label` says which, in messages: "Frame 3 of a.json".

    Every method raises `EngineError` "bad_file" if the value is missing or of another kind. null
    counts as missing.
    """

    def __init__(self, values: object, label: str) -> None:
        self.label = label
        if not isinstance(values, Mapping):
            raise self.bad(f"it is {_brief(values)}, not an object")
        self._values: Mapping[str, Any] = values

    def __contains__(self, key: str) -> bool:
        return self._values.get(key) is not None

    def present(self, keys: Iterable[str]) -> list[str]:
        """Those of `keys` that have a value."""
        return [key for key in keys if key in self._values and self._values[key] is not None]

    def number(self, key: str, default: float | None = None) -> float:
        """A finite number; texts that are numbers count."""
        value = self._get(key, default)
        if isinstance(value, int | float | str) and not isinstance(value, bool):
            try:
                number = float(value)
            except (ValueError, OverflowError):  # "wide", and integers beyond 1e308
                number = math.nan
            if math.isfinite(number):
                return number
        raise self.bad(f"{key} is {_brief(value)}, not a finite number")

    def whole(self, key: str) -> int:
        """A number, rounded: instant-ngp writes sizes like 1920.0."""
        return round(self.number(key))

    def flag(self, key: str) -> bool | None:
        """True or False, or None if it is missing."""
        value = self._values.get(key)
        if value in (None, True, False):
            return None if value is None else bool(value)
        raise self.bad(f"{key} is {_brief(value)}, not true or false")

    def is_set(self, key: str) -> bool:
        """Whether the key has a value other than null and false."""
        return self._values.get(key) not in (None, False)

    def text(self, key: str, default: str | None = None) -> str:
        """A text; numbers count, because some trainers number their photos."""
        value = self._get(key, default)
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18:
            value = str(value)
        if isinstance(value, str) and not any("\ud800" <= letter <= "\udfff" for letter in value):
            return value
        raise self.bad(f"{key} is {_brief(value)}, not a text")

    def path(self, key: str) -> str:
        """A text with / between folders, without the ./ of this folder."""
        return self.text(key).replace("\\", "/").removeprefix("./")

    def array(self, key: str, *shapes: tuple[int, ...]) -> Float[Array, ...]:
        """A nested list of numbers, of one of `shapes`, as float64; it may hold NaN and infinity.

        Poses are checked as a whole, by `shots.Shot`.
        """
        value = self._get(key, None)
        try:
            array = np.array(value, np.float64)
        except (TypeError, ValueError, OverflowError):  # how NumPy says: no numbers, no rectangle
            array = np.empty(0)
        if not isinstance(value, list) or array.shape not in shapes:
            wanted = " or ".join("x".join(map(str, shape)) for shape in shapes)
            raise self.bad(f"{key} is {_brief(value)}, not {wanted} numbers")
        return array

    def bad(self, reason: str) -> EngineError:
        """The error about this entry."""
        return EngineError(
            "bad_file",
            f"{self.label} is not as expected: {reason}.",
            ["Export the cameras again, or choose the COLMAP folder instead."],
        )

    def _get(self, key: str, default: object) -> object:
        value = self._values.get(key)
        if value is None and default is None:
            raise self.bad(f"it has no {key}")
        return default if value is None else value


def _brief(value: object) -> str:
    """What a value is, in a few words, however large it is."""
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list):
        return f"a list of {len(value):,}"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 10**18:
        return "an integer beyond 10^18"
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
