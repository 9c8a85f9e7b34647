"""The front door gives what the command line and the service give, and says what is wrong."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import ludvig_engine as ludvig
import small_scene
from ludvig_engine.cli import app, learned
from ludvig_engine.errors import EngineError
from ludvig_engine.features.colour import Colour
from ludvig_engine.front import segmenting
from ludvig_engine.front.prompting import paints
from ludvig_engine.io import result
from ludvig_engine.io.photos import read_photo
from ludvig_engine.pictures import draw
from ludvig_engine.rendering import render as blend
from ludvig_engine.segmentation.prepared import Prepared
from ludvig_engine.wire.methods import Prompt, RunSegment
from planted_words import PlantedExtractor
from service_tools import Service, opened, overlap

PHOTO = "photo_1.png"
X, Y = small_scene.center_of("green", 1)
OTHER = small_scene.center_of("red", 1)
SHAPE = small_scene.SIZE[::-1]


@pytest.fixture(scope="module", autouse=True)
def environment(tmp_path_factory):
    """A cache of our own, and a text model that knows the balls."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LUDVIG_CACHE", str(tmp_path_factory.mktemp("cache")))
        planted = PlantedExtractor(0.5)
        for module in (segmenting, learned):
            patch.setattr(module, "load_text_extractor", lambda spec, device: planted)
        patch.setattr("ludvig_engine.service.state.State.encoder", lambda self, job: planted)
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return small_scene.write(tmp_path_factory.mktemp("scene"))


@pytest.fixture(scope="module")
def scene(made):
    return ludvig.load(made / "splats.ply", views=made)


@pytest.fixture(scope="module")
def prepared(scene):
    return ludvig.prepare(scene, "colour", cache=False)


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    return Service(tmp_path_factory.mktemp("service"))


def strokes():
    """Above 0 on the green ball, below 0 on the ground."""
    painted = np.zeros(SHAPE, np.int8)
    painted[Y - 3 : Y + 3, X - 2 : X + 2] = 1
    painted[60:70, 5:20] = -1
    return painted


def disc():
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    return np.hypot(rows - Y, columns - X) < 10


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The same strokes and mask as image files."""
    folder = tmp_path_factory.mktemp("paintings")
    painted = np.zeros((*SHAPE, 4), np.uint8)
    painted[strokes() > 0] = (0, 255, 0, 255)
    painted[strokes() < 0] = (255, 0, 0, 255)
    Image.fromarray(painted).save(folder / "strokes.png")
    Image.fromarray(disc().astype(np.uint8) * 255).save(folder / "mask.png")
    return folder


# ---- the door itself


def test_importing_the_package_imports_nothing_else():
    script = (
        "import sys, ludvig_engine as ludvig; "
        "print([name for name in sys.modules if name.startswith('ludvig_engine.')], "
        "'numpy' in sys.modules, set(ludvig.__all__) <= set(dir(ludvig)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[] False True\n"


def test_every_name_of_the_door_is_there():
    assert all(callable(getattr(ludvig, name)) for name in ludvig.__all__)
    with pytest.raises(AttributeError, match="'ludvig_engine' has no attribute 'segmnt'"):
        ludvig.segmnt  # noqa: B018
    from ludvig_engine import Engine, pipeline
    from ludvig_engine.methods import OpenScene
    from ludvig_engine.wire import client, methods

    assert (Engine, OpenScene) == (client.Engine, methods.OpenScene)
    assert ludvig.prepare is not pipeline.prepare


# ---- the same as the command line and the service

CLICKS = [(PHOTO, X, Y), (PHOTO, *OTHER, "-")]
BOX = (PHOTO, X - 13, Y - 13, X + 13, Y + 13)


def given(kind, files):
    """A prompt as the front door, the command line and the service take it."""
    at = np.array
    return {
        "clicks": (
            {"clicks": CLICKS},
            [f"--click={PHOTO}:{X},{Y}", f"--click={PHOTO}:{OTHER[0]},{OTHER[1]}:-"],
            (
                Prompt("click", view=PHOTO, pixels=at([[X, Y]], np.float32)),
                Prompt("click", view=PHOTO, pixels=at([OTHER], np.float32), positive=False),
            ),
        ),
        "box": (
            {"boxes": [BOX]},
            ["--box={}:{},{},{},{}".format(*BOX)],
            (Prompt("box", view=PHOTO, pixels=at(BOX[1:], np.float32).reshape(2, 2)),),
        ),
        "scribble": (
            {"scribbles": [(PHOTO, strokes())]},
            [f"--scribble={PHOTO}={files / 'strokes.png'}"],
            (
                Prompt("scribble", view=PHOTO, mask=strokes() > 0),
                Prompt("scribble", view=PHOTO, mask=strokes() < 0, positive=False),
            ),
        ),
        "mask": (
            {"masks": [(PHOTO, disc())]},
            [f"--mask={PHOTO}={files / 'mask.png'}"],
            (Prompt("mask", view=PHOTO, mask=disc()),),
        ),
        "text": ({"text": "lime"}, ["--text=lime"], (Prompt("text", text="lime"),)),
        "text and click": (
            {"text": "lime", "clicks": CLICKS[1:]},
            ["--text=lime", f"--click={PHOTO}:{OTHER[0]},{OTHER[1]}:-"],
            (
                Prompt("text", text="lime"),
                Prompt("click", view=PHOTO, pixels=at([OTHER], np.float32), positive=False),
            ),
        ),
    }[kind]


@pytest.mark.parametrize("kind", ["clicks", "box", "scribble", "mask", "text", "text and click"])
def test_segments_are_those_of_the_command_line_and_the_service(
    kind, made, scene, prepared, service, files, tmp_path
):
    prompts, options, asked = given(kind, files)
    found = ludvig.segment(prepared, **prompts)
    selected = scene.to_file(found.selected)
    assert overlap(selected, np.load(made / "names.npy") == "green") > 0.75

    command = ["segment", str(made / "splats.ply"), "--views", str(made), "--extractor", "colour"]
    said = CliRunner().invoke(
        app, [*command, "--out", str(tmp_path / "r"), *options], catch_exceptions=False
    )
    assert said.exit_code == 0
    arrays, about = result.read_result(tmp_path / "r")
    np.testing.assert_allclose(arrays["scores"], scene.to_file(found.scores), atol=1e-6)
    np.testing.assert_array_equal(arrays["selected"], selected)
    assert about["threshold"] == pytest.approx(found.threshold)

    answer = service(RunSegment(opened(service, made).scene, asked, extractor="colour"))
    np.testing.assert_allclose(answer.scores, scene.to_file(found.scores), atol=1e-6)
    np.testing.assert_array_equal(answer.selected, selected)


def test_arrays_and_files_are_the_same_paint(scene, files):
    for kind, array, name in (
        ("scribbles", strokes(), "strokes.png"),
        ("masks", disc(), "mask.png"),
    ):
        (one,) = paints(scene.views, **{kind: [(PHOTO, array)]})
        (other,) = paints(scene.views, **{kind: [(PHOTO, files / name)]})
        np.testing.assert_allclose(one.positive, other.positive, atol=1e-6)
        np.testing.assert_allclose(one.negative, other.negative, atol=1e-6)


def test_a_given_threshold_is_used(prepared):
    found = ludvig.segment(prepared, clicks=CLICKS, threshold=0.9)
    assert (found.threshold, found.how) == (0.9, "given")
    np.testing.assert_array_equal(found.selected, found.scores > 0.9)


def test_readings_are_those_of_the_command_line(made, scene, prepared, tmp_path):
    one = CLICKS[:1]
    found = ludvig.segment(prepared, clicks=one)
    smallest = found.readings.steps[0]
    part = ludvig.segment(prepared, clicks=one, reading=smallest)
    assert smallest < 0 and part.readings.taken == smallest
    assert part.selected.sum() < found.selected.sum()
    np.testing.assert_array_equal(part.selected, found.readings.of(smallest))
    said = CliRunner().invoke(
        app,
        [
            *("segment", str(made / "splats.ply"), "--views", str(made), "--extractor", "colour"),
            *("--click", f"photo_1:{X},{Y}", "--reading", str(smallest)),
            *("--out", str(tmp_path / "r"), "--json"),
        ],
        catch_exceptions=False,
    )
    about = json.loads(said.stdout)
    assert about["reading"] == smallest and tuple(about["readings"]) == found.readings.steps
    arrays, _ = result.read_result(tmp_path / "r")
    np.testing.assert_array_equal(arrays["selected"], scene.to_file(part.selected))


def test_the_signs_of_clicks(scene):
    for sign, positive in (("+", True), (True, True), ("-", False), (False, False)):
        (paint,) = paints(scene.views, clicks=[("photo_1", X, Y, sign)])
        assert (paint.positive.any(), paint.negative.any()) == (positive, not positive)


def test_a_scene_whose_splats_were_pruned_takes_prompts_too(scene):
    """As the paper's experiments make it, with the views added."""
    from ludvig_engine.graph.neighbors import build, nearest
    from ludvig_engine.uplifting import Uplifted

    rows = np.arange(0, len(scene), 2)
    features = Colour()
    lifted = ludvig.uplift(scene, features, components=8)
    kept = Uplifted(lifted.features[rows], lifted.weights[rows], lifted.views[rows])
    gaussians = scene.gaussians.take(rows)
    graph = build(nearest(gaussians.means, 16)).with_features(kept.features)
    pruned = Prepared(gaussians, kept, graph, features.name, views=scene.views)
    found = ludvig.segment(pruned, text="lime", clicks=CLICKS)
    assert found.scores.shape == (len(rows),) and 0 < found.selected.sum() < len(rows) / 2


BAD = {
    "none": ({}, "bad_input", "no prompt"),
    "no sign": ({"clicks": [(PHOTO, X, Y, "no")]}, "bad_input", "the sign 'no'"),
    "name": ({"clicks": [("photo_9.png", X, Y)]}, "not_found", "Did you mean"),
    "outside": ({"clicks": [(PHOTO, 120, Y)]}, "bad_input", "outside the photo photo_1.png"),
    "shape": ({"masks": [(PHOTO, disc().T)]}, "bad_input", r"\(120, 90\), but .* \(90, 120\)"),
    "no mask": ({"masks": [(PHOTO, 0 * disc())]}, "bad_input", "mask of photo_1.png is empty"),
    "labels": (
        {"masks": [(PHOTO, disc() + 2 * (strokes() < 0))]},
        "bad_input",
        r"several things in it: 1 \(\d+ pixels\), 2 \(150 pixels\)",
    ),
    "whole photo": ({"masks": [(PHOTO, disc() | True)]}, "bad_input", "covers the whole photo"),
    "nowhere": ({"clicks": [(PHOTO, float("nan"), Y)]}, "bad_input", "outside the photo"),
    "far": ({"clicks": [(PHOTO, 10**30, Y)]}, "bad_input", "outside the photo"),
    "no stroke": ({"scribbles": [(PHOTO, 0 * strokes())]}, "bad_input", "no stroke in it"),
    "no file": ({"masks": [(PHOTO, "nowhere.png")]}, "not_found", "nowhere.png"),
    "threshold": ({"clicks": CLICKS, "threshold": 1.5}, "bad_input", "not within 0..1"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_prompts(prepared, case):
    prompts, kind, message = BAD[case]
    with pytest.raises(EngineError, match=message) as caught:
        ludvig.segment(prepared, **prompts)
    assert caught.value.kind == kind


def test_prompts_of_the_wrong_form():
    """In another process, as the checker of annotations here says no before the door does."""
    script = (
        "from ludvig_engine.front.prompting import paints\n"
        "for wrong in ({'clicks': ('a.jpg', 3, 4)}, {'boxes': [('a.jpg', 3, 4)]},\n"
        "    {'clicks': [('a.jpg', 'x', 4)]}, {'masks': [('a.jpg', None)]}):\n"
        "    try: paints((), **wrong)\n"
        "    except Exception as error: print(error.kind, error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        """bad_input One of the clicks is 'a.jpg', which is not of the form """
        """("IMG_1.jpg", 310, 222). """
        """For example: clicks=[("IMG_1.jpg", 310, 222)]""",
        """bad_input One of the boxes is ('a.jpg', 3, 4), which is not of the form """
        """("IMG_1.jpg", 80, 60, 400, 310). For example: boxes=[("IMG_1.jpg", 80, 60, 400, 310)]""",
        """bad_input One of the clicks is ('a.jpg', 'x', 4), which is not of the form """
        """("IMG_1.jpg", 310, 222). """
        """For example: clicks=[("IMG_1.jpg", 310, 222)]""",
        """bad_input One of the masks is ('a.jpg', None), which is not of the form """
        """("IMG_1.jpg", "mask.png"). For example: masks=[("IMG_1.jpg", "mask.png")]""",
    ]


# ---- uplift


@pytest.mark.parametrize("options", [{}, {"components": 4, "refine": 1}])
def test_own_maps_are_lifted_as_an_extractor_s_are(scene, options):
    maps = [Colour()(read_photo(view)) for view in scene.views]
    found = ludvig.uplift(scene, maps, **options)
    expected = ludvig.uplift(scene, "colour", **options)
    for name in ("features", "weights", "views"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), atol=1e-6)
    assert found.features.shape[1] == options.get("components", len(maps[0]))


def test_maps_by_name_may_leave_views_out(scene):
    constant = {"photo_2": np.full((1, 5, 7), 3.0), "photo_5.png": np.full((1, 4, 4), 3.0)}
    found = ludvig.uplift(scene, constant)
    assert 0 < found.seen.sum() < len(scene) and found.views.max() <= 2
    np.testing.assert_allclose(found.features[found.seen], 3, rtol=1e-5)


def bad_maps():
    good = np.zeros((3, 4, 5), np.float32)
    return {
        "count": ([good] * 3, "3 maps for 8 views"),
        "flat": ([good[0]] * 8, r"\(4, 5\), but \(channels, rows, columns\)"),
        "channels": ([good] * 7 + [good[:2]], r"photo_7.png has the shape \(2, 4, 5\), but \(3,"),
        "values": ([good] * 7 + [good + np.nan], "60 values that are NaN"),
        "none": ({}, "no maps"),
        "complex": ([good + 1j] * 8, "complex64, which are not numbers"),
        "large": ([good + 1e300] * 8, "60 values that are NaN or infinite, or too large"),
    }


@pytest.mark.parametrize("case", bad_maps())
def test_bad_maps(scene, case):
    maps, message = bad_maps()[case]
    with pytest.raises(EngineError, match=message):
        ludvig.uplift(scene, maps)


# ---- render


def test_rendered_colors_are_the_photo(scene):
    image = ludvig.render(scene, PHOTO)
    assert image.shape == (*SHAPE, 3) and image.dtype == np.float32
    assert np.abs(image - read_photo(scene.view(PHOTO)).pixels).mean() < 0.005


def test_a_name_gives_the_photo_s_pixels_and_a_camera_its_own(made):
    small = ludvig.load(made / "splats.ply", views=made, max_size=60)
    camera = small.view(PHOTO).camera
    assert (camera.height, camera.width) == (45, 60)
    features = np.random.default_rng(0).random((len(small), 5), np.float32)
    assert ludvig.render(small, PHOTO).shape == (90, 120, 3)
    assert ludvig.render(small.gaussians, camera).shape == (45, 60, 3)
    assert ludvig.render(small, PHOTO, features).shape == (5, 90, 120)
    assert ludvig.render(small, camera, features[:, 0] > 0.5).shape == (45, 60)


def test_values_are_means_of_what_a_pixel_shows(scene):
    rng = np.random.default_rng(0)
    features = rng.random((len(scene), 3), np.float32)
    camera = scene.view(PHOTO).camera
    image = ludvig.render(scene, camera, features)
    sums, alpha = blend(scene.gaussians, camera, features)
    shown = alpha > 0.01
    np.testing.assert_allclose(
        image[:, shown], (sums / np.maximum(alpha, 1e-6))[:, shown], rtol=1e-5
    )
    scores = ludvig.render(scene, camera, features[:, 0])
    np.testing.assert_array_equal(scores, draw.share(scene.gaussians, camera, features[:, 0]))


def test_bad_renders(scene):
    with pytest.raises(EngineError, match="Gaussians alone have no view"):
        ludvig.render(scene.gaussians, PHOTO)
    with pytest.raises(EngineError, match="No view is called"):
        ludvig.render(scene, "nowhere.png")
    with pytest.raises(EngineError, match=r"shape \(7,\), but there are 4,000 splats"):
        ludvig.render(scene, PHOTO, np.zeros(7))


# ---- what a notebook shows


def test_reprs_are_one_short_line(scene, prepared):
    found = ludvig.segment(prepared, clicks=CLICKS)
    channels = prepared.uplifted.features.shape[1]
    assert repr(scene) == "Scene(splats.ply, 4,000 splats, 8 photos)"
    assert repr(scene.gaussians) == "Gaussians(4,000, SH degree 0)"
    assert repr(scene.views[1]) == "View(photo_1.png, 120x90)"
    assert repr(scene.views[0].camera) == "Camera(120x90 at 3.5, 0, 1.8)"
    assert repr(prepared) == f"Prepared(4,000 splats, {channels} channels of colour, 8 photos)"
    seen = int(prepared.uplifted.seen.sum())
    assert repr(prepared.uplifted) == f"Uplifted(4,000 splats, {channels} channels, {seen:,} seen)"
    assert repr(prepared.graph) == f"Graph(4,000 splats, {len(prepared.graph.indices):,} edges)"
    count = found.selected.sum()
    assert repr(found) == f"Segment({count:,} of 4,000 splats, threshold {found.threshold:.2f})"


def test_the_repr_of_a_scene_counts_views_without_photos(made):
    from dataclasses import replace

    scene = ludvig.load(made / "splats.ply", cache=False)
    shown = f"{len(scene.views)} rendered views"
    assert repr(scene) == f"Scene(splats.ply, 4,000 splats, {shown})"
    assert repr(scene.views[0]) == "View(view_01, 1024x768, rendered)"
    views = ludvig.load(made / "splats.ply", views=made).views
    some = replace(scene, views=(replace(views[0], photo=None), *views[1:]), path=None)
    assert repr(some) == "Scene(4,000 splats, 8 views, 7 photos)"
    assert repr(some.views[0]) == "View(photo_0.png, 120x90, no photo)"


def test_a_scene_without_photos_is_rendered_at_its_cameras(made, tmp_path):
    (tmp_path / "transforms.json").write_bytes((made / "transforms.json").read_bytes())
    scene = ludvig.load(made / "splats.ply", views=tmp_path)
    assert all(view.pictured for view in scene.views)
    assert any("8 cameras" in note for note in scene.notes)
    found = ludvig.segment(ludvig.prepare(scene, "colour", cache=False), clicks=[(PHOTO, *OTHER)])
    assert overlap(scene.to_file(found.selected), np.load(made / "names.npy") == "red") > 0.75
    for asked in ({"need_photos": True}, {"photos": tmp_path}):
        with pytest.raises(EngineError, match="photos were not found"):
            ludvig.load(made / "splats.ply", views=tmp_path, **asked)


def test_the_repr_of_an_engine_says_how_it_is():
    engine = ludvig.Engine.attach("x" * 64, port=9)
    assert repr(engine) in ("Engine(connecting)", "Engine(ended: engine_gone)")
    engine.close()
    assert repr(engine) == "Engine(closed)"
