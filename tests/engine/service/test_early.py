"""Answers from some of the photos, before the features of all are there."""

from __future__ import annotations

import numpy as np
import pytest

import small_scene
from ludvig_engine.planning import early
from ludvig_engine.service import state
from ludvig_engine.wire.methods import ComputeFeatures, FreeMemory, Prompt, RunSegment
from planted_words import PlantedExtractor
from service_tools import RED, RED_MASK, Service, opened, overlap

READ = 4


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return small_scene.write(tmp_path_factory.mktemp("scene"))


@pytest.fixture(autouse=True)
def everything_takes_long(monkeypatch):
    monkeypatch.setattr(early, "SOON", 0)
    monkeypatch.setattr(early, "FEWEST", READ)


@pytest.fixture
def service(tmp_path):
    return Service(tmp_path / "cache")


def ask(service, made, prompts=RED_MASK, **options):
    return service(RunSegment(opened(service, made).scene, prompts, **options))


def told(answer):
    return answer.read, answer.unread


def test_an_early_answer_and_the_final_one(service, made, tmp_path):
    count = len(small_scene.cameras())
    first = ask(service, made, RED, early=True)
    assert told(first) == (READ, count - READ)
    red = np.load(made / "names.npy") == "red"
    assert overlap(first.selected, red) > 0.8
    final = ask(service, made, RED)
    assert told(final) == (count, 0)
    # What was read before leaves no trace in it.
    fresh = ask(Service(tmp_path / "other"), made, RED)
    np.testing.assert_array_equal(final.scores, fresh.scores)
    assert final.timings["extract"] > 0


def test_once_there_are_all_features_they_are_used(service, made, tmp_path):
    count = len(small_scene.cameras())
    assert told(ask(service, made)) == (count, 0)
    assert told(ask(service, made, early=True)) == (count, 0)
    service(FreeMemory())
    assert told(ask(service, made, early=True)) == (count, 0), "they are in the cache"
    assert told(ask(Service(service.cache.folder), made, early=True)) == (count, 0)
    assert told(ask(Service(tmp_path / "other"), made, early=True)) == (READ, count - READ)


def test_further_prompts_read_no_more_photos(service, made, monkeypatch):
    ask(service, made, early=True)
    # Nor is the cache asked again, which takes the keys of all splats and photos.
    monkeypatch.setattr(state, "is_lifted", lambda *_args, **_options: pytest.fail("asked again"))
    again = ask(service, made, early=True)
    assert again.unread and "extract" not in again.timings and "uplift" not in again.timings


def test_early_features_do_not_stay_in_memory(service, made):
    ask(service, made, early=True)
    size = service.state.recent.size
    ask(service, made)
    assert not any("early" in key for key in service.state.recent._kept)
    assert service.state.recent.size < 1.5 * size


@pytest.mark.parametrize("scarce", [False, True])
def test_both_are_in_memory_only_if_there_is_plenty(service, made, scarce, monkeypatch):
    ask(service, made, early=True)
    kept = service.state.recent
    kept.limit = kept.size * (1 if scarce else 3)
    make, there = state.prepare, []

    def prepare(*args, **options):
        there.append(any("early" in key for key in kept._kept))
        return make(*args, **options)

    monkeypatch.setattr(state, "prepare", prepare)
    assert not ask(service, made).unread
    assert there == [not scarce]


def test_the_photos_that_were_read_are_not_read_again(service, made):
    """The maps of the early photos are taken from the cache."""
    ask(service, made, early=True)
    before = {path for path in service.cache.folder.rglob("*") if path.is_file()}
    service(ComputeFeatures(opened(service, made).scene))
    kept = [p for p in service.cache.folder.rglob("*") if p.is_file() and p not in before]
    maps = [path for path in kept if b"map of photo" in path.read_bytes()[:1000]]
    assert len(maps) == len(small_scene.cameras()) - READ


def test_words_need_all_photos(service, made, monkeypatch):
    monkeypatch.setattr(state.State, "encoder", lambda self, job: PlantedExtractor(0.5))
    words = Prompt("text", text="tomato")
    scene = opened(service, made).scene
    answer = service(RunSegment(scene, (words,), early=True))
    assert not answer.unread
