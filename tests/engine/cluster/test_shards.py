"""Shards in files: merged, they are one process's file to the byte; what is no shard is refused."""

from __future__ import annotations

import json
import sys
from functools import cache as remembered
from itertools import permutations

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

import many_views
from ludvig_engine import cli
from ludvig_engine.cache.store import Cache
from ludvig_engine.cluster import shard_files
from ludvig_engine.cluster.shard import shard
from ludvig_engine.cluster.shares import parsed, shares
from ludvig_engine.errors import Cancelled, EngineError
from ludvig_engine.features import pca
from ludvig_engine.io import result
from ludvig_engine.io.load import load_scene
from ludvig_engine.pipeline import Recipe, lifted_features
from ludvig_engine.progress import Job

RECIPE = Recipe(components=5)
ABOUT = {"ludvig": "1", "extractor": "blocks", "licence": "none"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return many_views.write(tmp_path_factory.mktemp("scene"))


@pytest.fixture(scope="module")
def scene(folder):
    return load_scene(folder / "splats.ply", views=folder)


@pytest.fixture
def extractor(tmp_path):
    return many_views.Blocks(tmp_path / "log")


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


@pytest.fixture
def make(scene, extractor, cache, tmp_path):
    """Writes shards and returns their paths."""

    def make(parts, numbers=None, recipe=RECIPE, cache=cache, name="part", scene=scene):
        paths = []
        for number in numbers or range(1, parts + 1):
            found = shard(scene, extractor, number, parts, recipe=recipe, cache=cache)
            paths.append(tmp_path / f"{name}{number}of{parts}")
            shard_files.write(paths[-1], found, scene, ABOUT)
        return paths

    return make


@pytest.fixture(scope="module")
def made(scene, tmp_path_factory):
    """The paths of so many shards that share a cache, which tests only read."""
    folder = tmp_path_factory.mktemp("shards")

    @remembered
    def made(parts):
        extractor, cache = many_views.Blocks(folder / "log"), Cache(folder / f"cache {parts}")
        paths = []
        for number in range(1, parts + 1):
            found = shard(scene, extractor, number, parts, recipe=RECIPE, cache=cache)
            paths.append(folder / f"part{number}of{parts}")
            shard_files.write(paths[-1], found, scene, ABOUT)
        return tuple(paths)

    return made


@pytest.fixture(scope="module")
def whole(scene, tmp_path_factory):
    """What one process writes, in bytes."""
    folder = tmp_path_factory.mktemp("whole")
    found = lifted_features(scene, many_views.Blocks(folder / "log"), recipe=RECIPE)
    arrays = {name: scene.to_file(array) for name, array in vars(found).items()}
    result.write(folder / "whole.safetensors", arrays, ABOUT)
    return (folder / "whole.safetensors").read_bytes()


def written(merged, path):
    result.write(path, vars(merged.uplifted), merged.about)
    return path.read_bytes()


@pytest.mark.parametrize("parts", [1, 2, 3])
@pytest.mark.parametrize("kept", [True, False], ids=["cache", "no cache"])
def test_any_number_of_shards_is_one_process(make, made, whole, tmp_path, parts, kept):
    paths = made(parts) if kept else make(parts, cache=None)
    assert written(shard_files.merge(paths), tmp_path / "merged.safetensors") == whole


def test_the_order_in_which_shards_come_changes_no_bit(made, whole, tmp_path):
    for order in permutations(made(3)):
        assert written(shard_files.merge(order), tmp_path / "merged.safetensors") == whole


def test_a_shard_that_was_lost_and_made_again_changes_no_bit(make, made, whole, tmp_path):
    one, two, three = made(3)
    (again,) = make(3, [2])  # with the cache of another machine
    assert again.read_bytes() == two.read_bytes()
    assert written(shard_files.merge([one, again, three]), tmp_path / "merged.safetensors") == whole


def test_slices_of_rows_change_no_bit(made, whole, tmp_path, monkeypatch):
    monkeypatch.setattr(shard_files, "ROWS", 777)
    assert written(shard_files.merge(made(2)), tmp_path / "merged.safetensors") == whole


def test_only_the_views_of_the_shard_and_of_the_pca_are_looked_at(
    make, scene, extractor, monkeypatch
):
    monkeypatch.setattr(pca, "MAPS", 3)
    make(3, [2], cache=None)
    names = [view.name for view in scene.views]
    assert pca.sampled(len(names)) == [0, 6, 12]
    # What comes after these ten is the type checker's, which takes an item of a sequence at random.
    assert {*extractor.looked()[:10]} == {*names[8:16], names[0], names[6], names[12]}


def test_shards_that_share_a_cache_look_at_each_photo_once(make, scene, extractor):
    make(3)
    assert sorted(extractor.looked()) == sorted(view.name for view in scene.views)


def test_each_shard_begins_with_other_maps_of_the_pca(make, scene, extractor, monkeypatch):
    firsts = []
    monkeypatch.setenv("LUDVIG_THREADS", "1")
    for number in (1, 2, 3):
        before = len(extractor.looked())
        make(3, [number], cache=None)
        firsts.append(extractor.looked()[before])
    names = [view.name for view in scene.views]
    assert firsts == [names[0], names[6], names[12]]


def test_a_shard_that_was_stopped_resumes(scene, extractor, cache):
    class Impatient(Job):
        def cancelled(self):
            return len(extractor.looked()) >= 4

    with pytest.raises(Cancelled):
        shard(scene, extractor, 1, 2, recipe=RECIPE, cache=cache, job=Impatient())
    done = len(extractor.looked())
    assert 4 <= done < len(scene.views)
    shard(scene, extractor, 1, 2, recipe=RECIPE, cache=cache)
    looked = extractor.looked()
    again = len(looked) - len({*looked})
    assert {*looked} == {view.name for view in scene.views} and again < done


@pytest.mark.parametrize("views", [1, 8, 9, 64, 65, 200, 4000])
def test_every_view_is_in_one_share(views):
    for parts in {1, 2, 3, 7, 62, 63, -(-views // 8)}:
        if parts > -(-views // 8):
            continue
        dealt = shares(views, parts)
        assert len(dealt) == parts and all(dealt)
        assert [n for own in dealt for node in own for n in node] == list(range(views))
        counts = [len(own) for own in dealt]
        assert max(counts) - min(counts) <= 1 and max(counts) <= 8


@pytest.mark.parametrize(
    "views, parts, words", [(19, 4, "make 3 blocks"), (19, 64, "64 shards"), (8, 2, "1 block of 8")]
)
def test_a_shard_that_would_have_nothing_to_do_is_refused(views, parts, words):
    with pytest.raises(EngineError, match=words) as caught:
        shares(views, parts)
    assert "Use at most" in str(caught.value)


def test_how_shards_are_written():
    assert parsed("3/64") == (3, 64) and parsed(" 1/1 ") == (1, 1)
    for wrong in ("0/4", "5/4", "3", "a/b", "-1/4", "1/4/5", "", "1.0/4", "1/0"):
        with pytest.raises(EngineError, match="3/64"):
            parsed(wrong)


def refused(paths, *words):
    with pytest.raises(EngineError) as caught:
        shard_files.merge(paths)
    for word in words:
        assert word in str(caught.value), caught.value
    return caught.value


def test_a_missing_shard_is_named(made):
    paths = made(3)
    refused(paths[:2], "1 shard of 3 is missing: 3/3", "--shard 3/3")
    refused(paths[1:2], "2 shards of 3 are missing: 1/3, 3/3", "--shard 1/3")


def test_a_shard_given_twice_is_named(made):
    paths = made(2)
    refused([*paths, paths[1]], "Shard 2/2 is given 2 times")


def test_shards_of_another_uplift_are_refused(make, made, scene, monkeypatch):
    from dataclasses import replace

    paths = made(2)
    fewer = Recipe(components=4)
    refused([paths[0], *make(2, [2], fewer, name="fewer")], "other cameras or options")
    gaussians = replace(scene.gaussians, means=scene.gaussians.means + 1)
    moved = replace(scene, gaussians=gaussians)
    refused([paths[0], *make(2, [2], name="moved", scene=moved)], "has other splats")
    seen = replace(scene, views=scene.views[:-1])
    said = str(refused([paths[0], *make(2, [2], name="seen", scene=seen)], "number of views"))
    assert "views and other cameras or options" in said and "splats" not in said
    refused([paths[0], *make(3, [2], name="third")], "other number of shards")
    monkeypatch.setattr("ludvig_engine.cluster.shard.__version__", "0.0.9")
    refused([paths[0], *make(2, [2], name="old")], "other version of LUDVIG")


def changed(path, change, copy):
    """A copy of a shard with other axes."""
    arrays = load_file(path)
    with safe_open(path, "numpy") as file:
        texts = file.metadata()
    arrays["axes"] = change(arrays["axes"])
    save_file(arrays, copy, texts)
    return copy


def test_axes_of_other_photos_are_refused_and_those_that_were_rounded_are_told(made, tmp_path):
    one, two = made(2)
    turned = changed(two, lambda axes: axes[::-1].copy(), tmp_path / "turned")
    refused([one, turned], "other photos")
    near = changed(two, lambda axes: axes * np.float32(1 + 3e-7), tmp_path / "near")
    (told,) = shard_files.merge([one, near]).notes
    assert "round differently" in told and "e-07" in told
    assert not shard_files.merge([one, two]).notes


def test_what_is_no_shard_is_refused(made, tmp_path, whole):
    (one,) = made(1)
    (tmp_path / "whole.safetensors").write_bytes(whole)
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "half").write_bytes(one.read_bytes()[:1000])
    for name in ("empty", "half", "whole.safetensors"):
        error = refused([tmp_path / name], name, "not a shard", "--shard")
        assert error.kind == "bad_file"
    assert refused([tmp_path / "nothing"], "nothing").kind == "not_found"
    lies = {"shard": "[1, 1]", "views": "1000000000", "kind": '"ludvig shard 1"'}
    save_file({"features_0": np.zeros((2, 3), "f4")}, tmp_path / "lies", lies)
    refused([tmp_path / "lies"], "1/1 of 1000000000 views")


def test_refining_needs_all_shards_at_once(scene, extractor):
    with pytest.raises(EngineError, match="3 steps of refining"):
        shard(scene, extractor, 1, 2, recipe=Recipe(components=5, refine=3))


@pytest.fixture
def ludvig(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("LUDVIG_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["ludvig", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        return stopped.value.code or 0, *capsys.readouterr()

    return run


def test_the_commands(ludvig, folder, tmp_path):
    given = ["uplift", folder / "splats.ply", "--views", folder, "--extractor=colour"]
    assert ludvig(*given, "--out=one.safetensors")[0] == 0
    for n in (1, 2, 3):
        code, said, _ = ludvig(*given, f"--shard={n}/3", f"--out=part{n}")
        assert code == 0 and f"Shard {n}/3, views {8 * n - 7} to " in said
    code, said, _ = ludvig("merge", "part3", "part1", "part2", "--out=two.safetensors")
    assert code == 0 and "40 channels of colour for 4,000 Gaussians" in said
    assert (tmp_path / "one.safetensors").read_bytes() == (
        tmp_path / "two.safetensors"
    ).read_bytes()
    code, said, _ = ludvig(*given, "--shard=2/3", "--out=part2", "--json")
    assert json.loads(said)["views"] == [9, 16]
    for wrong in (["--shard=4/3"], ["--shard=1/9"], ["--shard=1/3", "--cluster=local"]):
        code, _, said = ludvig(*given, *wrong, "--out=wrong")
        assert code == 2 and "Traceback" not in said and not (tmp_path / "wrong").exists()
