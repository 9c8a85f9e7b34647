"""Frames and messages that the wire must refuse, by what is wrong with them."""

from __future__ import annotations


def entry(dtype="U8", shape=(4,), offsets=(0, 4), **more) -> dict:
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets), **more}


# Headers of frames.
MALFORMED = {
    "not json": b"{",
    "not utf-8": b'{"a": "\xff"}',
    "utf-16": '{"a": 1}'.encode("utf-16"),
    "a list": [],
    "nan": b'{"a": NaN}',
    "nothing": b"",
    "metadata not strings": {"__metadata__": {"rpc": 1}},
    "metadata a list": {"__metadata__": []},
    "an entry that is no table": {"a": 3},
    "no dtype": {"a": {"shape": [4], "data_offsets": [0, 4]}},
    "an extra key": {"a": entry(extra=1)},
    "unknown dtype": {"a": entry("F8_E5M2")},
    "pickle dtype": {"a": entry("O")},
    "dtype not a string": {"a": entry(["U8"])},
    "negative offset": {"a": entry(offsets=(-4, 0))},
    "offsets backwards": {"a": entry(offsets=(4, 0))},
    "one offset": {"a": entry(offsets=(4,))},
    "no offsets": {"a": entry(offsets=())},
    "fractional offset": {"a": entry(offsets=(0.0, 4.0))},
    "boolean offset": {"a": entry(shape=(1,), offsets=(False, True))},
    "a gap at the start": {"a": entry(offsets=(4, 8))},
    "a gap": {"a": entry(), "b": entry(offsets=(5, 9))},
    "overlapping": {"a": entry(), "b": entry(offsets=(2, 6))},
    "the same bytes twice": {"a": entry(), "b": entry()},
    "too short for the shape": {"a": entry(offsets=(0, 3))},
    "too long for the shape": {"a": entry(offsets=(0, 5))},
    "negative side": {"a": entry(shape=(-1, -4))},
    "fractional side": {"a": entry(shape=(4.0,))},
    "a product that wraps round": {"a": entry("F32", (2**32, 2**32), (0, 0))},
    "absurd but empty": {"a": entry(shape=(0, 10**30), offsets=(0, 0))},
    "too many dimensions": {"a": entry(shape=(1,) * 40 + (4,))},
    "a path as a name": {"../../etc/passwd": entry()},
    "an absolute path as a name": {"/etc/passwd": entry()},
    "a backslash in a name": {"..\\a": entry()},
    "an empty name": {"": entry()},
    "a line break in a name": {"a\n": entry()},
    "a very long name": {"a" * 300: entry()},
    "too many arrays": {f"a{i}": entry(offsets=(4 * i, 4 * i + 4)) for i in range(5000)},
    "deeply nested": b"[" * 100_000,
    "deeply nested tables": b'{"a":' * 100_000,
    "deep, with strings that pretend to close it": b'{"]]]]]]]]]":[' * 100,
    "deep, with escaped quotes": b'["\\"]]]]]]]",' * 100,
    "a number of 5,000 digits": b'{"a": ' + b"1" * 5000 + b"}",
}  # fmt: skip

# The text of messages in frames that are whole.
NOT_MESSAGES = [
    "[]",
    "3",
    "",
    "{}",
    '{"jsonrpc": "1.0", "id": 1, "method": "m"}',
    '{"jsonrpc": "2.0", "id": 1}',
    '{"jsonrpc": "2.0", "id": null, "method": "m"}',
    '{"jsonrpc": "2.0", "id": 1.5, "method": "m"}',
    '{"jsonrpc": "2.0", "id": "1", "method": "m"}',
    '{"jsonrpc": "2.0", "id": true, "method": "m"}',
    '{"jsonrpc": "2.0", "id": 1, "method": 3}',
    '{"jsonrpc": "2.0", "id": 1, "method": "m", "params": [1]}',
    '{"jsonrpc": "2.0", "id": 1, "method": "m", "result": {}}',
    '[{"jsonrpc": "2.0", "id": 1, "method": "m"}]',
]
