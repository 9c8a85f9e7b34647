"""How much the prompts of one request may hold, and that what they may hold is soon painted."""

from __future__ import annotations

import numpy as np
import pytest

import small_scene
from ludvig_engine.errors import EngineError
from ludvig_engine.segmentation import painting
from ludvig_engine.service import points
from ludvig_engine.service.prompt_limits import (
    MAX_POINTS,
    MAX_PROMPTS,
    MAX_TEXT,
    check_prompts,
)
from ludvig_engine.wire.methods import Prompt
from scenes import look_at


def line(count: int, kind: str = "scribble", where: str = "pixels") -> Prompt:
    across = 2 if where == "pixels" else 3
    view = {"view": "photo"} if where == "pixels" else {}
    return Prompt(kind, **{where: np.ones((count, across), np.float32)}, **view)


@pytest.mark.parametrize("where", ["pixels", "points"])
@pytest.mark.parametrize("kind", ["scribble", "click"])
def test_points_are_counted_in_total(kind, where):
    check_prompts([line(MAX_POINTS, kind, where)])
    check_prompts([line(MAX_POINTS // 100, kind, where)] * 100)
    for given in [line(MAX_POINTS + 1, kind, where)], [line(MAX_POINTS // 2 + 1, kind, where)] * 2:
        with pytest.raises(EngineError, match=r"10,00[12] points together.* may have 10,000") as e:
            check_prompts(given)
        assert e.value.kind == "bad_input" and e.value.fixes


def test_prompts_and_texts_are_limited():
    check_prompts([line(1)] * MAX_PROMPTS)
    with pytest.raises(EngineError, match="257 prompts, but a request may have 256"):
        check_prompts([line(1)] * (MAX_PROMPTS + 1))
    check_prompts([Prompt("text", text="a" * MAX_TEXT)])
    with pytest.raises(EngineError, match="1,001 characters, but 1,000 are allowed"):
        check_prompts([Prompt("text", text="a" * (MAX_TEXT + 1))])


def test_a_line_in_space_is_no_longer_than_can_be_followed():
    cloud, _ = small_scene.gaussians()
    ends = np.float32([[-1, 0, 0], [1, 0, 0]])
    found = points.line(cloud, ends, radius=0.001, positive=True)
    assert found.positive.shape == (4000,)
    for radius in 1e-7, 1e-30, 1e-320, 5e-324:
        with pytest.raises(EngineError, match=r"too long for its radius.*500,000 times"):
            points.line(cloud, ends, radius=radius, positive=True)
    far = np.float32([[-3e38, 0, 0], [3e38, 0, 0]])
    with pytest.raises(EngineError, match="too long"):
        points.line(cloud, far, radius=1.0, positive=True)


def test_a_thin_line_has_no_gaps():
    """Whatever the number of its pieces: each Gaussian on the line is found."""
    cloud, _ = small_scene.gaussians()
    ends = np.float32([[-400, 0, 0], [400, 0, 0]])
    on_line = cloud.take(np.arange(50))
    on_line.means[:] = 0
    on_line.means[:, 0] = np.linspace(-300, 300, 50)
    assert (points.line(on_line, ends, radius=0.01, positive=True).positive > 0).all()


def brute(camera, pieces, radius):
    """The distance of every pixel to every piece."""
    y, x = np.mgrid[: camera.height, : camera.width] + 0.5
    nearest = np.full(y.shape, np.inf)
    for (ax, ay), (bx, by) in pieces:
        along = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / max(
            (bx - ax) ** 2 + (by - ay) ** 2, 1e-12
        )
        along = along.clip(0, 1)
        nearest = np.minimum(
            nearest, np.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay))
        )
    return np.clip(radius + 0.5 - nearest, 0, 1)


@pytest.mark.parametrize("radius", [0.75, 3.0, 40.0, 1e30, float("inf")])
def test_a_stroke_is_what_is_near_its_pieces(radius):
    camera = look_at((3, 0, 1), size=(60, 40), focal=50)
    rng = np.random.default_rng(3)
    inside = rng.uniform([0, 0], [60, 40], (6, 2))
    outside = rng.uniform([-300, -300], [300, 300], (6, 2))
    for places in inside, outside, inside[:1]:
        pieces = list(zip(places, places[1:] if len(places) > 1 else places, strict=False))
        paint = painting.line(camera, places, radius=radius).whole
        np.testing.assert_allclose(paint.positive, brute(camera, pieces, radius), atol=1e-4)
        assert not paint.negative.any()
