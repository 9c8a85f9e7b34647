"""`ludvig segment --sam` and `--text`, with stand-ins for the models."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import small_scene
from ludvig_engine import weights
from ludvig_engine.cli import app, learned
from ludvig_engine.errors import EngineError
from ludvig_engine.io import result
from planted_words import PlantedExtractor
from region_segmenter import RegionSegmenter


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return small_scene.write(tmp_path_factory.mktemp("scene"))


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def planted():
    return PlantedExtractor(1.0)


@pytest.fixture
def run(made, cache, tmp_path, monkeypatch):
    monkeypatch.setenv("LUDVIG_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("LUDVIG_CACHE", str(cache))

    def run(*arguments):
        out = tmp_path / "out.safetensors"
        scene = [str(made / "splats.ply"), "--views", str(made), "--out", str(out), "--json"]
        if not {"--extractor", "--sam-views", "--config"} & set(arguments):
            scene += ["--extractor", "colour"]  # whatever else is installed here
        done = CliRunner().invoke(app, ["segment", *scene, *arguments], catch_exceptions=False)
        return json.loads(done.stdout), result.read_result(out)[0], np.load(made / "names.npy")

    return run


def iou(a, b):
    return (a & b).sum() / (a | b).sum()


def click(name, view=0):
    x, y = small_scene.center_of(name, view)
    return f"--click=photo_{view}:{x},{y}"


@pytest.mark.parametrize("how", [(), ("--sam-views",)])
def test_sam(run, monkeypatch, how):
    monkeypatch.setattr(learned, "load_segmenter", lambda spec, device: RegionSegmenter())
    about, arrays, names = run(click("red"), "--sam", "sam2", *how)
    assert about["extractor"] == ("regions" if how else "regions and colour")
    assert iou(arrays["selected"], names == "red") > (0.9 if how else 0.7)


def test_without_weights_it_says_how_to_get_them(run):
    with pytest.raises(weights.MissingWeights, match="ludvig models fetch sam2-small"):
        run(click("red"), "--sam", "sam2")
    with pytest.raises(weights.MissingWeights, match="ludvig models fetch sam2-small"):
        run(click("red"), "--sam-views")


def test_an_unsure_guess_is_written_only_on_demand(run, monkeypatch, planted):
    monkeypatch.setattr(learned, "load_text_extractor", lambda model, device: planted)
    about, arrays, _ = run("--text", "zeppelin")
    guess = (arrays["scores"] > 0) & ~arrays["selected"]
    assert not about["found"] and about["selected"] == 0 and guess.any()
    assert any("The best guess is" in note and "--guess" in note for note in about["notes"])
    about, arrays, _ = run("--text", "zeppelin", "--guess")
    assert not about["found"] and about["selected"] == arrays["selected"].sum() > 0
    assert any("are a guess" in note for note in about["notes"])
    sure, found, _ = run("--text", "tomato")
    again, same, _ = run("--text", "tomato", "--guess")
    assert sure["found"] and again["found"] and sure["notes"] == again["notes"]
    np.testing.assert_array_equal(found["selected"], same["selected"])


def test_words(run, made, tmp_path, monkeypatch, planted):
    monkeypatch.setattr(learned, "load_text_extractor", lambda model, device: planted)
    about, arrays, names = run("--text", "tomato", "--text", "lime", "--text", "zeppelin")
    assert arrays["relevancy"].shape == arrays["text_scores"].shape == (len(names), 3)
    assert iou(arrays["selected"], (names == "red") | (names == "green")) > 0.85
    assert any("zeppelin" in note and "not found" in note for note in about["notes"])
    assert "planted" in about["notes"][-2]
    inside = arrays["relevancy"][names == "red"].mean(0)
    assert inside[0] > inside[1] + 0.1
    out = tmp_path / "pictures"
    view = [
        "--view",
        "photo_0",
        "--what",
        "relevancy",
        "--scores",
        str(tmp_path / "out.safetensors"),
        "--out",
        str(out),
    ]
    done = CliRunner().invoke(
        app,
        ["render", str(made / "splats.ply"), "--views", str(made), *view],
        catch_exceptions=False,
    )
    assert done.exit_code == 0
    with Image.open(out / "photo_0.png") as picture:
        heat = np.asarray(picture).sum(-1)
    x, y = small_scene.center_of("red", 0)
    assert picture.size == small_scene.SIZE and heat[y, x] > np.median(heat) + 30
    single, arrays, names = run("--text", "tomato", "--negative", "stuff")
    with pytest.raises(EngineError, match="template has no"):
        run("--text", "tomato", "--template", "a photo")
    assert single["prompts"]["negative"] == ["stuff"] and 0 < single["threshold"] < 1
    assert iou(arrays["selected"], names == "red") > 0.85


def test_what_does_not_go_together(run, monkeypatch):
    monkeypatch.setattr(learned, "load_segmenter", lambda spec, device: RegionSegmenter())
    with pytest.raises(EngineError, match="--sam does not go with"):
        run("--text", "tomato", "--sam", "sam2", "--config", "lerf")
    with pytest.raises(EngineError, match="There is no prompt"):
        run("--sam", "sam2")
    with pytest.raises(EngineError, match="no features to find words with"):
        run("--text", "tomato", "--sam-views", click("red"))


def test_words_through_a_sam(run, monkeypatch, planted):
    monkeypatch.setattr(learned, "load_segmenter", lambda spec, device: RegionSegmenter())
    monkeypatch.setattr(learned, "load_text_extractor", lambda model, device: planted)
    about, arrays, names = run("--text", "tomato", "--sam", "sam2")
    assert iou(arrays["selected"], names == "red") > 0.85
    assert about["extractor"] == "regions and colour and planted"


@pytest.mark.parametrize("how", [(), ("--sam", "sam2")])
def test_words_and_clicks(run, monkeypatch, planted, how):
    monkeypatch.setattr(learned, "load_segmenter", lambda spec, device: RegionSegmenter())
    monkeypatch.setattr(learned, "load_text_extractor", lambda model, device: planted)
    about, arrays, names = run("--text", "tomato", click("blue"), *how)
    assert iou(arrays["selected"], np.isin(names, ("red", "blue"))) > 0.85
    assert about["extractor"] == ("regions and " if how else "") + "colour and planted"
    assert arrays["relevancy"].shape == (len(names), 1), "of the words alone"
    _, arrays, names = run("--text", "tomato", "--text", "lime", click("green") + ":-")
    assert iou(arrays["selected"], names == "red") > 0.85


def test_the_paper_s_configurations(run, made, tmp_path, monkeypatch, planted):
    from ludvig_engine.io.load import load_scene
    from ludvig_engine.pictures.draw import share

    scene = load_scene(made / "splats.ply", views=made)
    red = scene.from_file(np.load(made / "names.npy")) == "red"
    image = share(scene.gaussians, scene.views[0].camera, red.astype(np.float32)) > 0.5
    Image.fromarray(image.astype(np.uint8) * 255).save(tmp_path / "mask.png")
    mask = f"--mask=photo_0={tmp_path / 'mask.png'}"
    about, arrays, names = run(mask, "--config", "dif_SPIn", "--extractor", "colour")
    assert (
        about["config"] == "dif_SPIn"
        and about["extractor"] == "colour"
        and about["parameters"]["cut"] > 0
    )
    assert iou(arrays["selected"], names == "red") > 0.8
    with pytest.raises(weights.MissingWeights, match="dinov2-giant"):
        run(mask, "--config", "dif_SPIn")
    monkeypatch.setattr(learned, "load_segmenter", lambda spec, device: RegionSegmenter())
    about, arrays, names = run(mask, "--config", "dif_NVOS", "--extractor", "colour")
    assert (
        about["extractor"] == "colour and regions" and iou(arrays["selected"], names == "red") > 0.7
    )
    for name in ("sam_NVOS", "sam_SPIn"):
        about, arrays, names = run(mask, "--config", name)
        assert about["extractor"] == "regions" and iou(arrays["selected"], names == "red") > 0.4
    with pytest.raises(EngineError, match="dif_SPIn takes --mask or --scribble alone"):
        run("--text", "tomato", "--config", "dif_SPIn")
    with pytest.raises(EngineError, match="lerf takes --text alone"):
        run(mask, "--config", "lerf")
    monkeypatch.setattr(learned, "load_text_extractor", lambda model, device: planted)
    about, arrays, names = run("--text", "tomato", "--config", "removal", "--extractor", "colour")
    assert about["threshold"] == 0.006 and arrays["selected"][names == "red"].mean() > 0.9
