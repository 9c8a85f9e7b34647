"""Paint: shapes of strokes, what a click shows, merging, surface and through."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from ludvig_engine.errors import EngineError
from ludvig_engine.rendering import adjoint, render
from ludvig_engine.scene import View
from ludvig_engine.segmentation.paint import Paint, cropped, merged
from ludvig_engine.segmentation.painting import (
    box,
    click,
    lift_paint,
    line,
    mask,
    photo_mask,
    photo_scribble,
)
from scenes import joined, look_at, random_gaussians, single

CAMERA = look_at((3, 0, 0), size=(60, 40), focal=50)
FRONT, BACK = single((1, 0, 0), 0.97, 0.3), single((-1, 0, 0), 0.9, 0.3)


def test_click_is_a_small_disc_where_it_was_made():
    paint = click(CAMERA, 20.5, 11.5).whole
    assert paint.positive[11, 20] == 1 and paint.positive.sum() < 5 and not paint.negative.any()
    rows, columns = np.nonzero(paint.positive)
    assert abs(rows.mean() - 11) < 0.01 and abs(columns.mean() - 20) < 0.01
    assert click(CAMERA, 20.5, 11.5, positive=False).whole.negative[11, 20] == 1


def test_line_has_its_width_everywhere():
    paint = line(CAMERA, np.array([[5.5, 5.5], [45.5, 5.5], [45.5, 30.5]]), radius=2).whole
    assert (paint.positive[5, 6:45] == 1).all() and (paint.positive[7:30, 45] == 1).all()
    np.testing.assert_allclose(paint.positive[:, 20].sum(), 4, atol=1.1)
    assert paint.positive[20, 20] == 0


def drawn_everywhere(camera, points, radius):
    """The stroke, with the distance of every pixel of the picture from every piece of it."""
    rows, columns = np.mgrid[: camera.height, : camera.width] + 0.5
    nearest = np.full(rows.shape, np.inf)
    for start, end in zip(points, points[1:] if len(points) > 1 else points, strict=False):
        step = end - start
        along = (columns - start[0]) * step[0] + (rows - start[1]) * step[1]
        along = np.clip(along / max(float(step @ step), 1e-12), 0, 1)
        off = columns - start[0] - along * step[0], rows - start[1] - along * step[1]
        nearest = np.minimum(nearest, np.hypot(*off))
    return np.clip(radius + 0.5 - nearest, 0, 1)


@pytest.mark.parametrize("radius", [0.75, 3.0, 30.0])
@pytest.mark.parametrize("count", [1, 2, 200])
@pytest.mark.parametrize("size", [(60, 40), (333, 222)])
def test_a_stroke_is_what_drawing_it_over_the_whole_picture_gives(size, count, radius):
    camera, rng = look_at((3, 0, 0), size=size, focal=50), np.random.default_rng(count)
    # Some of it leaves the picture.
    points = rng.normal(0.5, 0.2, (count, 2)) * size + rng.normal(0, 3, (count, 2)).cumsum(0)
    paint = line(camera, points, radius=radius, positive=False)
    np.testing.assert_allclose(
        paint.whole.negative, drawn_everywhere(camera, points, radius), atol=1e-4
    )
    assert not paint.positive.any() and not paint.whole.positive.any()


@pytest.mark.parametrize("size", [(600, 400), (6000, 4000)])
def test_a_stroke_has_pixels_only_where_it_is(size):
    """So that it costs no more on a large photo."""
    camera = look_at((3, 0, 0), size=size, focal=50)
    paint = line(camera, np.array([[300.0, 200], [340, 210]]), radius=2)
    assert paint.positive.shape == (16, 46)
    assert paint.middle == line(camera, np.array([[300.0, 200], [340, 210]]), radius=2).whole.middle


@pytest.mark.parametrize("place", [(-20, -20), (-20, 20), (100, 100), (61, 20)])
def test_a_stroke_beside_the_picture_paints_nothing(place):
    paint = line(CAMERA, np.array([place], float), radius=0.75)
    assert not paint.whole.positive.any() and not paint.complete
    assert not lift_paint(FRONT, [paint]).positive.any()


@pytest.mark.parametrize("corner", [None, (-1, 0), (31, 0), (0, 21)])
def test_images_of_another_size_than_the_picture_need_a_place_in_it(corner):
    image = np.zeros((20, 30), np.float32)
    with pytest.raises(ValueError, match=r"images|positive"):
        Paint(CAMERA, image, image, corner=corner)
    assert Paint(CAMERA, image, image, corner=(30, 20)).whole.positive.shape == (40, 60)


def test_a_piece_of_the_picture_means_what_the_whole_does():
    gaussians, rng = random_gaussians(100, 3), np.random.default_rng(1)
    yes, no = np.zeros((2, 40, 60), np.float32)
    yes[12:20, 31:40], no[15:25, 28:33] = rng.random((8, 9)), rng.random((10, 5))
    whole = Paint(CAMERA, yes, no)
    piece = cropped(whole)
    assert piece.corner == (28, 12) and piece.positive.shape == (13, 12)
    assert cropped(piece).corner == piece.corner and piece.middle == whole.middle
    for name in ("positive", "negative"):
        assert np.array_equal(getattr(piece.whole, name), getattr(whole, name))
        found, expected = (getattr(lift_paint(gaussians, [one]), name) for one in (piece, whole))
        assert np.array_equal(found, expected) and expected.any()
    (together,) = merged([piece, whole])
    assert together.corner is None and not together.complete


def test_the_key_tells_paint_apart():
    one = click(CAMERA, 20.5, 11.5)
    others = [
        click(CAMERA, 21.5, 11.5),
        click(CAMERA, 20.5, 11.5, positive=False),
        click(CAMERA, 20.5, 11.5, through=True),
        click(look_at((3, 0, 0.1), size=(60, 40), focal=50), 20.5, 11.5),
        replace(one, visible=np.ones(3, bool)),
        replace(one, reading=1),
    ]
    assert len({paint.key for paint in (one, *others)}) == 7
    assert one.key == click(CAMERA, 20.5, 11.5).key


def test_a_mask_is_complete_and_a_stroke_is_not():
    values = np.zeros((40, 60), bool)
    values[5:20, 10:30] = True
    assert mask(CAMERA, values).complete
    assert not box(CAMERA, 10, 5, 30, 20).complete and not click(CAMERA, 3, 3).complete
    np.testing.assert_array_equal(box(CAMERA, 30, 20, 10, 5).negative, ~values)


@pytest.mark.parametrize("corners", [(5, 5, 5, 30), (-5, -5, 70, 50), (100, 100, 120, 120)])
def test_box_that_is_no_box(corners):
    with pytest.raises(EngineError, match="box"):
        box(CAMERA, *corners)


def test_lifting_equals_the_weights_under_the_paint():
    gaussians = random_gaussians(100, 3)
    rng = np.random.default_rng(0)
    chance = rng.random((40, 60)).astype(np.float32)
    paint = Paint(CAMERA, (chance < 0.3) * chance, (chance > 0.5) * chance)
    disc = click(CAMERA, 30.5, 20.5).whole
    evidence = lift_paint(gaussians, [paint, disc])
    weights = render(gaussians, CAMERA, np.eye(100, dtype=np.float32))[0]
    expected = np.einsum("nhw,hw->n", weights, paint.positive + disc.positive)
    np.testing.assert_allclose(evidence.positive, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        evidence.negative, np.einsum("nhw,hw->n", weights, paint.negative), rtol=1e-4, atol=1e-5
    )
    assert (evidence.share >= 0).all() and (evidence.share <= 1).all()


def test_a_mask_means_the_surface():
    """A large thing behind a nearly opaque surface gathers a little weight from every pixel."""
    side = np.linspace(-0.4, 0.4, 9)
    surface = joined(*(single((0, y, z), 0.9, scale=0.05) for y in side for z in side))
    both = joined(single((-1, 0, 0), 0.99, scale=0.25), surface)
    image, alpha = render(both, CAMERA, (np.arange(len(both)) > 0)[:, None].astype(np.float32))
    painted = mask(CAMERA, image[0] > 0.5 * alpha)
    weights = adjoint(both, CAMERA, painted.positive[None])[0][:, 0]
    evidence = lift_paint(both, [painted]).positive
    assert weights[0] > 1.5 * np.median(weights[1:])
    assert evidence[0] < evidence[1:].min()
    np.testing.assert_allclose(np.median(evidence[1:]), np.median(weights[1:]), rtol=0.3)


def test_surface_and_through():
    both = joined(BACK, FRONT)
    seen = lift_paint(both, [click(CAMERA, 30.5, 20.5)]).positive
    assert seen[1] > 20 * seen[0]
    through = lift_paint(both, [click(CAMERA, 30.5, 20.5, through=True)]).positive
    np.testing.assert_allclose(through, [0.9, 0.97], rtol=1e-5)


@pytest.mark.parametrize("through", [False, True])
def test_what_is_hidden_is_as_if_it_were_not_there(through):
    cloud, visible = random_gaussians(300), np.arange(300) % 3 > 0
    paint = replace(
        line(CAMERA, np.array([[10.5, 9.5], [50.5, 30.5]]), radius=6, through=through),
        visible=visible,
    )
    seen = lift_paint(cloud, [paint]).positive
    alone = lift_paint(cloud.take(visible), [replace(paint, visible=None)]).positive
    np.testing.assert_allclose(seen[visible], alone, rtol=1e-4, atol=1e-5)
    assert alone.any() and not seen[~visible].any()


def test_paint_is_merged_only_if_the_same_was_shown():
    one, other = (replace(click(CAMERA, 30.5, 20.5), visible=np.arange(2) == n) for n in range(2))
    assert len(merged([one, one])) == 1
    assert len(merged([one, other])) == len(merged([one, replace(one, visible=None)])) == 2
    both = lift_paint(joined(BACK, FRONT), merged([one, other])).positive
    assert both.min() > 0.5 * both.max()


def test_merging_keeps_the_stronger_color():
    yes, no = (
        click(CAMERA, 20.5, 20.5),
        line(CAMERA, np.array([[20.5, 20.5], [40.5, 20.5]]), radius=3, positive=False),
    )
    elsewhere = click(look_at((0, 3, 0), size=(60, 40)), 1, 1)
    together = merged([yes, elsewhere, no])
    assert len(together) == 2
    assert together[0].positive[20, 20] == 1 and together[0].negative[20, 20] == 0
    assert together[0].negative[20, 35] == 1
    assert merged([click(CAMERA, 5, 5), click(CAMERA, 5, 5, through=True)])[1].through


def test_painted_files(tmp_path):
    pixels = np.zeros((40, 60, 4), np.uint8)
    pixels[10:20, 10:20], pixels[30:35, 40:50] = [0, 255, 0, 255], [255, 0, 0, 255]
    Image.fromarray(pixels).save(tmp_path / "scribble.png")
    view = View("a.jpg", CAMERA, None, (60, 40))
    paint = photo_scribble(view, tmp_path / "scribble.png")
    assert paint.positive.sum() == 100 and paint.negative.sum() == 50
    Image.fromarray(np.zeros((40, 60), np.uint8)).save(tmp_path / "empty.png")
    with pytest.raises(EngineError, match="empty"):
        photo_mask(view, tmp_path / "empty.png")
