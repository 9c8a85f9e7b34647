"""The whole pipeline on a small scene; what the cache keeps, and what changes a key."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import small_scene
from ludvig_engine.cache.store import Cache
from ludvig_engine.errors import Cancelled, EngineError
from ludvig_engine.features import load_extractor
from ludvig_engine.features.maps import Lazy
from ludvig_engine.io.load import load_scene
from ludvig_engine.pipeline import Recipe, lifted_features, prepare
from ludvig_engine.progress import Job, cpu_count


class Counting:
    """The color extractor, counting its calls."""

    name = "counting"
    key = "counting-1"
    licence = "none"
    parallel = True

    def __init__(self):
        self.calls, self._extractor = 0, load_extractor("colour")

    def __call__(self, photo):
        self.calls += 1
        return self._extractor(photo)


@pytest.fixture
def folder(tmp_path):
    return small_scene.write(tmp_path / "scene")


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


def open_scene(folder):
    return load_scene(folder / "splats.ply", views=folder)


def test_cache_changes_nothing_but_the_work(folder, cache):
    extractor = Counting()
    plain = prepare(open_scene(folder), extractor)
    assert extractor.calls == 8
    first = prepare(open_scene(folder), extractor, cache=cache)
    assert extractor.calls == 16
    again = prepare(open_scene(folder), extractor, cache=cache)
    assert extractor.calls == 16
    for one in (first, again):
        np.testing.assert_array_equal(one.uplifted.features, plain.uplifted.features)
        np.testing.assert_array_equal(one.graph.distances, plain.graph.distances)
    assert plain.uplifted.features.shape == (4000, 40) and plain.extractor == "counting"


def test_an_added_photo_costs_one_photo(folder, cache):
    extractor, scene = Counting(), open_scene(folder)
    prepare(replace(scene, views=scene.views[:7]), extractor, cache=cache)
    assert extractor.calls == 7
    prepare(scene, extractor, cache=cache)
    assert extractor.calls == 8


def test_a_cancelled_run_resumes(folder, cache):
    extractor = Counting()

    class Impatient(Job):
        def cancelled(self):
            return extractor.calls >= 4

    with pytest.raises(Cancelled):
        prepare(open_scene(folder), extractor, cache=cache, job=Impatient())
    done = extractor.calls
    prepare(open_scene(folder), extractor, cache=cache)
    assert 4 <= done < 8
    # Photos under way at the cancellation were computed once, or twice.
    assert 8 <= extractor.calls <= 8 + 2 * cpu_count()


def test_what_changes_features_changes_their_key(folder, cache):
    extractor, scene = Counting(), open_scene(folder)
    lifted_features(scene, extractor, cache=cache)
    one = lifted_features(scene, extractor, recipe=Recipe(components=5), cache=cache)
    assert one.features.shape == (4000, 5)
    refined = lifted_features(scene, extractor, recipe=Recipe(components=5, refine=1), cache=cache)
    assert np.abs(refined.features - one.features).max() > 1e-3
    assert extractor.calls == 8  # the maps were the same
    extractor.key = "counting-2"
    lifted_features(scene, extractor, cache=cache)
    assert extractor.calls == 16


def test_changed_splats_are_lifted_again(folder, cache):
    extractor, scene = Counting(), open_scene(folder)
    before = lifted_features(scene, extractor, cache=cache)
    fainter = replace(
        scene,
        gaussians=replace(scene.gaussians, opacities=scene.gaussians.opacities * np.float32(0.5)),
    )
    assert (
        np.abs(lifted_features(fainter, extractor, cache=cache).weights - before.weights).max()
        > 0.1
    )
    painted = replace(scene, gaussians=replace(scene.gaussians, sh0=scene.gaussians.sh0 + 1))
    np.testing.assert_array_equal(
        lifted_features(painted, extractor, cache=cache).features, before.features
    )


def test_no_photos(folder):
    scene = load_scene(folder / "splats.ply")
    with pytest.raises(EngineError, match="no photos"):
        prepare(scene, load_extractor("colour"))


def test_order_of_the_file_changes_nothing(folder):
    scene = open_scene(folder)
    features = scene.to_file(lifted_features(scene, load_extractor("colour")).features)
    from ludvig_engine.io.ply import read_ply, write_ply

    ply, order = read_ply(folder / "splats.ply"), np.random.default_rng(5).permutation(4000)
    write_ply(folder / "splats.ply", ply.gaussians.take(order))
    other = open_scene(folder)
    turned = other.to_file(lifted_features(other, load_extractor("colour")).features)
    close = np.abs(turned - features[order]).max(1) < 1e-2
    assert close.mean() > 0.995  # Gaussians of equal depth may swap


def test_lazy():
    asked = []
    lazy = Lazy(lambda n: asked.append(n) or n * n, 4)
    assert asked == [] and lazy[2] == 4 and list(lazy) == [0, 1, 4, 9] and lazy[1:3] == [1, 4]
    with pytest.raises(IndexError):
        lazy[4]
