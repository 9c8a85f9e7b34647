"""Dataclasses to JSON and arrays, and back, checked in both directions.

The types of the fields describe everything. `means: Annotated[Array, "F32", "N 3"]` is an array of
that dtype with two axes, the second of length 3; N must be the same in all fields of one object. An
array does not appear in the JSON: it is the frame's array that is named by the path to its field,
such as `prompts.0.pixels`. Fields may be bool, int, float, str, Literal, `X | None`, tuple[X, ...],
tuple[X, Y], dict[str, X] and other such dataclasses.

Standard library and NumPy only: this also runs inside Blender.
"""

from __future__ import annotations

import functools
import math
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

from ..errors import EngineError
from .frames import DTYPES

# Characters of one text. Paths have at most 32,767 on any system; errors quote what they are about.
MAX_TEXT = 1 << 16

T = TypeVar("T")
Arrays = dict[str, np.ndarray]


def encode(value: Any) -> tuple[dict[str, Any], Arrays]:
    """The JSON and the arrays of a dataclass.

    Lists, and arrays of another dtype, are converted if that is safe. Raises `EngineError`
    "bad_request", which names the field, if a value does not fit its type.
    """
    arrays: Arrays = {}
    return _encode_fields(type(value), value, "", arrays), arrays


def decode(kind: type[T], data: object, arrays: Mapping[str, np.ndarray]) -> T:
    """The dataclass `kind` from JSON and arrays. Nothing is converted and nothing is ignored.

    Raises `EngineError` "bad_request", which names the field, if anything is missing or unknown, or
    does not fit its type.
    """
    left = dict(arrays)
    value: T = _decode_fields(kind, data, "", left)
    if left:
        raise _bad(next(iter(left)), "is an array nobody asked for")
    return value


@functools.cache
def hints(kind: type) -> dict[str, Any]:
    """The types of a dataclass's fields, by name."""
    found = get_type_hints(kind, include_extras=True)
    return {field.name: found[field.name] for field in fields(kind)}


def array_type(hint: Any) -> tuple[str, str] | None:
    """The dtype and shape of `Annotated[Array, dtype, shape]` (or that `| None`), else None."""
    return next(
        (part.__metadata__ for part in (hint, *get_args(hint)) if hasattr(part, "__metadata__")),
        None,
    )


def _bad(path: str, what: str) -> EngineError:
    return EngineError("bad_request", f"{path or 'The message'} {what}.")


def _encode(hint: Any, value: Any, path: str, arrays: Arrays) -> Any:
    if is_dataclass(hint):
        return _encode_fields(hint, value, path, arrays)  # type: ignore[arg-type]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (types.UnionType, Union):  # X | None; the caller has dealt with None
        return _encode(arguments[0], value, path, arrays)
    if origin is tuple:
        # A lone string would otherwise be sent as a list of its letters.
        if not isinstance(value, list | tuple):
            raise _bad(path, f"is {value!r:.40}, expected a tuple")
        return [
            _encode(kind, item, inner, arrays)
            for kind, item, inner in _items(arguments, value, path)
        ]
    if origin is dict:
        return {
            name: _encode(arguments[1], item, _join(path, name), arrays)
            for name, item in value.items()
        }
    return _check_scalar(hint, value.item() if isinstance(value, np.generic) else value, path)


def _encode_fields(kind: type, value: Any, path: str, arrays: Arrays) -> dict[str, Any]:
    if not isinstance(value, kind):
        raise _bad(path, f"is {value!r:.40}, expected {kind.__name__}")
    data, sizes = {}, dict[str, int]()
    for name, hint in hints(kind).items():
        part, inner = getattr(value, name), _join(path, name)
        if part is None:
            continue
        if found := array_type(hint):
            arrays[inner] = _to_array(part, DTYPES[found[0]], inner)
            _check_shape(arrays[inner], found[1], inner, sizes)
        else:
            data[name] = _encode(hint, part, inner, arrays)
    return data


def _decode(hint: Any, data: Any, path: str, arrays: Arrays) -> Any:
    if is_dataclass(hint):
        return _decode_fields(hint, data, path, arrays)  # type: ignore[arg-type]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (types.UnionType, Union):
        return _decode(arguments[0], data, path, arrays)
    if origin is tuple:
        _check_type(list, data, path)
        return tuple(
            _decode(kind, item, inner, arrays)
            for kind, item, inner in _items(arguments, data, path)
        )
    if origin is dict:
        _check_type(dict, data, path)
        return {
            name: _decode(arguments[1], item, _join(path, name), arrays)
            for name, item in data.items()
        }
    return _check_scalar(hint, data, path)


def _decode_fields(kind: type, data: Any, path: str, arrays: Arrays) -> Any:
    _check_type(dict, data, path)
    known = hints(kind)
    values = {}
    sizes = dict[str, int]()
    for name in data:
        if name not in known or array_type(known[name]):
            raise _bad(_join(path, f"{name!r:.40}"), "is not known")
    for field in fields(kind):
        hint, inner = known[field.name], _join(path, field.name)
        if (found := array_type(hint)) and inner in arrays:
            values[field.name] = array = arrays.pop(inner)
            if array.dtype != DTYPES[found[0]]:
                raise _bad(inner, f"holds {array.dtype}, expected {DTYPES[found[0]]}")
            _check_shape(array, found[1], inner, sizes)
        elif data.get(field.name) is not None:
            values[field.name] = _decode(hint, data[field.name], inner, arrays)
        elif field.default is MISSING and field.default_factory is MISSING:
            raise _bad(inner, "is missing")
    return kind(**values)


def _to_array(value: Any, dtype: np.dtype[Any], path: str) -> np.ndarray:
    try:
        array = np.asarray(value)
    except ValueError as error:  # rows of different lengths
        raise _bad(path, f"is not an array ({error})") from error
    if array.size and not np.can_cast(array.dtype, dtype, "same_kind"):
        raise _bad(path, f"holds {array.dtype}, expected {dtype}")
    return array.astype(dtype, copy=False)


def _check_shape(array: np.ndarray, shape: str, path: str, sizes: dict[str, int]) -> None:
    """Compare an array with its declared shape, such as "N 3".

    `sizes` holds the lengths of the axes of this object by name, as far as they are known; new ones
    are added.
    """
    expected = shape.split()
    known = "".join(f", {name} = {sizes[name]:,}" for name in expected if name in sizes)
    if len(expected) != array.ndim or any(
        size != (int(name) if name.isdigit() else sizes.setdefault(name, size))
        for name, size in zip(expected, array.shape, strict=True)
    ):
        raise _bad(path, f"has shape {array.shape}, expected ({', '.join(expected)}){known}")


def _check_type(kind: type, value: Any, path: str) -> None:
    # type() and not isinstance(), because bool is a subclass of int.
    if type(value) is not kind:
        raise _bad(path, f"is {value!r:.40}, expected {kind.__name__}")


def _check_scalar(hint: Any, value: Any, path: str) -> Any:
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise _bad(path, f"is {value!r:.40}, expected one of {', '.join(get_args(hint))}")
        return value
    # Many JSON readers lose digits of larger numbers.
    if type(value) is int and abs(value) >= 2**53:
        raise _bad(path, "is too large a number")
    if hint is float and type(value) is int:  # 1.0 may be written as 1
        value = float(value)
    _check_type(hint, value, path)
    if hint is float and not math.isfinite(value):
        raise _bad(path, "is not a finite number")
    if hint is str and len(value) > MAX_TEXT:
        raise _bad(path, f"has {len(value):,} characters, but {MAX_TEXT:,} are allowed")
    if hint is str and "\0" in value:  # file names cannot contain one
        raise _bad(path, "holds a zero byte")
    return value


def _items(
    arguments: tuple[Any, ...], values: Sequence[Any], path: str
) -> Iterator[tuple[Any, Any, str]]:
    """The type, value and path of each item of a tuple."""
    kinds = [arguments[0]] * len(values) if arguments[-1] is Ellipsis else arguments
    if len(values) != len(kinds):
        raise _bad(path, f"has {len(values)} items, expected {len(kinds)}")
    return zip(kinds, values, (_join(path, i) for i in range(len(values))), strict=True)


def _join(path: str, name: object) -> str:
    return f"{path}.{name}" if path else str(name)
