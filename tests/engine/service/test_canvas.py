"""Prompts of the protocol become paint in the right pixels, and evidence on the right Gaussians."""

from __future__ import annotations

import numpy as np
import pytest

from ludvig_engine.rendering import adjoint
from ludvig_engine.scene import Camera, Scene, View
from ludvig_engine.segmentation import painting as library
from ludvig_engine.service import points
from ludvig_engine.service.canvas import MAX_SIDE, read_prompts
from ludvig_engine.wire.methods import Prompt, Viewport
from scenes import joined, look_at, random_gaussians, single


def at(*places) -> np.ndarray:
    return np.array(places, np.float32)


@pytest.fixture
def scene():
    gaussians = random_gaussians(200)
    camera = look_at((4, 0, 0), size=(120, 90), focal=100)
    return Scene(gaussians, np.arange(200), 200, (View("a.jpg", camera, photo_size=(480, 360)),))


def viewport(camera: Camera) -> Viewport:
    return Viewport(camera.viewmat, camera.K, camera.width, camera.height)


def middle(image: np.ndarray) -> np.ndarray:
    """x, y of an image's center of mass, with pixel centers at +0.5."""
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]] + 0.5
    return np.array([(columns * image).sum(), (rows * image).sum()]) / image.sum()


def test_a_click_on_a_photo_is_where_it_was_made(scene):
    (paint,), placed = read_prompts(
        scene, [Prompt("click", view="a", pixels=at([200, 100]), radius=8.0)]
    )
    assert placed is None and not paint.negative.any()
    np.testing.assert_allclose(
        middle(paint.whole.positive), (np.array([200, 100]) + 0.5) / 4, atol=0.02
    )
    area = paint.positive.sum()
    # 8 pixels of the photo are 2 of the camera.
    assert np.pi * 1.5**2 < area < np.pi * 3**2


@pytest.mark.parametrize("size", [(120, 90), (3840, 2160)])
def test_a_click_in_a_viewport_is_where_it_was_made(scene, size):
    camera = look_at((4, 0, 0), size=size, focal=size[0])
    (paint,), _ = read_prompts(
        scene, [Prompt("click", viewport=viewport(camera), pixels=at([30, 20]), positive=False)]
    )
    assert not paint.positive.any() and max(paint.camera.width, paint.camera.height) <= MAX_SIDE
    scale = paint.camera.width / size[0]
    np.testing.assert_allclose(
        middle(paint.whole.negative), np.array([30.5, 20.5]) * scale, atol=0.05
    )


def test_clicks_of_one_prompt_are_one_paint(scene):
    (paint,), _ = read_prompts(
        scene, [Prompt("click", view="a", pixels=at([100, 100], [300, 100]), through=True)]
    )
    assert paint.through
    assert (
        paint.whole.positive[25, 25] > 0.5
        and paint.whole.positive[25, 75] > 0.5
        and paint.whole.positive[25, 50] == 0
    )


def test_lines_and_boxes_may_leave_the_picture(scene):
    line = Prompt("scribble", view="a", pixels=at([-50, 100], [900, 100]), radius=8.0)
    (paint,), _ = read_prompts(scene, [line])
    assert (paint.whole.positive[25] == 1).all() and not paint.whole.positive[30].any()
    (paint,), _ = read_prompts(scene, [Prompt("box", view="a", pixels=at([-50, -50], [240, 180]))])
    assert (
        not paint.negative[:45, :60].any()
        and paint.negative[46:].all()
        and paint.negative[:, 61:].all()
    )


def test_a_negative_box_says_no_to_its_inside_only(scene):
    (paint,), _ = read_prompts(
        scene, [Prompt("box", view="a", pixels=at([100, 100], [300, 300]), positive=False)]
    )
    assert paint.negative[50, 50] == 1 and paint.negative[5, 5] == 0 and not paint.positive.any()


def test_masks_and_painted_scribbles(scene):
    painted = np.zeros((360, 480), bool)
    painted[100:200, 100:200] = True
    for kind, positive, expected in [
        ("mask", True, (1, 0, 0, 1)),
        ("mask", False, (0, 1, 0, 0)),
        ("scribble", True, (1, 0, 0, 0)),
        ("scribble", False, (0, 1, 0, 0)),
    ]:
        (paint,), _ = read_prompts(scene, [Prompt(kind, view="a", mask=painted, positive=positive)])
        inside, outside = (37, 37), (10, 10)
        paint = paint.whole
        found = (
            paint.positive[inside],
            paint.negative[inside],
            paint.positive[outside],
            paint.negative[outside],
        )
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_viewport_sees_what_is_near(scene):
    """Photos are never taken from closer than 0.2; an editor zooms in as far as it likes."""
    small = single((0.05, 0, 0), 0.9, scale=0.01)
    tiny = Scene(
        joined(random_gaussians(200, spread=0.05, scale=0.001), small), np.arange(201), 201
    )
    camera = look_at((0.1, 0, 0), size=(60, 40), focal=60)
    (paint,), _ = read_prompts(
        tiny, [Prompt("click", viewport=viewport(camera), pixels=at([30, 20]))]
    )
    assert library.lift_paint(tiny.gaussians, [paint]).positive[200] > 0
    assert adjoint(tiny.gaussians, camera, np.ones((1, 40, 60), np.float32))[1][200] == 0
    # What both can see, they see alike.
    far = look_at((4, 0, 0), size=(60, 40), focal=60)
    (paint,), _ = read_prompts(
        scene, [Prompt("click", viewport=viewport(far), pixels=at([30, 20]))]
    )
    image = np.ones((1, 40, 60), np.float32)
    np.testing.assert_allclose(
        adjoint(scene.gaussians, paint.camera, image)[1],
        adjoint(scene.gaussians, far, image)[1],
        rtol=1e-3,
        atol=1e-3,
    )


# ---- in space


def test_points_say_something_of_what_is_near_them(scene):
    gaussians = scene.gaussians
    place, radius = gaussians.means[7], 0.8
    found = points.click(gaussians, place[None], radius=radius, positive=True)
    distance = np.linalg.norm(gaussians.means - place, axis=1)
    expected = np.where(distance < radius, gaussians.opacities * (1 - (distance / radius) ** 2), 0)
    np.testing.assert_allclose(found.positive, expected, atol=1e-5)
    assert not found.negative.any()
    few = points.click(gaussians, place[None], radius=0.0, positive=False)
    np.testing.assert_array_equal(
        np.flatnonzero(few.negative), np.sort(np.argsort(distance)[: points.FEW])
    )
    assert not few.positive.any()


def test_a_line_in_space_is_as_thick_everywhere(scene):
    gaussians = scene.gaussians
    a, b, c = at([-1, 0, 0], [1, 0, 0], [1, 1, 0])
    found = points.line(gaussians, np.stack([a, b, c]), radius=0.4, positive=True).positive

    def distance(p, q):
        t = np.clip((gaussians.means - p) @ (q - p) / ((q - p) @ (q - p)), 0, 1)[:, None]
        return np.linalg.norm(gaussians.means - p - t * (q - p), axis=1)

    exact = np.minimum(distance(a, b), distance(b, c))
    inside = found > 0
    assert inside[exact < 0.35].all() and not inside[exact > 0.4].any()


def test_a_box_in_space(scene):
    gaussians = scene.gaussians
    inside = (np.abs(gaussians.means) < 0.5).all(1)
    corners = at([0.5, -0.5, 0.5], [-0.5, 0.5, -0.5])
    found = points.box(gaussians, corners, positive=True)
    np.testing.assert_array_equal(found.negative > 0, ~inside)
    no = points.box(gaussians, corners, positive=False)
    np.testing.assert_array_equal(no.negative > 0, inside)
    assert not no.positive.any()


def test_evidence_adds_up(scene):
    both = [
        Prompt("click", points=at([0, 0, 0]), radius=0.5),
        Prompt("click", points=at([0, 0, 0]), radius=0.5, positive=False),
    ]
    paints, placed = read_prompts(scene, both)
    assert paints == [] and placed is not None
    np.testing.assert_array_equal(placed.positive, placed.negative)
    assert placed.positive.any()
    assert points.joined_evidence([]) is None
