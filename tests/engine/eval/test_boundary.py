"""The measure of borders: what changes nothing measures nothing, and what follows them better."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

import truth_scene
from ludvig_engine.cli import app
from ludvig_engine.eval import boundary, captures
from ludvig_engine.eval.lifting import lifted, masks_of, photos_psnr
from ludvig_engine.io.load import load_scene


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return truth_scene.write(tmp_path_factory.mktemp("data") / "balls")


@pytest.fixture(scope="module")
def scene(data):
    return load_scene(data / "splats.ply", views=data)


@pytest.fixture(scope="module")
def thing(data):
    return next(thing for thing in captures.things(data) if thing.name == "red")


def test_no_split_changes_nothing(scene, thing):
    before = photos_psnr(scene)
    found = boundary.compare(thing, scene, lambda s, chosen: (s.gaussians, chosen), before=before)
    assert found.before == found.after
    assert found.before.psnr > 50 and found.before.iou > 0.9
    assert found.name == "balls: red"


def test_what_a_split_loses_is_measured(scene, thing):
    def half(scene, chosen):
        right = scene.gaussians.means[:, 0] > 0.7
        return scene.gaussians, chosen & right

    found = boundary.compare(thing, scene, half, before=60.0)
    assert found.after.iou < found.before.iou - 0.2
    assert found.after.boundary < found.before.boundary - 0.1


def test_what_a_split_adds_and_breaks_is_measured(scene, thing):
    def darker(scene, chosen):
        dark = replace(scene.gaussians, sh0=scene.gaussians.sh0 - 0.5)
        return dark.take(np.arange(len(dark) - 5)), chosen[:-5]

    found = boundary.compare(thing, scene, darker, before=60.0)
    assert found.after.psnr < 25 and found.after.count == found.before.count - 5


def test_ours_is_measured_too(scene, thing):
    """Gaussians twice as large reach over the border of the ball, and are cut there."""
    large = scene.gaussians.scales * np.float32(2)
    coarse = replace(scene, gaussians=replace(scene.gaussians, scales=large))
    found = boundary.compare(thing, coarse, boundary.ours, before=photos_psnr(coarse))
    assert found.after.count >= found.before.count
    assert found.after.psnr == pytest.approx(found.before.psnr, abs=0.1)


def test_lifted_masks_are_those_of_all_views(scene, thing):
    masks = masks_of(scene, thing.masks)
    assert len(masks) == len(scene.views)
    nothing = lifted(scene, [(view, np.zeros_like(mask)) for view, mask in masks])
    everything = lifted(scene, [(view, np.ones_like(mask)) for view, mask in masks])
    assert not nothing.any() and everything.mean() > 0.5


def test_the_command(data, tmp_path):
    out = tmp_path / "boundary.json"
    asked = ["eval", "boundary", str(data), "--scene", "red", "--scene", "blue", "--out", str(out)]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    found = json.loads(out.read_text())
    assert set(found["things"]) == {"balls: red", "balls: blue"}
    for side in ("before", "after"):
        ious = [row[side]["iou"] for row in found["things"].values()]
        assert found["means"][side]["iou"] == pytest.approx(np.mean(ious))
