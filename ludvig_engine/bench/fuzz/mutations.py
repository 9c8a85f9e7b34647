"""Damage to the bytes of a file, as by bad disks, cut downloads, careless programs, strangers."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from random import Random

# Numbers that programs have stumbled on, as texts and as bytes.
_TEXTS = (
    *(b"-1", b"0", b"-0", b"1e308", b"-1e308", b"1e400", b"1e-320", b"NaN", b"Infinity"),
    *(b"2147483648", b"4294967295", b"9223372036854775808", b"9" * 40, b"9" * 5000),
    *(b'"x"', b"null", b"[]", b"{}", b"true", b"[[]]", b"0.5", b"1e15", b"-1e16"),
)
_INTEGERS = (
    0,
    1,
    2,
    127,
    128,
    255,
    256,
    32767,
    65535,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**63,
    2**64 - 1,
)
_FLOATS = (0.0, -1.0, 1e38, 1e-38, 2e15, float("inf"), float("-inf"), float("nan"))
_NUMBER = re.compile(rb"-?\d+(\.\d+)?([eE][-+]?\d+)?")
# The first bytes, where counts and sizes are, are damaged more often.
_HEAD = 64


def mutate(content: bytes, random: Random) -> bytes:
    """The content with one to four kinds of damage."""
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        content = random.choice(_WAYS)(content, random)
    return content


def _place(content: bytes, random: Random) -> int:
    end = len(content) if random.random() < 0.6 else min(_HEAD, len(content))
    return random.randrange(end) if end else 0


def _piece(content: bytes, random: Random) -> tuple[int, int]:
    start = _place(content, random)
    return start, min(start + random.choice((1, 4, 16, 64, 1024)), len(content))


def _flip(content: bytes, random: Random) -> bytes:
    changed = bytearray(content)
    for _ in range(random.randint(1, 8)):
        if changed:
            changed[_place(content, random)] ^= 1 << random.randrange(8)
    return bytes(changed)


def _cut(content: bytes, random: Random) -> bytes:
    return content[: _place(content, random)]


def _insert(content: bytes, random: Random) -> bytes:
    at = _place(content, random)
    start, end = _piece(content, random)
    new = random.choice((random.randbytes(end - start), content[start:end] * 3, b"\0" * 16))
    return content[:at] + new + content[at:]


def _remove(content: bytes, random: Random) -> bytes:
    start, end = _piece(content, random)
    return content[:start] + content[end:]


def _fill(content: bytes, random: Random) -> bytes:
    start, end = _piece(content, random)
    return (
        content[:start] + random.choice((b"\0", b"\xff", b"\x80")) * (end - start) + content[end:]
    )


def _swap(content: bytes, random: Random) -> bytes:
    a, b, c, d = sorted(_place(content, random) for _ in range(4))
    return content[:a] + content[c:d] + content[b:c] + content[a:b] + content[d:]


def _number(content: bytes, random: Random) -> bytes:
    """Another number in the place of one in the text."""
    at = _place(content, random)
    found = _NUMBER.search(content, at) or _NUMBER.search(content)
    if not found:
        return _value(content, random)
    return content[: found.start()] + random.choice(_TEXTS) + content[found.end() :]


def _value(content: bytes, random: Random) -> bytes:
    """Another number in the place of some bytes."""
    order = random.choice(("<", ">"))
    if random.random() < 0.3:
        kind = random.choice(("f", "f", "d"))
        new = struct.pack(order + kind, random.choice(_FLOATS))
    else:
        size = random.choice((1, 2, 4, 8))
        value = random.choice(_INTEGERS) % 256**size
        new = value.to_bytes(size, "little" if order == "<" else "big")
    at = _place(content, random)
    return content[:at] + new + content[at + len(new) :]


def _lines(content: bytes, random: Random) -> bytes:
    """A line twice, not at all, or in another place."""
    lines = content.split(b"\n")
    first = random.randrange(min(len(lines), 80))
    second = random.randrange(min(len(lines), 80))
    way = random.randrange(3)
    if way == 0:
        lines.insert(second, lines[first])
    elif way == 1:
        del lines[first]
    else:
        lines[first], lines[second] = lines[second], lines[first]
    return b"\n".join(lines)


_WAYS: tuple[Callable[[bytes, Random], bytes], ...] = (
    *(_flip, _cut, _insert, _remove, _fill, _swap),
    *(_number, _number, _value, _value, _lines),
)
