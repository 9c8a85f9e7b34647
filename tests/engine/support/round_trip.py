"""Values of the wire's types: sent through the codec and compared."""

from __future__ import annotations

import numpy as np

from ludvig_engine.wire import codec
from ludvig_engine.wire.json_text import dump_json, parse_json


def traveled(value):
    """Through JSON text and frame bytes, as on the wire."""
    data, arrays = codec.encode(value)
    return codec.decode(type(value), parse_json(dump_json(data)), arrays)


def equal(a, b) -> bool:
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b)
    if hasattr(a, "__dataclass_fields__"):
        return type(a) is type(b) and all(
            equal(getattr(a, n), getattr(b, n)) for n in a.__dataclass_fields__
        )
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(equal, a, b))
    return type(a) is type(b) and a == b
