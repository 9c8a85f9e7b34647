"""Clicks and boxes by way of a SAM, as front ends ask for them over the wire."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

import small_scene
import tiny_sams
from color_segmenter import color_segmenter
from ludvig_engine import weights
from ludvig_engine.errors import EngineError
from ludvig_engine.sam.table import SAMS
from ludvig_engine.service import extraction, state
from ludvig_engine.wire.methods import (
    AutoSegments,
    ListFeatures,
    OpenScene,
    Prompt,
    ReadSplats,
    RunSegment,
    Viewport,
)
from nested_segmenter import NestedSegmenter
from scenes import look_at
from service_tools import RED, Service, click, opened, overlap


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return small_scene.write(tmp_path_factory.mktemp("scene"))


@pytest.fixture(scope="module")
def names(made):
    return np.load(made / "names.npy")


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    return Service(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def scene(service, made):
    return opened(service, made).scene


@pytest.fixture
def sam(monkeypatch, service):
    """The stand-in, in place of every SAM."""
    found = NestedSegmenter()
    monkeypatch.setattr(state, "load_segmenter", lambda spec, *, device: found)
    yield found
    service.state.free()


def from_the_side(name, size=(200, 150), focal=170):
    """A viewport of its own that looks at a ball, and a click on the middle of it."""
    middle = np.array(small_scene.BALLS[name][0])
    camera = look_at(middle + np.array([2.2, 0.4, 1.1]), middle, size=size, focal=focal)
    pixels = np.array([[size[0] / 2 - 0.5, size[1] / 2 - 0.5]], np.float32)
    return Viewport(camera.viewmat, camera.K, *size), pixels


def in_viewport(name, **more):
    viewport, pixels = from_the_side(name, **more)
    return Prompt("click", viewport=viewport, pixels=pixels)


@pytest.mark.parametrize(
    "name, size", [*((name, (200, 150)) for name in small_scene.BALLS), ("blue", (1500, 1125))]
)
def test_a_click_in_a_viewport_is_on_what_is_rendered_there(service, scene, names, sam, name, size):
    prompt = in_viewport(name, size=size, focal=0.85 * size[0])
    found = service(RunSegment(scene, (prompt,), sam="sam2"))
    assert overlap(found.selected, names == name) > 0.9
    assert found.readings == (-1, 0, 1) and found.reading == 0
    longest = max(sam.pictures[0].shape[:2])
    assert longest == min(size[0], 1024), "no more than a SAM can see is rendered"
    for number, step in enumerate(found.readings):
        again = service(RunSegment(scene, (prompt,), sam="sam2", reading=step))
        np.testing.assert_array_equal(again.selected, found.levels <= number)
    assert sam.images == 2, "a picture is looked at once, and one from another side"
    selections = [found.levels <= number for number in range(3)]
    assert all((b | ~a).all() for a, b in pairwise(selections))


def test_a_click_on_a_photo_is_on_the_photo(service, scene, names, sam):
    found = service(RunSegment(scene, RED, sam="sam2"))
    assert overlap(found.selected, names == "red") > 0.9
    assert all(picture.shape[:2] == small_scene.SIZE[::-1] for picture in sam.pictures)


def through_camera(view, *, zoom=1.0, offset=(0, 0), turn=0.0, move=0.0):
    """An editor's region that looks through a photo's camera, which is a part of it."""
    camera = view.camera
    viewmat = camera.viewmat.astype(np.float32).astype(np.float64)
    c, s = np.cos(turn), np.sin(turn)
    viewmat[:3] = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]) @ viewmat[:3]
    viewmat[0, 3] += move
    K = np.diag([zoom, zoom, 1.0]) @ camera.K
    K[:2, 2] += offset
    return Viewport(viewmat, K, 700, 500)


@pytest.fixture(scope="module")
def photo(service, scene):
    """The view that RED is on, and the place of its first click there."""
    prompt = RED[0]
    return service.state.scene(scene).view(prompt.view), prompt.pixels[0] + 0.5


@pytest.mark.parametrize("zoom, offset", [(1, (0, 0)), (3.5, (0, 0)), (0.6, (120, 40))])
def test_through_a_photos_camera_the_sam_sees_the_photo(
    service, scene, names, sam, photo, zoom, offset
):
    view, place = photo
    viewport = through_camera(view, zoom=zoom, offset=offset)
    prompt = Prompt("click", viewport=viewport, pixels=zoom * place[None] + offset - 0.5)
    on_photo = service(RunSegment(scene, RED[:1], sam="sam2"))
    found = service(RunSegment(scene, (prompt,), sam="sam2"))
    assert sam.images == 2, "which it has seen already, as it has one from another side"
    assert overlap(found.selected, on_photo.selected) > 0.99
    corners = zoom * (place + np.array([[-12, -12], [12, 12]])) + offset - 0.5
    box = Prompt("box", viewport=viewport, pixels=corners.astype(np.float32))
    service(RunSegment(scene, (box,), sam="sam2"))
    assert sam.images == 2


@pytest.mark.parametrize(
    "other",
    [{"turn": 0.02}, {"move": 0.05}, {"hidden": True}, {"beyond": True}, {"sent": True}],
    ids=lambda other: next(iter(other)),
)
def test_elsewhere_it_sees_a_render(service, made, scene, names, sam, photo, other):
    view, place = photo
    move = {name: other[name] for name in ("turn", "move") if name in other}
    viewport = through_camera(view, zoom=1.5, offset=(120, 40), **move)
    places = np.array([place])
    if "beyond" in other:  # a region shows more than the photo does
        places = np.array([[-5.0, 10.0]])
    visible = (names != "blue")[:, None] if "hidden" in other else None
    if "sent" in other:  # of an editor in which some were deleted
        cloud = service(ReadSplats(str(made / "splats.ply"))).splats
        scene = service(OpenScene(cloud=cloud, views=str(made))).scene
    prompt = Prompt("click", viewport=viewport, pixels=1.5 * places + (120, 40) - 0.5)
    try:
        service(RunSegment(scene, (prompt,), sam="sam2", visible=visible))
    except EngineError as error:
        assert "beyond" in other and error.kind == "bad_input", error
    assert sam.pictures[0].shape[:2] == (500, 700)


def test_close_to_things_colors_are_those_of_the_view(service, scene, names, sam):
    """Nearer than the near plane of photos, the viewport's camera space is scaled."""
    red = np.array(small_scene.BALLS["red"][0])
    camera = look_at(red + np.array([0.55, 0, 0.1]), red, size=(160, 120), focal=60)
    view = Viewport(camera.viewmat, camera.K, 160, 120)
    prompt = Prompt("click", viewport=view, pixels=np.array([[79.5, 59.5]], np.float32))
    service(RunSegment(scene, (prompt,), sam="sam2"))
    row = sam.pictures[0][60, 80]
    assert row.argmax() == 0 and np.ptp(row) > 0.3


def test_what_was_hidden_is_not_in_the_picture(service, scene, names, sam):
    red, blue = (np.array(small_scene.BALLS[name][0]) for name in ("red", "blue"))
    camera = look_at(red + 1.5 * (red - blue), blue, size=(200, 150), focal=150)
    view = Viewport(camera.viewmat, camera.K, camera.width, camera.height)
    on = Prompt("click", viewport=view, pixels=np.array([[99.5, 74.5]], np.float32))
    for hidden, expected in ((None, "red"), ("red", "blue")):
        visible = None if hidden is None else (names != hidden)[:, None]
        found = service(RunSegment(scene, (on,), sam="sam2", visible=visible))
        assert overlap(found.selected, names == expected) > 0.85
    with pytest.raises(EngineError, match="2 columns, but there are 1 prompts"):
        service(RunSegment(scene, (on,), sam="sam2", visible=np.ones((len(names), 2), bool)))


def test_clicks_of_both_kinds_hold(service, scene, names, sam):
    sam.obeys, sam.scores = False, np.array([0.1, 0.2, 0.9])
    beside = replace(in_viewport("blue"), positive=False)
    answer = service(RunSegment(scene, (in_viewport("red"), beside), sam="sam2"))
    assert answer.selected[names == "red"].mean() > 0.9
    assert answer.selected[names == "blue"].mean() < 0.1
    for number in range(len(answer.readings)):
        assert (answer.levels <= number)[names == "blue"].mean() < 0.1


def test_a_box_and_what_a_sam_cannot_take(service, scene, names, sam):
    view, (middle,) = from_the_side("green")
    around = Prompt("box", viewport=view, pixels=np.float32([middle - 30, middle + 30]))
    found = service(RunSegment(scene, (around,), sam="sam2"))
    assert overlap(found.selected, names == "green") > 0.9 and sam.images == 2
    beside = replace(around, positive=False)
    found = service(RunSegment(scene, (in_viewport("red"), beside), sam="sam2"))
    assert overlap(found.selected, names == "red") > 0.9
    images = sam.images
    through = replace(in_viewport("red"), through=True, radius=8.0)
    with_it = service(RunSegment(scene, (through,), sam="sam2"))
    without = service(RunSegment(scene, (through,)))
    np.testing.assert_array_equal(with_it.selected, without.selected)
    in_space = Prompt("click", points=np.float32([small_scene.BALLS["red"][0]]), radius=0.4)
    service(RunSegment(scene, (in_space,), sam="sam2"))
    assert sam.images == images


def test_what_a_sam_has_seen_counts_as_memory(service, scene, sam, monkeypatch):
    def size(view):
        service(RunSegment(scene, (click("red", view),), sam="sam2"))
        return service.state.recent.size

    def heavy(pixels):
        seen = encode(pixels)
        return replace(seen, embedding=(seen.embedding, np.zeros(17_000_000, np.uint8)))

    def look(seen):
        sam.pixels = seen.embedding[0]

    before, encode = size(5), sam.encode
    monkeypatch.setattr(sam, "encode", heavy)
    monkeypatch.setattr(sam, "look", look)
    assert 17e6 < size(3) - before < 18e6


def test_the_first_look_is_told(service, scene, sam):
    first = service(RunSegment(scene, (click("red", 5),), sam="sam2")).timings
    second = service(RunSegment(scene, (click("red", 5), click("blue", 5)), sam="sam2")).timings
    assert "see_picture" in first and "see_picture" not in second


def test_a_scene_is_divided_by_way_of_a_sam(service, made, tmp_path, names, monkeypatch):
    about = json.loads((made / "transforms.json").read_text())
    about["frames"] = [
        {**frame, "file_path": str(made / frame["file_path"])} for frame in about["frames"][::2]
    ]
    (tmp_path / "transforms.json").write_text(json.dumps(about))
    scene = service(OpenScene(splats=str(made / "splats.ply"), views=str(tmp_path))).scene
    asked = []

    def load(spec, *, device):
        asked.append(spec)
        return color_segmenter()

    monkeypatch.setattr(state, "load_segmenter", load)
    found = service(AutoSegments(scene, "colour", sam="sam2:tiny"))
    for name in small_scene.BALLS:
        assert max(overlap(found.labels == n, names == name) for n in range(found.count)) > 0.85
    assert asked == ["sam2:tiny"] and "segment_everything" in found.timings
    service.state.free()


def test_without_weights_the_error_has_a_download(service, scene, monkeypatch, tmp_path):
    monkeypatch.setenv("LUDVIG_MODELS", str(tmp_path))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(weights.MissingWeights) as caught:
        service(RunSegment(scene, RED, sam="sam2"))
    assert caught.value.fixes[0].action == "fetch_model"
    assert caught.value.fixes[0].arguments["model"] == "sam2-small"
    with pytest.raises(EngineError, match='no segmenter "sma"'):
        service(RunSegment(scene, RED, sam="sma"))


def test_the_list_says_what_each_sam_needs(service, monkeypatch, tmp_path):
    monkeypatch.setenv("LUDVIG_MODELS", str(tmp_path))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    tiny_sams.sam2(tmp_path / "sam2-tiny")
    listed = {info.spec: info for info in service(ListFeatures()).segmenters}
    assert list(listed) == list(SAMS) and next(iter(listed)) == "sam2"
    assert listed["sam2:tiny"].ready and not listed["sam2"].ready
    assert listed["sam2"].models == ("sam2-small",) and "184 MB" in listed["sam2"].needs
    assert "accept its license" in listed["sam3"].needs
    monkeypatch.setattr(extraction.Sam, "lacking", lambda entry: ["torch"])
    listed = {info.spec: info for info in service(ListFeatures()).segmenters}
    assert not any(info.ready or info.models for info in listed.values())
    assert "lacks torch" in listed["sam2:tiny"].needs


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Tiny random SAMs where fetched ones lie, in the two published formats."""
    folder = tmp_path_factory.mktemp("models")
    tiny_sams.sam2(folder / "sam2-small")
    package = tiny_sams.import_segment_anything()
    (folder / "sam-pth").mkdir()
    made = tiny_sams.save_original(package, folder / "tiny.pth")
    shutil.move(made, folder / "sam-pth" / "sam_vit_b_01ec64.pth")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LUDVIG_MODELS", str(folder))
        # A ViT-B has one block here, so that the tiny checkpoint fits it.
        patch.setitem(package.sam_model_registry, "vit_b", lambda: tiny_sams.original(package))
        yield folder


@pytest.mark.parametrize("spec", ["sam2", "sam-pth"])
def test_published_formats(models, service, scene, spec):
    """Random weights find nothing in particular: what is asserted holds for any masks."""
    ready = {info.spec: info.ready for info in service(ListFeatures()).segmenters}
    assert ready[spec]
    on, beside = in_viewport("red"), replace(in_viewport("blue"), positive=False)
    answers = [
        service(RunSegment(scene, prompts, sam=spec))
        for prompts in ((on,), (on, click("red")), (on, beside))
    ]
    for answer in answers:
        assert answer.selected.any()
        if answer.readings:
            assert answer.reading in answer.readings and len(answer.readings) <= 3
            np.testing.assert_array_equal(
                answer.selected, answer.levels <= answer.readings.index(answer.reading)
            )
    assert "see_picture" in answers[0].timings and "see_picture" in answers[1].timings
    assert "see_picture" not in answers[2].timings, "the first picture is known"
    again = service(RunSegment(scene, (on,), sam=spec))
    np.testing.assert_array_equal(again.scores, answers[0].scores)
    other = service(RunSegment(scene, (on,)))
    assert other.readings != answers[0].readings or (other.levels != answers[0].levels).any()
