"""Requests of every method on the wire, made from the types of their fields: sound and odd ones.

Sound ones fit their types and often name things that exist, so they reach the computations. Odd
ones have something exchanged that a client should not send.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from typing import Any, get_args, get_origin

import numpy as np

from ..wire.codec import array_type, hints
from ..wire.frames import DTYPES
from ..wire.methods import METHODS, Hello, Initialize, OpenScene, Prompt, Request, Shutdown

Params = dict[str, Any]
Arrays = dict[str, np.ndarray]

# All but those that begin and end a connection.
OWN = [kind for kind in METHODS.values() if kind not in (Hello, Initialize, Shutdown)]
SIZES = (0, 1, 2, 3, 4, 7, 90, 120)  # of axes with a free length; two are the sides of a photo
INTEGERS = (0, 1, 2, 3, 40, 90, 120, 500, 1000, -1, 2**15, 2**31, 2**53 - 1, -(2**53) + 1)
NUMBERS = (0.0, 0.3, 0.5, 1.0, 3.0, 40.0, -1.0, 1e-9, 1e9, 1e300, -1e300, 5e-324)
TEXTS = ("", "a", "red ball", "../../etc/passwd", "\ud800", "\x1b[2J\n", "é" * 300, "a" * 70_000)
# What may stand in the place of anything in JSON.
THINGS: tuple[Any, ...] = (None, True, False, [], {}, [[]], {"": 0}, "NaN", [None] * 100)
ODD = (*THINGS, *TEXTS, *INTEGERS, *NUMBERS, 2**64, -(2**200), [0.5, 1, 2], {"a": {"b": 1}})
VALUES = (0, 1, -1, 0.5, 100, 1e-38, 1e9, 3e38, -3e38, np.nan, np.inf)


@dataclass(frozen=True)
class World:
    """What there is to name: values of text fields by the field's name, and rows of the splats."""

    texts: Mapping[str, Sequence[str]]
    count: int


class Maker:
    """Makes requests from random numbers."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self._world = world
        self._rng = rng
        self._arrays: Arrays = {}

    def sound(self, kind: type[Request[Any]]) -> tuple[Params, Arrays]:
        """The params and arrays of a request whose fields fit their types."""
        self._arrays = {}
        return self._object(kind, ""), self._arrays

    def odd(self, kind: type[Request[Any]]) -> tuple[Params, Arrays]:
        """A sound request in which one to three things are exchanged."""
        params, arrays = self.sound(kind)
        for _ in range(self._rng.randint(1, 3)):
            if arrays and self._rng.random() < 0.5:
                self._spoil_array(arrays)
            else:
                params = self._spoil(params)
        return (params if isinstance(params, dict) else {"params": params}), arrays

    # ---- values that fit a type

    def _object(self, kind: Any, path: str) -> Params:
        sizes = {"N": self._rng.choice([self._world.count] * 4 + [1, 0, 3])}
        data: Params = {}
        wanted: dict[str, bool] = {}
        if kind is Prompt:
            wanted = self._fields_of_a_prompt()
        elif kind is OpenScene:
            wanted = self._fields_of_a_scene()
        for name, hint in hints(kind).items():
            inner = f"{path}.{name}" if path else name
            # Whatever may be missing often is.
            missing = self._is_optional(hint) and self._rng.random() < 0.6
            if not wanted.get(name, not missing):
                continue
            if found := array_type(hint):
                self._arrays[inner] = self._array(*found, sizes)
            else:
                data[name] = self._value(hint, name, inner)
        return data

    def _fields_of_a_prompt(self) -> dict[str, bool]:
        """Which of the fields that exclude each other are there; mostly as it should be."""
        place = self._rng.choice(["pixels", "pixels", "points", "mask", "text"])
        seen = self._rng.choice(["view", "viewport"])
        there = {name: name == place for name in ("pixels", "points", "mask", "text")}
        there |= {name: name == seen and place != "points" for name in ("view", "viewport")}
        return there if self._rng.random() < 0.9 else {}

    def _fields_of_a_scene(self) -> dict[str, bool]:
        """The same for where cameras come from."""
        seen = self._rng.choice(["views", "cameras"])
        there = {name: name == seen for name in ("views", "cameras")}
        return there if self._rng.random() < 0.9 else {}

    def _value(self, hint: Any, name: str, path: str) -> Any:
        if is_dataclass(hint):
            return self._object(hint, path)
        if self._is_optional(hint):
            return self._value(get_args(hint)[0], name, path)
        if get_origin(hint) is tuple:
            inner, count = get_args(hint)[0], self._rng.choice([0, 1, 1, 2, 3])
            return [self._value(inner, name, f"{path}.{n}") for n in range(count)]
        if hint is str:
            known = [*self._world.texts.get(name, ())]
            known *= 1 + 50 // max(len(known), 1)  # mostly these
            return self._rng.choice([*known, *TEXTS])
        if hint is bool:
            return self._rng.random() < 0.5
        return self._rng.choice(INTEGERS if hint is int else NUMBERS)

    def _array(self, dtype: str, shape: str, sizes: dict[str, int]) -> np.ndarray:
        sides = [
            int(name) if name.isdigit() else sizes.setdefault(name, self._rng.choice(SIZES))
            for name in shape.split()
        ]
        noise = np.random.default_rng(self._rng.getrandbits(32))
        if dtype == "BOOL":
            return noise.random(sides) < 0.5
        scale = self._rng.choice([1, 1, 50, 100, 1e-30, 1e30])
        return (noise.random(sides) * scale).astype(DTYPES[dtype])

    @staticmethod
    def _is_optional(hint: Any) -> bool:
        return type(None) in get_args(hint)

    # ---- values that do not

    def _spoil(self, params: Any) -> Any:
        """Exchange, remove or add one thing somewhere in JSON."""
        params = copy.deepcopy(params)
        places = list(_places(params))
        if not places:
            return {"odd": self._rng.choice(ODD)}
        holder, place = self._rng.choice(places)
        action = self._rng.random()
        if action < 0.7:
            holder[place] = copy.deepcopy(self._rng.choice(ODD))
        elif action < 0.85:
            del holder[place]
        elif isinstance(holder, dict):
            holder[self._rng.choice(TEXTS)] = self._rng.choice(ODD)
        else:
            holder.extend(copy.deepcopy(holder) * 10)
        return params

    def _spoil_array(self, arrays: Arrays) -> None:
        name = self._rng.choice(list(arrays))
        array = arrays[name]
        match self._rng.randrange(6):
            case 0:
                with np.errstate(all="ignore"):
                    other = DTYPES[self._rng.choice(list(DTYPES))]
                    arrays[name] = np.nan_to_num(array).astype(other)
            case 1:
                arrays[name] = array.reshape(-1)
            case 2:
                arrays[name] = array[: self._rng.choice([0, 1, 2])]
            case 3:
                del arrays[name]
            case 4:
                arrays[self._rng.choice(["odd", "prompts.0.mask", "cloud.means"])] = array
            case 5 if array.size and array.dtype.kind == "f":
                spoiled = array.copy()
                rows = self._rng.choice([slice(0, 1), slice(None), slice(None, None, 3)])
                with np.errstate(over="ignore"):  # in half precision, 3e38 is infinite
                    spoiled.reshape(-1)[rows] = self._rng.choice(VALUES)
                arrays[name] = spoiled


def _places(value: Any) -> list[tuple[Any, Any]]:
    """All holders in JSON with their keys or indices."""
    found = []
    if isinstance(value, dict | list):
        for place in list(value) if isinstance(value, dict) else range(len(value)):
            found.append((value, place))
            found += _places(value[place])
    return found


def choose(rng: random.Random) -> type[Request[Any]]:
    """A method, more often one that computes."""
    weights = [5 if "segment" in kind.method else 1 for kind in OWN]
    return rng.choices(OWN, weights)[0]
