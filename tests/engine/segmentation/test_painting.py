"""Paint: shapes of strokes, what a click shows, merging, surface and through."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from ludvig_engine.errors import EngineError
from ludvig_engine.rendering import adjoint, render
from ludvig_engine.scene import View
from ludvig_engine.segmentation.painting import (
    Paint,
    box,
    click,
    lift_paint,
    line,
    mask,
    merged,
    photo_mask,
    photo_scribble,
)
from scenes import joined, look_at, random_gaussians, single

CAMERA = look_at((3, 0, 0), size=(60, 40), focal=50)
FRONT, BACK = single((1, 0, 0), 0.97, 0.3), single((-1, 0, 0), 0.9, 0.3)


def test_click_is_a_small_disc_where_it_was_made():
    paint = click(CAMERA, 20.5, 11.5)
    assert paint.positive[11, 20] == 1 and paint.positive.sum() < 5 and not paint.negative.any()
    rows, columns = np.nonzero(paint.positive)
    assert abs(rows.mean() - 11) < 0.01 and abs(columns.mean() - 20) < 0.01
    assert click(CAMERA, 20.5, 11.5, positive=False).negative[11, 20] == 1


def test_line_has_its_width_everywhere():
    paint = line(CAMERA, np.array([[5.5, 5.5], [45.5, 5.5], [45.5, 30.5]]), radius=2)
    assert (paint.positive[5, 6:45] == 1).all() and (paint.positive[7:30, 45] == 1).all()
    np.testing.assert_allclose(paint.positive[:, 20].sum(), 4, atol=1.1)
    assert paint.positive[20, 20] == 0


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
    evidence = lift_paint(gaussians, [paint, click(CAMERA, 30.5, 20.5)])
    weights = render(gaussians, CAMERA, np.eye(100, dtype=np.float32))[0]
    expected = np.einsum("nhw,hw->n", weights, paint.positive + click(CAMERA, 30.5, 20.5).positive)
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
