"""The protocol of corrections by clicks: where the next click is, and what is measured."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import small_scene
from ludvig_engine.cli import app
from ludvig_engine.errors import EngineError
from ludvig_engine.eval import answers, captures, click_pictures, click_scores, clicks, metrics
from ludvig_engine.eval.clicks import Click, Session, next_click
from ludvig_engine.features.colour import Colour
from ludvig_engine.io.load import load_scene
from ludvig_engine.pipeline import prepare
from ludvig_engine.rendering import render


def disc(shape, row, column, radius):
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    return np.hypot(rows - row, columns - column) <= radius


def test_the_first_click_is_the_deepest_point():
    mask = disc((60, 80), 30, 25, 12)
    assert next_click(mask, np.zeros_like(mask)) == (25.5, 30.5, True)


def test_a_click_is_on_the_largest_wrong_region_and_has_its_sign():
    mask = disc((60, 80), 30, 25, 12)
    missing = mask & ~disc((60, 80), 30, 20, 6)
    too_much = missing | disc((60, 80), 30, 60, 9)
    assert next_click(mask, missing) == (20.5, 30.5, True)
    assert next_click(mask, too_much) == (60.5, 30.5, False)
    assert next_click(mask, mask) is None


def test_many_small_regions_do_not_outweigh_a_larger_one():
    """Regions are compared one by one, and not the sums of what is missing and too much."""
    mask = np.zeros((40, 40), bool)
    mask[::4, ::4] = True  # 100 single pixels are missing
    shown = np.zeros((40, 40), bool)
    shown[21:24, 21:24] = True  # 9 pixels are too much
    assert next_click(mask, shown) == (22.5, 22.5, False)


def test_the_edge_of_the_image_is_an_edge():
    mask = np.ones((9, 21), bool)
    x, y, _ = next_click(mask, np.zeros_like(mask))
    assert y == 4.5 and 4 < x < 17


def test_boundary_iou_sees_what_the_inside_hides():
    """A large mask one pixel too large is nearly right, but its rim is not."""
    mask, larger = disc((200, 200), 100, 100, 70), disc((200, 200), 100, 100, 73)
    assert metrics.boundary_iou(mask, mask) == 1 and metrics.boundary_iou(mask, ~mask) == 0
    assert metrics.boundary_iou(mask, larger) < metrics.iou(mask, larger) - 0.2
    thin = disc((200, 200), 100, 100, 3)  # all of a thin thing is rim
    assert metrics.boundary_iou(thin, mask) == pytest.approx(
        (thin & (metrics._rim(mask, 6))).sum() / (thin | metrics._rim(mask, 6)).sum()
    )


def session(*ious):
    return Session("thing", [Click(0, 0, True, iou, iou / 2, np.zeros(0, bool)) for iou in ious])


def test_the_summary_counts_as_it_says():
    found = clicks.summary([session(0.5, 0.9, 0.87), session(0.2, 0.19, 0.1)])
    assert found["IoU@1"] == pytest.approx(35) and found["IoU@2"] == pytest.approx(54.5)
    assert found["IoU@10"] == found["IoU@5"] == found["IoU@3"] == pytest.approx(48.5)
    assert found["boundary@1"] == pytest.approx(17.5)
    assert found["NoC@85"] == (2 + clicks.MOST) / 2 and found["never@85"] == 50
    assert found["NoC@90"] == (2 + clicks.MOST) / 2
    # Of four corrections .9 -> .87 and .19 -> .1 are harmful, and .2 -> .19 is not.
    assert found["harmful"] == pytest.approx(50)
    assert clicks.summary([session(1.0)])["harmful"] == 0


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Two balls with the masks of all photos."""
    place = small_scene.write(tmp_path_factory.mktemp("captures") / "balls")
    scene = load_scene(place / "splats.ply", views=place)
    names = scene.from_file(np.load(place / "names.npy"))
    for name in ("red", "green"):
        for view in scene.views:
            values = (names == name).astype(np.float32)[:, None]
            image = render(scene.gaussians, view.camera, values)[0][0] > 0.5
            path = place / "masks" / name / f"{view.name.rpartition('/')[2]}"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image.astype(np.uint8) * 255).save(path.with_suffix(".png"))
    return place


@pytest.fixture(scope="module")
def tried(data):
    return click_scores.run(captures.things(data), Colour(), beside=True, most=2)


def test_all_ways_are_measured_on_each_thing(tried):
    assert [one.name for one in tried] == ["balls: green", "balls: red"]
    for one in tried:
        assert list(one.sessions) == ["ours", "regression", "nearest"]
        assert list(one.by_mask) == ["ours", "regression", "lift only", "paper"]
        assert one.ceiling > 0.9 and one.by_mask["ours"] > 0.9 and one.ours.iou(3) > 0.85
        assert all(0 <= c.iou <= 1 for way in one.sessions.values() for c in way.clicks)


def test_what_is_measured_is_json_with_all_clicks(tried):
    found = json.loads(json.dumps(click_scores.as_json(tried), allow_nan=False))
    assert set(found["clicks"]) == {"ours", "regression", "nearest"}
    assert 90 < found["mask"]["ours"] <= 100 and 90 < found["ceiling"] <= 100
    first = found["things"]["balls: red"]["clicks"]["ours"][0]
    assert first["positive"] and set(first) == {"x", "y", "positive", "iou", "boundary"}
    assert found["clicks"]["ours"]["IoU@1"] == pytest.approx(
        100 * np.mean([one.ours.iou(1) for one in tried])
    )


def test_the_worst_things_are_drawn_first(tried, tmp_path):
    paths = click_pictures.write_worst(tried, tmp_path)
    assert [path.name for path in paths] == ["worst_01.png", "worst_02.png"]
    panels = min(len(tried[0].ours.clicks), 3)
    with Image.open(paths[0]) as picture:
        assert picture.width % click_pictures.WIDTH == 0
        assert picture.width <= panels * click_pictures.WIDTH


def test_a_perfect_answer_ends_the_clicks_and_a_contrary_one_is_harmful(data):
    scene = load_scene(data / "splats.ply", views=data)
    names = scene.from_file(np.load(data / "names.npy"))
    view, mask, rest = captures.prompted(scene, captures.things(data)[1])
    others = [(scene.view(name), truth) for name, truth in rest.items()]
    draw = click_scores.drawing(scene)
    perfect = list(clicks.corrected(view, mask, others, lambda _: names == "red", draw))
    assert perfect[0].iou > 0.95 and len(perfect) <= clicks.MOST

    def contrary(paints):
        return names == ("red" if len(paints) % 2 else "green")

    found = list(clicks.corrected(view, mask, others, contrary, draw, most=4))
    assert clicks.summary([Session("red", found)])["harmful"] > 0


def test_prompts_that_show_nothing_leave_the_selection_as_it_was(data):
    scene = load_scene(data / "splats.ply", views=data)
    view, mask, rest = captures.prompted(scene, captures.things(data)[1])
    others = [(scene.view(name), truth) for name, truth in rest.items()]

    def blind(paints):
        raise EngineError("bad_input", "None of your prompts touches a visible splat.")

    found = list(clicks.corrected(view, mask, others, blind, click_scores.drawing(scene), most=2))
    assert [click.iou for click in found] == [0, 0]


def test_the_other_ways_use_what_they_are_given(data):
    """Each finds the clicked ball rather than the other one."""
    scene = load_scene(data / "splats.ply", views=data)
    prepared = prepare(scene, Colour())
    names = scene.from_file(np.load(data / "names.npy"))
    view, mask, _ = captures.prompted(scene, captures.things(data)[1])
    place = next_click(mask, np.zeros_like(mask))
    paints = [clicks.painting.click(view.camera, *place[:2])]
    masks = [clicks.painting.mask(view.camera, mask)]
    asked = [(name, answer, paints) for name, answer in answers.from_clicks(prepared).items()]
    asked += [(name, answer, masks) for name, answer in answers.from_masks(prepared).items()]
    for name, answer, prompts in asked:
        selected = answer(prompts)
        red, green = (selected[names == ball].mean() for ball in ("red", "green"))
        assert red > 0.2 and red > 2 * green, (name, red, green)


def test_command(data, tmp_path, monkeypatch):
    """Several folders, other ways beside ours, pictures and JSON."""
    monkeypatch.setattr(click_scores, "run", partial(click_scores.run, most=2))
    out, pictures = tmp_path / "found.json", tmp_path / "worst"
    asked = ["eval", "clicks", str(data), str(data.parent), "--extractor", "colour"]
    asked += ["--scene", "red", "--beside", "--no-cache"]
    asked += ["--out", str(out), "--pictures", str(pictures)]
    done = CliRunner().invoke(app, asked, env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    for name in ("balls: red", "regression", "NoC@85", "harmful", "ceiling", "lift only"):
        assert name in done.stdout, name
    found = json.loads(out.read_text())
    assert set(found["things"]) == {"balls: red"} and found["benchmark"] == "clicks"
    assert [Path(path).name for path in found["pictures"]] == ["worst_01.png", "worst_02.png"]
    assert sorted(path.name for path in pictures.iterdir()) == ["worst_01.png", "worst_02.png"]


def test_other_benchmarks_take_one_folder(data):
    done = CliRunner().invoke(app, ["eval", "captures", str(data), str(data)])
    assert isinstance(done.exception, EngineError) and "take several" in str(done.exception)
