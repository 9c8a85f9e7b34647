"""Prompts through a segmenter: one photo's mask, and the multi-view scheme."""

from __future__ import annotations

import numpy as np
import pytest

import small_scene
from ludvig_engine.errors import EngineError
from ludvig_engine.io.load import load_scene
from ludvig_engine.rendering import render
from ludvig_engine.sam.multiview import NVOS, SPIN, Scheme, draw_points, mean_mask, multiview
from ludvig_engine.sam.prompted import pointing, to_paint
from ludvig_engine.segmentation.painting import photo_click
from region_segmenter import RegionSegmenter


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = small_scene.write(tmp_path_factory.mktemp("scene"))
    scene = load_scene(folder / "splats.ply", views=folder)
    return scene, scene.from_file(np.load(folder / "names.npy"))


def iou(a, b):
    return (a & b).sum() / (a | b).sum()


def shown(scene, names, name, view):
    image, _ = render(
        scene.gaussians, scene.views[view].camera, (names == name).astype(np.float32)[:, None]
    )
    return image[0] > 0.5


@pytest.mark.parametrize("prompt", ["click", "clicks", "box"])
def test_a_click_or_a_box_becomes_a_mask(made, prompt):
    scene, names = made
    x, y = small_scene.center_of("red", 0)
    clicks = {"click": [(x, y, True)], "clicks": [(x, y, True), (2, 2, False)], "box": []}[prompt]
    # The box is drawn from the lower right.
    box = (x + 12, y + 12, x - 12, y - 12) if prompt == "box" else None
    paint = to_paint(RegionSegmenter(), pointing(scene.views[0], clicks, box))
    assert paint.complete
    assert iou(paint.positive > 0.5, shown(scene, names, "red", 0)) > 0.9


def test_what_cannot_be_meant(made):
    scene, _ = made
    with pytest.raises(EngineError, match=r"No click on photo_0.* is positive"):
        to_paint(RegionSegmenter(), pointing(scene.views[0], [(3, 3, False)]))
    with pytest.raises(EngineError, match="outside the photo"):
        pointing(scene.views[0], [(500, 3, True)])


@pytest.mark.parametrize("scheme", [NVOS, SPIN])
def test_one_click_segments_all_photos(made, scheme):
    scene, names = made
    segmenter = RegionSegmenter()
    paint = to_paint(
        segmenter, pointing(scene.views[0], [(*small_scene.center_of("red", 0), True)])
    )
    scores, weights = multiview(scene.gaussians, scene.views, [paint], segmenter, scheme=scheme)
    assert scores.shape == (len(scene), 3 if scheme.multimask else 1)
    assert segmenter.images == 1 + len(scene.views)
    assert scores.min() >= 0 and scores.max() <= 1 + 1e-6
    seen = weights > 0
    best = max(iou((channel > 0.5) & seen, (names == "red") & seen) for channel in scores.T)
    assert best > 0.95
    again, _ = multiview(scene.gaussians, scene.views, [paint], segmenter, scheme=scheme)
    np.testing.assert_array_equal(scores, again)


def test_prompts_that_show_nothing(made):
    scene, _ = made
    paint = photo_click(scene.views[0], 0, 0, positive=False)
    with pytest.raises(EngineError, match="positive prompts touches"):
        multiview(scene.gaussians, scene.views, [paint], RegionSegmenter())


def test_points_are_drawn_where_it_is_hottest():
    rng = np.random.default_rng(0)
    heat = rng.random((20, 30)).astype(np.float32) * 0.1
    heat[5:9, 11:17] = 1
    scheme = Scheme(share=0.4, sets=50, points=3)
    count = int(0.4 * heat.sum())
    points = draw_points(heat, scheme, rng)
    assert points.shape == (50, 3, 2)
    rows, columns = points[..., 1].astype(int), points[..., 0].astype(int)
    assert (points % 1 == 0.5).all(), "centers of pixels"
    assert heat[rows, columns].min() >= np.sort(heat.ravel())[-count]
    assert all(len({*zip(r, c, strict=True)}) == 3 for r, c in zip(rows, columns, strict=True)), (
        "none twice in a prompt"
    )
    assert len(draw_points(heat * 0.01, scheme, rng)) == 0, "too little is seen"
    assert len(draw_points(np.zeros((4, 4), np.float32), scheme, rng)) == 0


def test_mean_of_masks():
    masks = np.zeros((4, 2, 1, 3), bool)
    masks[:2, 0, 0, 0] = masks[:1, 1, 0, 1] = True
    np.testing.assert_allclose(mean_mask(masks), [[[1, 0, 0]], [[0, 0.5, 0]]])
    assert (mean_mask(np.zeros((4, 1, 2, 2), bool)) == 0).all()


def test_with_a_real_network(made, tmp_path):
    """A tiny SAM 2 with random weights: everything fits together; what it finds means nothing."""
    pytest.importorskip("transformers")
    import tiny_sams
    from ludvig_engine.sam import load_segmenter

    scene, _ = made
    segmenter = load_segmenter(f"sam2:{tiny_sams.sam2(tmp_path / 'tiny')}")
    paint = photo_click(scene.views[0], *small_scene.center_of("red", 0))
    scores, weights = multiview(
        scene.gaussians, scene.views[:2], [paint], segmenter, scheme=Scheme(0.5, 2, 1, True)
    )
    assert (
        scores.shape == (len(scene), 3)
        and np.isfinite(scores).all()
        and (scores[weights == 0] == 0).all()
    )
