"""The measures of removal: by hand, on a scene whose truth is known, and the command."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

import small_scene
import truth_scene
from ludvig_engine.cli import app
from ludvig_engine.errors import EngineError
from ludvig_engine.eval import removal, removal_ways


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return truth_scene.write(tmp_path_factory.mktemp("data") / "balls")


@pytest.fixture(scope="module")
def cases(data):
    return {case.thing.name: case for case in removal.cases(data)}


@pytest.fixture(scope="module")
def names(data, cases):
    """What each Gaussian belongs to, in the engine's order."""
    return next(iter(cases.values())).scene.from_file(np.load(data / "names.npy"))


@pytest.mark.parametrize("error, expected", [(0.1, 10), (0.01, 20), (0.0, 100)])
def test_psnr_is_of_pooled_errors(error, expected):
    # Two views of very different size: pixels count, not views.
    parts = [np.full((1, 3), error), np.full((500, 3), error)]
    assert removal.psnr(parts) == pytest.approx(expected, abs=1e-5)


def test_a_large_view_outweighs_a_small_one():
    assert removal.psnr([np.zeros((1, 3)), np.full((99, 3), 0.01)]) == pytest.approx(20.04, abs=0.1)


def test_a_smooth_gain_is_found_again():
    picture = np.random.default_rng(0).uniform(0.2, 0.8, (20, 30, 3))
    rows, columns = np.mgrid[:20, :30]
    gain = 0.5 + 0.3 * rows / 20 + 0.2 * columns / 30
    where = (rows > 3) & (columns < 22)
    found = removal.smooth_gain(picture, picture * gain[..., None], where)
    assert np.allclose(found, (picture * gain[..., None])[where], atol=1e-6)


def test_what_no_gain_explains_stays():
    picture = np.full((20, 30, 3), 0.5)
    truth = np.random.default_rng(0).uniform(0.2, 0.8, (20, 30, 3))
    where = np.ones((20, 30), bool)
    assert np.abs(removal.smooth_gain(picture, truth, where) - truth[where]).mean() > 0.1


@pytest.mark.parametrize("ball", small_scene.BALLS)
def test_a_perfect_removal_is_as_good_as_the_truth(cases, names, ball):
    left = cases[ball].scene.gaussians.take(names != ball)
    found = removal.measure(cases[ball], left)
    # What is lost are the 8 bits of the pictures.
    assert found.inside > 50 and found.outside > 50 and found.ssim > 0.99
    # The ground's own gaps: it is made of Gaussians at random.
    assert found.holes < 0.25


@pytest.mark.parametrize("ball", small_scene.BALLS)
def test_what_is_not_removed_is_wrong_inside_and_right_outside(cases, ball):
    found = removal.measure(cases[ball], cases[ball].scene.gaussians)
    assert found.inside < 25 < 50 < found.outside
    assert found.outside == pytest.approx(removal.unedited(cases[ball]), abs=0.5)


def test_holes_are_where_nothing_is_left(cases, names):
    only = cases["red"].scene.gaussians.take(names == "blue")
    assert removal.measure(cases["red"], only).holes > 0.9


def test_exact_masks_select_the_thing(cases, names):
    found = removal.exact(cases["red"])
    # The masks do not show its back and what is below it.
    assert (names[found] == "red").mean() > 0.97
    assert found[names == "red"].mean() > 0.8


def test_a_plane_closes_what_the_object_stood_on(cases, names):
    case = cases["red"]
    means = case.scene.gaussians.means
    center = np.array(small_scene.BALLS["red"][0])
    under = (names == "ground") & (np.hypot(*(means - center)[:, :2].T) < 0.3)
    scene = replace(case.scene, gaussians=case.scene.gaussians.take(~under))
    selected = names[~under] == "red"
    holes = removal.measure(case, removal_ways.delete(scene, selected).gaussians)
    closed = removal_ways.plane(scene, selected)
    found = removal.measure(case, closed.gaussians)
    assert closed.added > 50 and len(closed.gaussians) == (~selected).sum() + closed.added
    assert found.holes < holes.holes / 2 and found.inside > holes.inside + 3


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_plane_under_very_little(cases, count):
    selected = np.zeros(len(cases["red"].scene), bool)
    selected[:count] = True
    left = removal_ways.plane(cases["red"].scene, selected)
    assert np.isfinite(left.gaussians.means).all()
    assert len(left.gaussians) >= len(selected) - count


def test_a_scene_without_truth_is_refused(tmp_path):
    small_scene.write(tmp_path / "balls")
    (tmp_path / "balls" / "masks" / "red").mkdir(parents=True)
    with pytest.raises(EngineError, match="no truth/without") as caught:
        removal.cases(tmp_path / "balls")
    assert caught.value.kind == "not_found"


def test_a_thing_without_truth_is_refused(data):
    with pytest.raises(EngineError, match="purple"):
        removal.cases(data, ["purple"])


def test_a_thing_that_no_held_back_camera_sees_is_refused(data, tmp_path):
    import shutil

    from PIL import Image

    place = shutil.copytree(data, tmp_path / "balls")
    for path in (place / "truth" / "masks" / "red").iterdir():
        Image.new("L", small_scene.SIZE).save(path)
    with pytest.raises(EngineError, match=r"No view .* shows red"):
        removal.cases(place, ["red"])


@pytest.mark.parametrize("selection", ["truth", "mask", "click"])
def test_the_command(data, tmp_path, selection):
    out, pictures = tmp_path / "removal.json", tmp_path / "pictures"
    asked = ["eval", "removal", str(data), "--scene", "red", "--selection", selection]
    more = ["--out", str(out), "--pictures", str(pictures), "--no-cache"]
    done = CliRunner().invoke(app, [*asked, *more])
    assert done.exit_code == 0, done.output
    found = json.loads(out.read_text())
    assert found["benchmark"] == "removal" and found["selection"] == selection
    assert list(found["things"]) == ["balls: red"]
    ways = found["things"]["balls: red"]
    assert list(ways) == ["delete", "grow", "plane", "ours"] == list(found["means"])
    if selection != "click":
        assert ways["delete"]["inside"] > 20
    assert [path.name for path in pictures.iterdir()] == ["balls_red.png"]
