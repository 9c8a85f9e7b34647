"""Uplift on Ray: the bits of one process, whatever ends when and whoever is killed."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import nullcontext
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
from waiting import wait_for

import many_views
from ludvig_engine.cache.store import Cache
from ludvig_engine.cluster import on_ray, tasks
from ludvig_engine.cluster.flag import Flag
from ludvig_engine.errors import Cancelled, EngineError
from ludvig_engine.io.load import load_scene
from ludvig_engine.pipeline import Recipe, lifted_features
from ludvig_engine.planning.renders import with_renders
from ludvig_engine.progress import Job

ray = pytest.importorskip("ray", reason="ray is not installed")
pytestmark = pytest.mark.filterwarnings("default")  # Ray's own

WORKERS = 2
SUPPORT = Path(many_views.__file__).parent


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A cluster of this machine, whose workers find the modules that tests use."""
    roots = [str(path) for path in (SUPPORT, SUPPORT.parents[1], SUPPORT.parents[2])]
    before = os.environ.get("PYTHONPATH", "")
    os.environ["PYTHONPATH"] = os.pathsep.join([*roots, before])
    options = {"include_dashboard": False, "log_to_driver": False, "logging_level": "error"}
    # Idle workers stay: each that Ray starts anew takes three seconds to import.
    options |= {"_system_config": {"idle_worker_killing_time_threshold_ms": 600_000}}
    ray.init("local", num_cpus=WORKERS, **options)
    os.environ["PYTHONPATH"] = before
    yield
    ray.shutdown()


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    folder = many_views.write(tmp_path_factory.mktemp("scene"))
    return load_scene(folder / "splats.ply", views=folder)


@pytest.fixture
def extractor(tmp_path):
    return many_views.Blocks(tmp_path / "log")


@pytest.fixture
def unflagged(monkeypatch):
    """Runs as the command's, whose tasks end with its connection: none starts a flag's process."""
    monkeypatch.setattr(on_ray, "connected", lambda address: nullcontext((ray, False)))


def same(found, expected):
    for mine, its in zip(vars(found).values(), vars(expected).values(), strict=True):
        assert mine.tobytes() == its.tobytes()


class Loads:
    """Loads an extractor on a worker."""

    def __init__(self, extractor):
        self.extractor = extractor

    def __call__(self):
        return self.extractor


def lifted(scene, extractor, recipe, job=None, loaded=None, **options):
    lifter = on_ray.on_ray("local", Loads(loaded or extractor))
    return lifted_features(
        scene, extractor, recipe=recipe, lifter=lifter, job=job or Job(), **options
    )


def test_the_bits_of_one_process(cluster, scene, extractor):
    recipe = Recipe(components=5, refine=2)
    same(lifted(scene, extractor, recipe), lifted_features(scene, extractor, recipe=recipe))


def slowly(name):
    """The task of that name which takes some time more, and ends in another order each time."""

    def slow(*arguments):
        time.sleep(random.random() / 2)
        # By name, because the checks of shapes that tests wrap functions in cannot be sent.
        return getattr(import_module("ludvig_engine.cluster.tasks"), name)(*arguments)

    slow.__name__ = slow.__qualname__ = name
    return slow


def fatally(name, mark):
    """The task of that name, which ends the first worker that has done it; `mark` is a new file."""

    def fatal(*arguments):
        # By name, because the checks of shapes that tests wrap functions in cannot be sent.
        done = getattr(import_module("ludvig_engine.cluster.tasks"), name)(*arguments)
        try:
            mark.touch(exist_ok=False)
        except FileExistsError:
            return done
        return os.kill(os.getpid(), signal.SIGKILL)

    fatal.__name__ = fatal.__qualname__ = name
    return fatal


def test_the_order_in_which_tasks_end_changes_no_bit(
    cluster, unflagged, scene, extractor, monkeypatch
):
    recipe = Recipe(components=5)
    expected = lifted_features(scene, extractor, recipe=recipe)
    for name in ("map_of", "sums_of", "added"):
        monkeypatch.setattr(tasks, name, slowly(name))
    same(lifted(scene, extractor, recipe), expected)


def test_progress_and_cancel_and_maps_of_the_cache_are_not_made_again(
    cluster, scene, extractor, monkeypatch, tmp_path
):
    lowered, cache = tmp_path / "lowered", Cache(tmp_path / "cache")

    class Recorded:
        def lower(self):
            lowered.touch()

        def is_up(self):
            return not lowered.exists()

    monkeypatch.setattr(on_ray, "Flag", Recorded)

    class Watching(Job):
        def __init__(self):
            self.stages = []

        def report(self, stage, done, total):
            self.stages.append((stage.id, done, total))

        def cancelled(self):
            return ("extract", 19, 19) in self.stages

    job = Watching()
    with pytest.raises(Cancelled):
        lifted(scene, extractor, Recipe(components=5), job, cache=cache)
    assert [stage for stage, _, _ in job.stages][:2] == ["start", "extract"]
    assert wait_for(lowered.exists)
    lowered.unlink()
    assert sorted(extractor.looked()) == sorted(view.name for view in scene.views)
    whole = lifted(scene, extractor, Recipe(components=4), cache=cache)
    assert whole.features.shape == (4000, 4) and len(extractor.looked()) == len(scene.views)


def test_tasks_that_nobody_waits_for_end_at_once(cluster):
    flag = ray.remote(Flag).remote()
    assert ray.get(flag.is_up.remote())
    ray.get(flag.lower.remote())
    order = tasks.Order("nothing", dict, flag)  # there is no work to fetch
    nothing = {"map_of": ({}, []), "fitted": None, "sums_of": ((), [])}
    given = {"map_of": (0,), "fitted": (), "sums_of": (range(1), None, None)}
    for name, rest in given.items():
        assert ray.get(ray.remote(getattr(tasks, name)).remote(order, *rest)) == nothing[name]


def test_an_error_for_people_comes_back_as_it_was(cluster, unflagged, scene, extractor, tmp_path):
    class Refuses(many_views.Blocks):
        def __call__(self, photo):
            raise EngineError("bad_file", f"{photo.name} is damaged.", ["Mend it."])

    with pytest.raises(EngineError, match=r"view_0.* is damaged") as caught:
        lifted(scene, extractor, Recipe(components=5), loaded=Refuses(tmp_path / "log"))
    assert caught.value.kind == "bad_file" and caught.value.fixes[0].text == "Mend it."


def test_workers_with_other_models_are_refused(cluster, unflagged, scene, extractor, tmp_path):
    other = many_views.Blocks(tmp_path / "log", key="blocks-2")
    with pytest.raises(EngineError, match=r"blocks-2.*same models"):
        lifted(scene, extractor, Recipe(components=5), loaded=other)


def test_renders_in_place_of_photos_with_all_channels(cluster, unflagged, extractor, tmp_path):
    folder = many_views.write(tmp_path / "scene", 3)
    bare = load_scene(folder / "splats.ply", views=folder)
    drawn = with_renders(replace(bare, views=tuple(replace(v, photo=None) for v in bare.views)))
    recipe, cache = Recipe(components=0), Cache(tmp_path / "cache")
    expected = lifted_features(drawn, extractor, recipe=recipe)
    same(lifted(drawn, extractor, recipe, cache=cache), expected)


def test_killed_workers_change_nothing(cluster, scene, extractor, monkeypatch, tmp_path):
    """One dies in the middle of a photo, and one each that adds up; Ray gives all to others.

    This is the last test, because Ray starts others in their place.
    """
    fatal = many_views.Blocks(tmp_path / "log of the cluster", fatal=scene.views[10].name)
    marks = {name: tmp_path / name for name in ("sums_of", "added")}
    for name, mark in marks.items():
        monkeypatch.setattr(tasks, name, fatally(name, mark))
    recipe = Recipe(components=5)
    found = lifted(scene, extractor, recipe, loaded=fatal)
    assert fatal.looked().count(fatal.fatal) >= 2
    assert all(mark.exists() for mark in marks.values())
    same(found, lifted_features(scene, extractor, recipe=recipe))
