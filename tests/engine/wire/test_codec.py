"""The codec gives back what it was given, and refuses by name what does not fit its type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ludvig_engine.errors import EngineError
from ludvig_engine.wire import codec
from round_trip import equal, traveled

Array = np.ndarray


@dataclass(frozen=True)
class Part:
    xy: Annotated[Array, "F32", "P 2"] | None = None
    kind: Literal["dot", "line"] = "dot"


@dataclass(frozen=True)
class Whole:
    name: str
    means: Annotated[Array, "F32", "N 3"]
    mask: Annotated[Array, "BOOL", "N"] | None = None
    parts: tuple[Part, ...] = ()
    inner: Part | None = None
    size: tuple[int, int] = (1, 2)
    ratio: float | None = None
    on: bool = True
    times: dict[str, float] = None  # type: ignore[assignment]


points = st.integers(0, 4).map(
    lambda count: np.arange(2 * count, dtype=np.float32).reshape(count, 2)
)
parts = st.builds(Part, st.none() | points, st.sampled_from(["dot", "line"]))
wholes = st.integers(0, 5).flatmap(
    lambda n: st.builds(
        Whole,
        st.text(st.characters(exclude_characters="\0", exclude_categories=[])),
        st.just(np.ones((n, 3), np.float32)),
        st.none() | st.just(np.zeros(n, bool)),
        st.lists(parts, max_size=3).map(tuple),
        st.none() | parts,
        st.tuples(st.integers(-9, 9), st.integers(0, 2**52)),
        st.none() | st.floats(allow_nan=False, allow_infinity=False),
        st.booleans(),
        st.dictionaries(st.text(), st.floats(-1, 1), max_size=3),
    )
)


@given(wholes)
def test_what_goes_in_comes_out(value):
    assert equal(traveled(value), value)


def test_arrays_are_named_by_their_path():
    value = Whole(
        "a",
        np.ones((2, 3), np.float32),
        parts=(Part(), Part(np.ones((1, 2), np.float32))),
        times={},
    )
    data, arrays = codec.encode(value)
    assert sorted(arrays) == ["means", "parts.1.xy"]
    assert data == {
        "name": "a",
        "parts": [{"kind": "dot"}, {"kind": "dot"}],
        "size": [1, 2],
        "on": True,
        "times": {},
    }


def test_safe_conversions_only():
    def sent(means):
        return codec.encode(Whole("a", means))[1]["means"]

    assert sent(np.ones((2, 3))).dtype == np.float32
    assert sent(np.ones((2, 3), int)).dtype == np.float32
    assert np.shares_memory(sent(kept := np.ones((2, 3), np.float32)), kept)
    with pytest.raises(EngineError, match="means holds complex128, expected float32"):
        sent(np.ones((2, 3), complex))
    numpy_numbers = Whole(
        "a", np.ones((0, 3), np.float32), size=(np.int64(3), np.int32(4)), ratio=np.float32(2)
    )
    assert equal(
        traveled(numpy_numbers), Whole("a", np.ones((0, 3), np.float32), size=(3, 4), ratio=2.0)
    )


GOOD = {"name": "a"}
MEANS = np.ones((2, 3), np.float32)
BAD = {
    "name is missing": ({}, {"means": MEANS}),
    "means is missing": (GOOD, {}),
    "'colour' is not known": ({**GOOD, "colour": 1}, {"means": MEANS}),
    "'means' is not known": ({**GOOD, "means": [[1, 2, 3]]}, {"means": MEANS}),
    "extra is an array nobody asked for": (GOOD, {"means": MEANS, "extra": MEANS}),
    "name is an array nobody asked for": (GOOD, {"means": MEANS, "name": MEANS}),
    "parts.7.xy is an array nobody asked for": (GOOD, {"means": MEANS, "parts.7.xy": MEANS}),
    "means holds float64, expected float32": (GOOD, {"means": MEANS.astype(float)}),
    r"means has shape \(3,\), expected \(N, 3\)": (GOOD, {"means": MEANS[0]}),
    r"means has shape \(3, 2\), expected \(N, 3\)": (GOOD, {"means": MEANS.T}),
    r"mask has shape \(3,\), expected \(N\), N = 2": (
        GOOD,
        {"means": MEANS, "mask": np.zeros(3, bool)},
    ),
    "name is 3, expected str": ({"name": 3}, {"means": MEANS}),
    "name has 65,537 characters, but 65,536 are allowed": (
        {"name": "a" * 65_537},
        {"means": MEANS},
    ),
    "name holds a zero byte": ({"name": "a\0.ply"}, {"means": MEANS}),
    "on is 1, expected bool": ({**GOOD, "on": 1}, {"means": MEANS}),
    "ratio is True, expected float": ({**GOOD, "ratio": True}, {"means": MEANS}),
    "ratio is not a finite number": ({**GOOD, "ratio": float("inf")}, {"means": MEANS}),
    "ratio is too large a number": ({**GOOD, "ratio": 10**400}, {"means": MEANS}),
    "size has 3 items, expected 2": ({**GOOD, "size": [1, 2, 3]}, {"means": MEANS}),
    "size.1 is 2.0, expected int": ({**GOOD, "size": [1, 2.0]}, {"means": MEANS}),
    "size.0 is too large a number": ({**GOOD, "size": [2**60, 2]}, {"means": MEANS}),
    "size is '12', expected list": ({**GOOD, "size": "12"}, {"means": MEANS}),
    r"parts is \{\}, expected list": ({**GOOD, "parts": {}}, {"means": MEANS}),
    "parts.0 is 'dot', expected dict": ({**GOOD, "parts": ["dot"]}, {"means": MEANS}),
    "parts.0.kind is 'blob', expected one of dot, line": (
        {**GOOD, "parts": [{"kind": "blob"}]},
        {"means": MEANS},
    ),
    r"inner.kind is \['dot'\]": ({**GOOD, "inner": {"kind": ["dot"]}}, {"means": MEANS}),
    r"inner.xy has shape \(2, 3\), expected \(P, 2\)": (
        {**GOOD, "inner": {}},
        {"means": MEANS, "inner.xy": MEANS},
    ),
    r"times is \[\], expected dict": ({**GOOD, "times": []}, {"means": MEANS}),
    "times.a is 'b', expected float": ({**GOOD, "times": {"a": "b"}}, {"means": MEANS}),
    "The message is 3, expected dict": (3, {}),
}


@pytest.mark.parametrize("said", BAD)
def test_what_does_not_fit_is_refused_by_name(said):
    with pytest.raises(EngineError, match=said) as caught:
        codec.decode(Whole, *BAD[said])
    assert caught.value.kind == "bad_request"


def test_a_hostile_name_stays_on_one_short_line():
    with pytest.raises(EngineError) as caught:
        codec.decode(Whole, {"a\nb" * 1000: 1}, {})
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 100


def test_a_string_is_not_a_tuple_of_letters():
    with pytest.raises(EngineError, match="parts is 'abc', expected a tuple"):
        codec.encode(Whole("a", MEANS, parts="abc"))


def test_numbers_may_be_written_without_a_point():
    assert codec.decode(Whole, {**GOOD, "ratio": 1}, {"means": MEANS}).ratio == 1.0
