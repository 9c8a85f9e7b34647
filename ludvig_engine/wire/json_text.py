"""JSON exactly as standardized, from a peer that may be hostile or a disk that may be damaged.

Standard library and NumPy only: this also runs inside Blender.
"""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np

from ..errors import EngineError

MAX_DEPTH = 32  # of nested JSON


class ProtocolError(EngineError):
    """Bytes that the protocol does not allow. The connection to their sender must be closed."""

    def __init__(self, message: str) -> None:
        super().__init__("protocol", message[:300])  # it may quote the sender


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, unless a name is in it twice.

    Readers disagree on which of the two counts, so a check by one does not hold for another.
    """
    table = dict(pairs)
    if len(table) < len(pairs):
        raise ValueError("a name is in it twice")
    return table


_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False)
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, object_pairs_hook=_table)
# The quantifiers are possessive, so matching takes linear time on any input.
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_NO_BRACKET = {code: None for code in range(128) if chr(code) not in "[]{}"}


def dump_json(value: object) -> str:
    """Compact JSON. Raises ValueError for NaN and infinity, which JSON does not have."""
    return _ENCODER.encode(value)


def parse_json(text: bytes | bytearray | str) -> Any:
    """JSON exactly as standardized: UTF-8, no NaN, no infinity, no name twice in an object.

    It is nested at most `MAX_DEPTH` deep. Raises `ProtocolError` for anything else.
    """
    try:
        text = text if isinstance(text, str) else text.decode()
        if text.count("[") + text.count("{") > MAX_DEPTH:  # otherwise it cannot be too deep
            _check_depth(text)
        return _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        # ValueError stands for bad UTF-8, bad JSON and numbers of thousands of digits.
        raise ProtocolError(f"bytes that are not JSON ({str(error)[:80]})") from error


def _check_depth(text: str) -> None:
    """Raise `ProtocolError` if JSON is nested too deep.

    The decoder recurses on the C stack, which is small in the threads of some systems, so deep JSON
    must not reach it.
    """
    brackets = _STRING.sub("", text).translate(_NO_BRACKET).encode("ascii", "ignore")
    steps = np.where(np.isin(np.frombuffer(brackets, np.uint8), list(b"[{")), 1, -1)
    if steps.cumsum().max(initial=0) > MAX_DEPTH:
        raise ProtocolError(f"JSON nested more than {MAX_DEPTH} deep")
