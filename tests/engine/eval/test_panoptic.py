"""Panoptic quality of segments: what counts, by hand on small maps, and the command."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import small_scene
from ludvig_engine.cli import app
from ludvig_engine.eval import captures, panoptic
from ludvig_engine.eval.panoptic import Truth, quality
from ludvig_engine.io.load import load_scene
from ludvig_engine.pictures.draw import share

TRUTH = np.array([[0, 0, 0, 0, 1, 1, 1, 1, -1, -1]] * 4)


def measured(*maps, truth=TRUTH, count=None):
    """The quality of maps, each a row that is repeated."""
    drawn = [np.broadcast_to(np.array(row), truth.shape) for row in maps]
    number = max(int(one.max()) for one in drawn) + 1 if count is None else count
    return quality(Truth(("a", "b"), (), (truth,) * len(drawn)), drawn, number)


def test_the_truth_is_perfect():
    found = measured([0, 0, 0, 0, 1, 1, 1, 1, -1, -1])
    assert (found.pq, found.lenient, found.matched) == (1, 1, 2)


def test_a_merged_thing_is_missed_and_its_segment_extra():
    found = measured([0, 0, 0, 0, 0, 0, 0, 0, -1, -1])
    assert found.matched == 0 and found.extra == 1 and found.pq == 0


@pytest.mark.parametrize(
    "row, pq",
    [
        ([0, 0, 0, 2, 1, 1, 1, 1, -1, -1], (0.75 + 1) / (2 + 0.5)),  # a shred is extra
        ([0, 0, 2, 2, 1, 1, 1, 1, -1, -1], 1 / (1 + (2 + 1) / 2)),  # half is no match
        ([-1, -1, -1, -1, 0, 0, 0, 0, -1, -1], 1 / (1 + 1 / 2)),
    ],
)
def test_by_hand(row, pq):
    assert measured(row).pq == pytest.approx(pq)


def test_what_no_mask_covers_is_extra_only_if_one_is_strict():
    found = measured([0, 0, 0, 0, 1, 1, 1, 1, 2, 2])
    assert (found.extra, found.unnamed, found.lenient) == (0, 1, 1)
    assert found.pq == pytest.approx(2 / 2.5)
    # But a thing that runs over into it is not the thing.
    assert measured([0, 0, 0, 0, 1, 1, 1, 1, 1, 1]).pq < 1


def test_segments_that_no_photo_shows_count_for_the_strict():
    found = measured([0, 0, 0, 0, 1, 1, 1, 1, -1, -1], count=4)
    assert found.lenient == 1 and found.pq == pytest.approx(2 / 3)


def test_a_thing_is_one_over_all_photos():
    """Right in each photo, but of another number, is wrong."""
    one, other = [0, 0, 0, 0, 1, 1, 1, 1, -1, -1], [2, 2, 2, 2, 1, 1, 1, 1, -1, -1]
    found = measured(one, other)
    assert found.matched == 1 and found.pq == pytest.approx(1 / (1 + (2 + 1) / 2))


def test_numbers_of_segments_do_not_matter():
    rng = np.random.default_rng(0)
    row = rng.integers(-1, 5, TRUTH.shape)
    number = np.append(rng.permutation(5), -1)
    assert measured(row, count=5).pq == measured(number[row], count=5).pq


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """The balls with masks of everything, the ground included."""
    place = small_scene.write(tmp_path_factory.mktemp("data") / "balls")
    cloud, names = small_scene.gaussians()
    for view in load_scene(place / "splats.ply", views=place).views:
        for name in np.unique(names):
            image = share(cloud, view.camera, (names == name).astype(np.float32)) > 0.5
            path = place / "masks" / str(name) / f"{view.name.rpartition('/')[2]}"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image.astype(np.uint8) * 255).save(path.with_suffix(".png"))
    return place


def test_a_scene_divided_by_its_masks_is_perfect(data):
    scene = load_scene(data / "splats.ply", views=data)
    things = captures.things(data)
    truth = panoptic.truth_of(scene, things)
    names = scene.from_file(np.load(data / "names.npy"))
    labels = np.full(len(scene), -1)
    for number, name in enumerate(truth.names):
        labels[names == name] = number
    maps = [panoptic.shown(scene, view, labels) for view in truth.views]
    found = quality(truth, maps, len(truth.names))
    assert found.matched == len(truth.names) and found.pq > 0.8


def test_the_command(data, tmp_path):
    out = tmp_path / "auto.json"
    asked = ["eval", "auto", str(data), "--extractor", "colour", "--out", str(out), "--no-cache"]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    found = json.loads(out.read_text())
    assert found["benchmark"] == "auto" and set(found["scenes"]) == {"balls"}
    row = found["scenes"]["balls"]
    assert found["pq"]["0.5"] == row["0.5"]["pq"]
    counts = [row[detail]["segments"] for detail in ("0", "0.25", "0.5", "0.75", "1")]
    assert counts == sorted(counts)
