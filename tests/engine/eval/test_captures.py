"""Extractors side by side on captures with masks, and a control with shuffled weights."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import small_scene
from extractor_battery import check, photo
from ludvig_engine.cli import app, learned
from ludvig_engine.errors import EngineError
from ludvig_engine.eval import captures
from ludvig_engine.eval.chance import shuffled
from ludvig_engine.features import load_extractor
from ludvig_engine.features.colour import Colour
from ludvig_engine.io.load import load_scene
from ludvig_engine.rendering import render
from planted_words import WORDS, PlantedExtractor


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Two balls, named with words that the planted model knows."""
    root = tmp_path_factory.mktemp("captures")
    place = small_scene.write(root / "balls")
    scene = load_scene(place / "splats.ply", views=place)
    names = scene.from_file(np.load(place / "names.npy"))
    for name in ("red", "green"):
        for view in scene.views:
            image = (
                render(scene.gaussians, view.camera, (names == name).astype(np.float32)[:, None])[
                    0
                ][0]
                > 0.5
            )
            path = (
                place
                / "masks"
                / WORDS[name]
                / f"{view.name.rpartition('/')[2].removesuffix('.png')}.png"
            )
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image.astype(np.uint8) * 255).save(path)
    return root


def test_a_capture_or_a_folder_of_them(data):
    things = captures.things(data)
    assert [thing.name for thing in things] == ["lime", "tomato"] and things == captures.things(
        data / "balls"
    )
    with pytest.raises(EngineError, match="has no masks/"):
        captures.things(data / "balls" / "masks")


def test_good_features_find_things_and_noise_does_not(data, monkeypatch):
    monkeypatch.setattr(captures, "DRAWS", 1)

    class Noise(PlantedExtractor):
        name, key = "noise", "noise-1"

        def __call__(self, photo):
            return (
                np.random.default_rng(len(photo.name))
                .normal(size=(self.size, *self.grid))
                .astype(np.float32)
            )

    rows = captures.score(captures.things(data), Colour(), PlantedExtractor(1.0))
    assert set(rows) == {"balls: lime", "balls: tomato"}
    for row in rows.values():
        assert set(row) == set(captures.KINDS) and row[captures.FALSE] == 0
        assert min(row[kind] for kind in captures.KINDS if kind != captures.FALSE) > 70, row
    noise = captures.score(
        captures.things(data), Noise(1.0), Noise(1.0), kinds=(captures.ALONE, "text")
    )
    assert all(row[captures.ALONE] < 40 and row["text"] < 40 for row in noise.values()), noise


def test_clicks_are_on_and_beside_the_thing(data):
    place = data / "balls"
    view = load_scene(place / "splats.ply", views=place).views[0]
    mask = np.zeros((90, 120), bool)
    mask[30:60, 40:80] = True
    paints = captures.clicks(view, mask, 3, 3, seed=0)
    assert len(paints) == 6
    for paint in (paint.whole for paint in paints):
        assert mask[paint.positive > 0].all() and not mask[paint.negative > 0].any()


def test_the_control_is_the_same_network_without_what_it_learned(tmp_path):
    import tiny_models

    extractor = load_extractor(f"dinov2:{tiny_models.dinov2(tmp_path / 'net')}")
    picture = photo(60, 80)
    before = extractor(picture)
    control = shuffled(extractor)
    check(control)
    assert (
        control.name == f"CONTROL: {extractor.name}, weights shuffled"
        and control.key != extractor.key
    )
    assert np.abs(control(picture) - before).max() > 0.1
    np.testing.assert_array_equal(extractor(picture), before)
    weights = [
        np.sort(p.detach().numpy().ravel())
        for e in (extractor, control)
        for p in e.model.parameters()
    ]
    half = len(weights) // 2
    for one, other in zip(weights[:half], weights[half:], strict=True):
        np.testing.assert_array_equal(one, other)
    assert shuffled(Colour()) is None, "there is nothing to shuffle"
    joined = load_extractor(f"join:dinov2:{tmp_path / 'net'}+colour")
    assert shuffled(joined).name.startswith("CONTROL")


def test_command(data, tmp_path, monkeypatch):
    monkeypatch.setenv("LUDVIG_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(learned, "load_text_extractor", lambda spec, device: PlantedExtractor(1.0))
    monkeypatch.setattr(captures, "DRAWS", 1)

    def run(*arguments):
        arguments = ["eval", "captures", str(data), *arguments]
        return CliRunner().invoke(app, arguments, catch_exceptions=False, env={"COLUMNS": "200"})

    out = tmp_path / "out.json"
    asked = ("--scene=tomato", "--extractor=colour", "--extractor=join:colour+colour", "--control")
    said = run(*asked, "--out", str(out)).output
    assert "IoU in the other photos, percent" in said and "balls: tomato" in said
    found = json.loads(out.read_text())
    assert set(found["results"]) == {"colour", "colour + colour"}, (
        "what has no weights has no control"
    )
    assert found["means"]["colour"] == found["results"]["colour"]["balls: tomato"]
    paper = run("--config=dif_SPIn", "--extractor=colour", "--scene=balls: tomato", "--json")
    assert json.loads(paper.stdout)["results"]["mean"]["IoU"] > 85
    with pytest.raises(EngineError, match="has no thing called apple"):
        CliRunner().invoke(
            app, ["eval", "captures", str(data), "--scene", "apple"], catch_exceptions=False
        )
    with pytest.raises(EngineError, match="only captures compare"):
        arguments = ["eval", "spin", str(data), "--extractor", "colour", "--extractor", "xfeat"]
        CliRunner().invoke(app, arguments, catch_exceptions=False)
