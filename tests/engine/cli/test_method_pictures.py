"""`ludvig render --what features` and `--what diffusion`: their files, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import ludvig_engine as ludvig
import small_scene
from ludvig_engine import pipeline
from ludvig_engine.cli import app, learned
from ludvig_engine.errors import EngineError
from ludvig_engine.paper import spreading
from ludvig_engine.pictures import film
from ludvig_engine.weights import MODELS, MissingWeights
from planted_words import PlantedExtractor


@pytest.fixture(scope="module", autouse=True)
def environment(tmp_path_factory):
    """A cache of our own, and a text model that knows the balls."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LUDVIG_CACHE", str(tmp_path_factory.mktemp("cache")))
        planted = PlantedExtractor(0.5)
        patch.setattr(learned, "load_text_extractor", lambda spec, device: planted)
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return small_scene.write(tmp_path_factory.mktemp("scene"))


@pytest.fixture(scope="module")
def scene(made):
    return ludvig.load(made / "splats.ply", views=made)


def render(made, out, *options):
    """What the command prints with --json."""
    given = [*map(str, options), "--out", str(out), "--json"]
    command = ["render", str(made / "splats.ply"), "--views", str(made), *given]
    done = CliRunner().invoke(app, command, catch_exceptions=False)
    assert done.exit_code == 0
    return json.loads(done.stdout)


def click(name="red", view=0, sign="+"):
    x, y = small_scene.center_of(name, view)
    return f"--click=photo_{view}.png:{x},{y}:{sign}"


COLOUR = "--extractor=colour"


def test_a_diffusion_is_a_strip_and_a_film(made, tmp_path):
    asked = ("--view=photo_2", "--what=diffusion", COLOUR)
    said = render(made, tmp_path, *asked, click())
    strip, moving = (tmp_path / f"photo_2.{ending}" for ending in ("png", "gif"))
    assert said["written"] == [str(strip), str(moving)]
    assert any("no negative prompt" in note for note in said["notes"])
    with Image.open(strip) as still, Image.open(moving) as frames:
        alone = still.size
        assert frames.n_frames == len(film.MOMENTS) and frames.width == 366 + 6
    both = render(made, tmp_path, *asked, click(), click("blue", sign="-"))
    assert not any("no negative prompt" in note for note in both["notes"])
    with Image.open(strip) as still, Image.open(moving) as frames:
        assert still.size == (alone[0], 2 * alone[1])
        assert frames.n_frames == len(film.MOMENTS) and frames.width == 2 * 366 + 6


def test_scribbles_and_masks_spread_too(made, tmp_path):
    x, y = small_scene.center_of("green", 1)
    rows, columns = np.mgrid[:90, :120]
    disc = np.hypot(rows - y, columns - x) < 6
    Image.fromarray(disc.astype(np.uint8) * 255).save(tmp_path / "mask.png")
    paint = np.zeros((90, 120, 4), np.uint8)
    paint[disc] = (0, 255, 0, 255)
    Image.fromarray(paint).save(tmp_path / "paint.png")
    for kind, name in (("mask", "mask.png"), ("scribble", "paint.png")):
        prompt = f"--{kind}=photo_1.png={tmp_path / name}"
        said = render(made, tmp_path / kind, "--view=photo_1", "--what=diffusion", COLOUR, prompt)
        # A mask also says what is not the object.
        alone = any("no negative prompt" in note for note in said["notes"])
        assert len(said["written"]) == 2 and alone == (kind == "scribble")


def test_a_feature_sheet_per_view(made, tmp_path):
    said = render(made, tmp_path, "--view=all", "--what=features", COLOUR)
    assert len(said["written"]) == 8
    for path in said["written"]:
        with Image.open(path) as sheet:
            assert sheet.size == (3 * 366 + 6, 30 + 270 + 6)
            assert np.asarray(sheet).std() > 20


def test_several_extractors_and_words_side_by_side(made, tmp_path):
    words = ("--text=tomato", "--text=giraffe")
    asked = ("--view=photo_0", "--what=features", COLOUR, "--extractor=join:colour+colour")
    said = render(made, tmp_path, *asked, *words)
    with Image.open(tmp_path / "photo_0.png") as sheet:
        assert sheet.size == (5 * 366 + 6, 2 * (30 + 270 + 6))
        pixels = np.asarray(sheet.convert("L"), float)
    tomato = pixels[30 + 306 : 30 + 306 + 270, 6 + 3 * 366 : 6 + 3 * 366 + 360]
    x, y = small_scene.center_of("red", 0)
    a, b = small_scene.center_of("blue", 0)
    assert tomato[3 * y, 3 * x] > tomato[3 * b, 3 * a] + 80
    told = " ".join(said["notes"])
    assert "planted compared these words with the photos: tomato, giraffe." in told
    assert 'Not found in this scene: "giraffe".' in told


def test_without_a_cache_each_photo_is_looked_at_once(made, tmp_path, monkeypatch):
    from ludvig_engine.features.colour import Colour

    seen = []
    real = Colour.__call__
    monkeypatch.setattr(
        Colour, "__call__", lambda s, photo: seen.append(photo.name) or real(s, photo)
    )
    render(made, tmp_path, "--view=photo_0", "--what=features", COLOUR, "--no-cache")
    assert len(seen) == len(set(seen)) == 8


def test_words_without_weights_say_what_to_fetch(made, tmp_path, monkeypatch):
    def missing(spec, device):
        raise MissingWeights(MODELS["clip"])

    monkeypatch.setattr(learned, "load_text_extractor", missing)
    with pytest.raises(MissingWeights, match="ludvig models fetch clip"):
        render(made, tmp_path, "--view=photo_0", "--what=features", COLOUR, "--text=cup")
    assert not list(tmp_path.iterdir())


REFUSED = {
    ("--what=diffusion",): "There is no prompt to spread",
    ("--what=rgb", "--click=photo_0.png:1,1"): "--what rgb takes no --click",
    ("--what=features", "--mask=photo_0.png=m.png"): "--what features takes no --mask",
    ("--what=diffusion", "--text=cup"): "--what diffusion takes no --text",
    ("--what=pca", "--extractor=colour", "--extractor=xfeat"): "draws one --extractor, but 2",
    ("--what=diffusion", "--click=photo_0.png"): "is not VIEW:X,Y",
    ("--what=diffusion", "--click=photo_0.png:999,1"): "outside the photo",
    ("--what=diffusion", "--click=other.png:1,1"): "other.png",
}


@pytest.mark.parametrize("options", REFUSED, ids=" ".join)
def test_what_cannot_be_drawn_is_refused_before_anything_is_computed(
    options, made, tmp_path, monkeypatch
):
    for name in ("prepare", "lifted_features", "compared_features"):
        monkeypatch.setattr(pipeline, name, None)
    with pytest.raises(EngineError) as refused:
        render(made, tmp_path / "o", "--view=photo_0", *options)
    assert refused.value.kind in ("bad_input", "not_found")
    assert REFUSED[options] in refused.value.message
    assert not (tmp_path / "o").exists()


def test_a_film_that_cannot_be_written_is_refused_before_anything_is_computed(
    made, tmp_path, monkeypatch
):
    (tmp_path / "photo_0.gif").mkdir()
    monkeypatch.setattr(pipeline, "prepare", None)
    with pytest.raises(EngineError, match=r"photo_0\.gif is a folder"):
        render(made, tmp_path, "--view=photo_0", "--what=diffusion", click())


def test_a_view_without_photo_has_no_2_d_features(made, tmp_path):
    import shutil

    folder = shutil.copytree(made, tmp_path / "scene")
    (folder / "images" / "photo_3.png").unlink()
    loaded = ludvig.load(folder / "splats.ply", views=folder)
    if loaded.view("photo_3.png").pictured:  # rendered in its place
        pytest.skip("a render has taken the place of the photo")
    asked = ("--what=features", COLOUR)
    with pytest.raises(EngineError, match=r"The photo photo_3\.png is missing"):
        render(folder, tmp_path / "o", "--view=photo_3.png", *asked)
    said = render(folder, tmp_path / "o", "--view=all", *asked)
    assert len(said["written"]) == 7 and "1 view without photo left out." in said["notes"]


# ---- as a library


def test_compare_gives_both_in_the_camera_of_the_photo(scene):
    flat, deep = ludvig.compare(scene, "photo_1.png", "colour")
    assert flat.shape == deep.shape == (90, 120, 3) and flat.dtype == deep.dtype == np.float32
    assert 0 <= min(flat.min(), deep.min()) and max(flat.max(), deep.max()) <= 1
    # Both show the same things in the same colors, though the first in cells.
    assert np.corrcoef(flat.ravel(), deep.ravel())[0, 1] > 0.5
    with pytest.raises(EngineError, match=r"nothing\.png"):
        ludvig.compare(scene, "nothing.png", "colour")


def test_spread_is_the_diffusion_of_the_paper(scene):
    prepared = ludvig.prepare(scene, "colour")
    x, y = small_scene.center_of("red", 0)
    found = ludvig.spread(prepared, clicks=[("photo_0.png", x, y)], times=(0, 4, 50))
    assert found.times == (0, 4, 50) and found.background is None
    assert found.foreground.shape == (len(scene), 3) and found.foreground.dtype == np.float32
    image = ludvig.render(scene, "photo_0.png", found.foreground)
    assert image.shape == (3, 90, 120) and np.unravel_index(image[0].argmax(), (90, 120)) == (y, x)
    from ludvig_engine.front.prompting import paints

    painted = paints(scene.views, clicks=[("photo_0.png", x, y)])
    same = spreading.spread(prepared, painted, times=(0, 4, 50))
    np.testing.assert_array_equal(found.foreground, same.foreground)
    with pytest.raises(EngineError, match="There is no prompt"):
        ludvig.spread(prepared, times=(1,))
