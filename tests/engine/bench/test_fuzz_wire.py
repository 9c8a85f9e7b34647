"""Odd requests to the real engine: some hundred of the 20,000 of `ludvig bench fuzz-wire`."""

from __future__ import annotations

import random
import sys

import numpy as np
import pytest

from ludvig_engine.bench import fuzz_wire
from ludvig_engine.bench.odd_requests import OWN, Maker, World
from ludvig_engine.errors import EngineError
from ludvig_engine.wire import codec
from ludvig_engine.wire.methods import METHODS, Prompt, RunSegment

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
WORLD = World({"scene": ["s"], "view": ["v"], "kind": ["click", "box", "mask", "text"]}, 30)


def made(kind, seed: int, *, odd: bool):
    maker = Maker(WORLD, random.Random(seed))
    return maker.odd(kind) if odd else maker.sound(kind)


def accepted(kind, params, arrays) -> bool:
    try:
        codec.decode(kind, params, arrays)
    except EngineError as error:
        assert error.kind == "bad_request", error
        return False
    return True


@pytest.mark.parametrize("kind", OWN, ids=lambda kind: kind.method)
def test_the_codec_takes_or_refuses_whatever_is_made(kind):
    """Many sound requests are taken, and of those with fields some odd ones are not."""
    sound = [accepted(kind, *made(kind, seed, odd=False)) for seed in range(200)]
    odd = [accepted(kind, *made(kind, seed, odd=True)) for seed in range(200)]
    assert sum(sound) > 20
    assert not all(odd)


def test_every_method_but_those_of_the_connection_is_there():
    own = {kind for kind in METHODS.values() if kind.__module__.startswith("ludvig_engine.wire")}
    assert {kind.method for kind in own - set(OWN)} == {"hello", "initialize", "shutdown"}


def test_the_same_seed_makes_the_same_request():
    for seed in range(20):
        (params, arrays), (others, more) = (made(RunSegment, seed, odd=True) for _ in range(2))
        assert repr(params) == repr(others) and list(arrays) == list(more)
        assert all(np.array_equal(arrays[n], more[n], equal_nan=True) for n in arrays
                   if arrays[n].dtype.kind == "f")  # fmt: skip


@pytest.mark.parametrize("place", ["pixels", "points", "mask"])
def test_a_text_has_no_place(place):
    where = {
        "pixels": np.zeros((1, 2), np.float32),
        "points": np.zeros((1, 3), np.float32),
        "mask": np.zeros((2, 2), bool),
    }[place]
    with pytest.raises(EngineError, match="exactly one of text, pixels"):
        Prompt("text", text="a pot", **{place: where})


@linux
def test_the_engine_answers_refuses_or_hangs_up_and_goes_on(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)  # as users start it
    wrong: list[str] = []
    figures = fuzz_wire.run(250, seed=7, note=wrong.append)
    assert wrong == []
    assert figures["answered"] > 20 and figures["refused"] > 100 and figures["closed"] > 40
    assert figures["threads_growth"] <= 4 and figures["descriptors_growth"] <= 2
    assert figures["memory_MB"] < 3000
