"""Floaters put into a scene: of every kind, labeled in the scene's own order, and the command."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

import small_scene
from ludvig_engine.cli import app
from ludvig_engine.eval import floaters
from ludvig_engine.io.load import load_scene


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return small_scene.write(tmp_path_factory.mktemp("data") / "balls")


@pytest.fixture(scope="module")
def scene(data):
    return load_scene(data / "splats.ply", views=data)


@pytest.fixture(scope="module")
def strewn(scene):
    return floaters.strew(scene, np.arange(len(scene)) < 2)


def test_every_kind_is_there_and_the_scene_is_as_it_was(scene, strewn):
    assert all((strewn.kind == k).sum() >= floaters.SHEET for k in range(3))
    own = strewn.scene.gaussians.take(strewn.kind < 0)
    assert sorted(map(tuple, own.means)) == sorted(map(tuple, scene.gaussians.means))
    assert strewn.known.sum() == 2 and not strewn.known[strewn.kind >= 0].any()


def test_far_ones_are_far(scene, strewn):
    away = np.linalg.norm(strewn.scene.gaussians.means, axis=1)
    assert away[strewn.kind == 2].min() > np.percentile(away[strewn.kind < 0], 95)


def test_all_and_nothing_found(scene, strewn):
    right = floaters.measure(scene, strewn, strewn.kind >= 0)
    assert right.precision == right.judged == right.recall == 1 and right.own == 0
    assert set(right.by_kind.values()) == {1.0}
    assert right.after == right.before == right.cleaned > right.strewn + 3
    none = floaters.measure(scene, strewn, np.zeros(len(strewn.kind), bool))
    assert none.recall == none.precision == 0 and none.after == none.strewn


def test_what_is_wrong_and_what_is_known(scene, strewn):
    """Half the finds are the scene's own, and the photos show them; known ones do not count."""
    count = int((strewn.kind >= 0).sum())
    found = strewn.kind >= 0
    found[strewn.known] = True
    assert floaters.measure(scene, strewn, found).precision == 1
    found[np.flatnonzero((strewn.kind < 0) & ~strewn.known)[:count]] = True
    half = floaters.measure(scene, strewn, found)
    assert half.precision == pytest.approx(0.5)
    assert half.precision <= half.judged < 1
    assert half.cleaned < half.before


def test_a_scene_says_how_many_are_known(data, scene, tmp_path):
    assert not floaters.known_floaters(tmp_path, scene).any()
    (tmp_path / "scene.json").write_text(json.dumps({"floaters": 7}))
    known = floaters.known_floaters(tmp_path, scene)
    assert sorted(scene.rows[known]) == list(range(scene.file_count - 7, scene.file_count))


def test_the_command(data, tmp_path):
    out = tmp_path / "floaters.json"
    done = CliRunner().invoke(app, ["eval", "floaters", str(data), "--out", str(out)])
    assert done.exit_code == 0, done.output
    row = json.loads(out.read_text())["scenes"]["balls"]
    assert row["recall"] > 0.5 and row["precision"] > 0.9 and row["after"] > row["strewn"]
