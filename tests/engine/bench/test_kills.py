"""A kill of `ludvig bench kills`: what comes after is as if there had been none."""

from __future__ import annotations

import random
from functools import partial

import numpy as np

from ludvig_engine.bench import disk_scene, kills
from ludvig_engine.cache.store import Cache, key


def test_a_restart_gives_the_identical_answers(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)  # as users start it
    monkeypatch.setattr(disk_scene, "write", partial(disk_scene.write, count=500, views=3))
    wrong: list[str] = []
    figures = kills.run(1, seed=7, note=wrong.append)
    assert wrong == []
    assert figures["kills"] == figures["identical"] == 1


def test_what_is_damaged_is_never_used(tmp_path):
    """The damage that `kills` does, many times over."""
    rng = random.Random(0)
    dropped = 0
    values = {"values": np.arange(50, dtype=np.float32)}
    for number in range(300):
        folder = tmp_path / str(number)
        cache, name = Cache(folder), key("test", 1, number)
        cache.put(name, values)
        assert kills._damage(folder, rng)
        found = cache.get(name)
        if found is None:
            dropped += 1
            assert name not in cache
        else:  # a byte of the words for people, or of the space behind the header
            np.testing.assert_array_equal(found["values"], values["values"])
    assert dropped > 200
