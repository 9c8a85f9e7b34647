"""`ludvig floaters`: what is written is the scene without them, and it says what that does."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

import small_scene
from ludvig_engine.cli import app
from ludvig_engine.errors import EngineError
from ludvig_engine.io import result
from ludvig_engine.io.ply import write_ply
from ludvig_engine.io.splats import read_splats
from scenes import joined


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """The balls, and three specks in the air at the end of the file."""
    place = small_scene.write(tmp_path_factory.mktemp("data") / "balls")
    cloud = read_splats(place / "splats.ply").gaussians
    specks = cloud.take(np.arange(3))
    specks.means[:] = [(0.5, 0.5, 1.0), (-1, 1, 1.2), (1.4, -0.6, 0.9)]
    specks.sh0[:] = 1.5
    write_ply(place / "strewn.ply", joined(cloud, specks))
    return place


def run(data, *more):
    asked = ["floaters", str(data / "strewn.ply"), "--views", str(data), "--json", *more]
    return CliRunner().invoke(app, asked)


def test_what_is_left(data, tmp_path):
    out, scores = tmp_path / "clean.ply", tmp_path / "scores.safetensors"
    done = run(data, "--out", str(out), "--scores", str(scores))
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    selected = result.read_values(scores, "selected").astype(bool)
    assert selected[-3:].all() and found["floaters"] == selected.sum() <= 5
    left = read_splats(out).gaussians
    kept = read_splats(data / "strewn.ply").gaussians.means[~selected]
    np.testing.assert_array_equal(left.means, kept)
    assert found["psnr"]["after"] > found["psnr"]["before"] + 1


def test_no_strength_takes_nothing(data, tmp_path):
    done = run(data, "--out", str(tmp_path / "same.ply"), "--strength", "0")
    assert done.exit_code == 0 and json.loads(done.stdout)["floaters"] == 0


def test_all_strength_is_refused_and_writes_nothing(data, tmp_path):
    done = run(data, "--out", str(tmp_path / "none.ply"), "--strength", "1")
    assert isinstance(done.exception, EngineError) and "strength" in str(done.exception)
    assert not (tmp_path / "none.ply").exists()
