"""How the command line loads models: it says and stores what ran, and downloads only if it may."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

import small_scene
from ludvig_engine import weights
from ludvig_engine.cli import app, learned
from ludvig_engine.features import names
from ludvig_engine.features.colour import Colour
from ludvig_engine.io import result
from ludvig_engine.progress import SILENT


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return small_scene.write(tmp_path_factory.mktemp("scene"))


@pytest.fixture
def run(made, tmp_path, monkeypatch):
    monkeypatch.setenv("LUDVIG_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(weights, "status", lambda folder=None: dict.fromkeys(weights.MODELS))

    def run(verb, *arguments):
        scene = [
            str(made / "splats.ply"),
            "--views",
            str(made),
            "--out",
            str(tmp_path / "out.safetensors"),
        ]
        return CliRunner().invoke(
            app, [verb, *scene, *arguments], catch_exceptions=False, env={"COLUMNS": "300"}
        )

    return run


def click():
    return "--click=photo_0:{},{}".format(*small_scene.center_of("red", 0))


@pytest.mark.parametrize("arguments", [("segment", click()), ("uplift",)])
def test_auto_is_the_default_and_what_ran_is_said_and_stored(run, tmp_path, arguments):
    said = run(*arguments)
    assert (
        'Features: colour, which "auto" chose as the best on this machine.' in said.stderr
        and "ludvig models" in said.stderr
    )
    about = result.read_result(tmp_path / "out.safetensors")[1]
    assert (about["extractor"], about["licence"]) == ("colour", "GPL-3.0-or-later")
    assert json.loads(run(*arguments, "--json").stdout)["extractor"] == "colour"
    assert "chose as the best" not in run(*arguments, "--extractor", "colour").stderr


def test_help_lists_every_extractor():
    for verb in ("segment", "uplift", "render", "demo"):
        said = CliRunner().invoke(app, [verb, "--help"], env={"COLUMNS": "300"}).output
        assert all(name in said for name in names()), verb


def stand_in(missing, monkeypatch):
    """An extractor whose weights come with the second and third fetch."""
    fetched = []

    def load(spec, *, device):
        if len(fetched) < len(missing):
            raise weights.MissingWeights(weights.MODELS[missing[len(fetched)]])
        return Colour(name=f"stand-in for {spec}")

    monkeypatch.setattr(learned, "load_extractor", load)
    monkeypatch.setattr(weights, "fetch", lambda model, *, job: fetched.append(model.id))
    monkeypatch.setattr(learned, "wanted", lambda device: "dinov2:small")
    return fetched


def test_download_fetches_what_is_missing(monkeypatch):
    missing = ["effnet", "minilm"]
    fetched = stand_in(missing, monkeypatch)
    with pytest.raises(weights.MissingWeights, match="effnet"):
        learned.Models(False, SILENT).features("conse")
    assert not fetched
    models = learned.Models(True, SILENT)
    models.features("conse")
    assert fetched == missing and models.name == "stand-in for conse"


def test_download_makes_auto_what_it_would_be_with_all_weights(monkeypatch):
    fetched = stand_in(["dinov2-small"], monkeypatch)
    models = learned.Models(True, SILENT)
    assert models.features("auto").name == "stand-in for dinov2:small" and fetched == [
        "dinov2-small"
    ]


def test_a_fetch_that_brings_nothing_ends(monkeypatch):
    stand_in(["effnet"] * 9, monkeypatch)
    with pytest.raises(weights.MissingWeights):
        learned.Models(True, SILENT).features("conse")
