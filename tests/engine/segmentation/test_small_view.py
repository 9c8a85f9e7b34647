"""The kept weights of a small picture against drawing it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ludvig_engine.graph.neighbors import build, nearest
from ludvig_engine.progress import SILENT
from ludvig_engine.rendering import render
from ludvig_engine.scene.raster import GSPLAT
from ludvig_engine.segmentation import trail
from ludvig_engine.segmentation.fronts import SIDE, reduced
from ludvig_engine.segmentation.painting import click, surface
from ludvig_engine.segmentation.prepared import Prepared
from ludvig_engine.segmentation.small_view import SmallView
from ludvig_engine.segmentation.trail import small_view
from ludvig_engine.uplifting import Uplifted
from scenes import look_at, random_gaussians

CAMERA = look_at((3, 0.5, 0.8), size=(500, 330), focal=400)
GAUSSIANS = random_gaussians(400, 3)
RNG = np.random.default_rng(0)


def ready() -> Prepared:
    """The Gaussians with features that nobody looks at."""
    seen = np.ones(len(GAUSSIANS), np.float32)
    uplifted = Uplifted(np.zeros((len(GAUSSIANS), 2), np.float32), seen, seen)
    graph = build(nearest(GAUSSIANS.means, 4))
    return Prepared(GAUSSIANS, uplifted, graph, "colour")


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_are_those_that_are_drawn(channels):
    view = SmallView.of(GAUSSIANS, CAMERA, raster=GSPLAT)
    values = RNG.normal(size=(len(GAUSSIANS), channels)).astype(np.float32)
    assert max(view.camera.width, view.camera.height) == SIDE
    image, alpha = view.picture(values), view.alpha
    expected, opaque = render(GAUSSIANS, reduced(CAMERA), values)
    np.testing.assert_allclose(image, expected, atol=1e-5)
    np.testing.assert_allclose(alpha, opaque, atol=1e-5)
    assert 0.1 < (alpha > 0.5).mean() < 1


def test_surface_is_that_of_the_paint():
    expected = surface(GAUSSIANS, reduced(CAMERA))
    found = SmallView.of(GAUSSIANS, CAMERA, raster=GSPLAT).surface
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    assert found.shape == (len(GAUSSIANS),) and found.any() and not found.all()


def test_nothing_in_sight_is_an_empty_picture():
    away = look_at((3, 0.5, 0.8), target=(9, 0.5, 0.8))
    view = SmallView.of(GAUSSIANS, away, raster=GSPLAT)
    image = view.picture(np.ones((len(GAUSSIANS), 2), np.float32))
    assert not image.any() and not view.alpha.any() and not view.surface.any()


def test_of_fog_one_view_is_kept(monkeypatch):
    prepared = ready()
    monkeypatch.setattr(trail, "MANY", 10)
    for camera in (CAMERA, look_at((3, 1, 1)), look_at((3, 1, 1))):
        small_view(prepared, click(camera, 5, 5), raster=GSPLAT)
        assert len(trail.Trail.of(prepared, SILENT).views) == 1


def test_clicks_in_the_same_view_share_it_until_splats_are_hidden(monkeypatch):
    count, made = len(GAUSSIANS), []
    original = SmallView.of
    monkeypatch.setattr(
        trail.SmallView, "of", lambda *a, **b: made.append(a[0]) or original(*a, **b)
    )
    prepared = ready()
    first = small_view(prepared, click(CAMERA, 200, 100), raster=GSPLAT)
    assert small_view(prepared, click(CAMERA, 50, 30), raster=GSPLAT) is first
    assert len(made) == 1
    visible = np.arange(count) % 2 == 0
    hidden = replace(click(CAMERA, 50, 30), visible=visible)
    other = small_view(prepared, hidden, raster=GSPLAT)
    assert len(made) == 2 and not other.surface[~visible].any()
    for number in range(trail.VIEWS):
        small_view(prepared, click(look_at((3, 1, number)), 5, 5), raster=GSPLAT)
    assert small_view(prepared, click(CAMERA, 200, 100), raster=GSPLAT) is not first
