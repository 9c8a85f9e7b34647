"""`ludvig remove`: from prompts or a result file to a file without the object."""

from __future__ import annotations

import json

import numpy as np
import pytest

import small_scene
from commands import ended
from ludvig_engine.io import result
from ludvig_engine.io.ply import read_ply


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return small_scene.write(tmp_path_factory.mktemp("scene"))


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def remove(cache, folder, monkeypatch, capfd):
    monkeypatch.setenv("LUDVIG_CACHE", str(cache))

    def run(*arguments, code=0):
        command = ["remove", folder / "splats.ply", "--views", folder, "--extractor", "colour"]
        found, report, notes = ended([*command, "--json", *arguments], monkeypatch, capfd)
        assert found == code and "Traceback" not in notes, notes
        return json.loads(report)

    return run


def test_a_result_file_says_what_goes(remove, folder, tmp_path):
    whole = read_ply(folder / "splats.ply")
    selected = np.zeros(len(whole.valid), bool)
    selected[np.load(folder / "names.npy") == "red"] = True
    result.write(tmp_path / "found.safetensors", {"selected": selected}, {})
    out = tmp_path / "clean.ply"
    told = remove("--scores", tmp_path / "found.safetensors", "--out", out)
    left = read_ply(out).gaussians
    assert told["gaussians"] == len(left)
    assert told["removed"] >= selected.sum()
    assert len(left) == len(selected) - told["removed"] + told["filled"]


def test_plain_deletion_copies_the_others_in_the_order_of_the_file(remove, folder, tmp_path):
    whole = read_ply(folder / "splats.ply").gaussians
    selected = np.arange(len(whole)) % 7 == 0
    result.write(tmp_path / "found.safetensors", {"selected": selected}, {})
    options = ["--no-boundary", "--no-residue", "--no-fill"]
    remove("--scores", tmp_path / "found.safetensors", "--out", tmp_path / "a.ply", *options)
    assert read_ply(tmp_path / "a.ply").gaussians.means == pytest.approx(whole.means[~selected])


@pytest.mark.parametrize("prompts", [[], ["--scores", "a.safetensors", "--text", "ball"]])
def test_the_object_is_given_once(remove, tmp_path, prompts):
    told = remove("--out", tmp_path / "clean.ply", *prompts, code=2)
    assert told["error"]["kind"] == "bad_input" and not (tmp_path / "clean.ply").exists()


def test_an_empty_selection_writes_nothing(remove, folder, tmp_path):
    count = len(read_ply(folder / "splats.ply").valid)
    result.write(tmp_path / "found.safetensors", {"selected": np.zeros(count, bool)}, {})
    out = tmp_path / "clean.ply"
    told = remove("--scores", tmp_path / "found.safetensors", "--out", out, code=2)
    assert "No splat is selected" in told["error"]["message"] and not out.exists()
