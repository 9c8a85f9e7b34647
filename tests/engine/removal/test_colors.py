"""The colors of a surface are those that views see it in."""

import numpy as np
import pytest

from ludvig_engine.removal.colors import seen_colors
from ludvig_engine.removal.hole import Sheet
from ludvig_engine.removal.planes import Plane
from ludvig_engine.removal.sightings import Sighting
from ludvig_engine.scene import Camera

SIZE = 40
# The plane z = 0, seen from z = 2: x to the right, y down, the normal towards the eye.
PLANE = Plane(np.zeros(3), np.array([[1.0, 0, 0], [0, -1, 0], [0, 0, 1]]))
SHEET = Sheet(PLANE, np.array([-0.5, -0.5]), 0.1, 11, 11)


def from_above(color, *, height=2.0, covered=False, depth=None) -> Sighting:
    """A view straight down that sees one color, at the plane unless another depth is said."""
    viewmat = np.eye(4)
    viewmat[:3, :3], viewmat[2, 3] = np.diag([1.0, -1, -1]), height
    focal = 10.0 * height
    K = np.array([[focal, 0, SIZE / 2], [0, focal, SIZE / 2], [0, 0, 1]])
    share = np.zeros((SIZE, SIZE), np.float32)
    if covered:
        share[:, : SIZE // 2] = 1
    picture = np.broadcast_to(np.float32(color)[:, None, None], (3, SIZE, SIZE))
    deep = np.full((SIZE, SIZE), height if depth is None else depth, np.float32)
    nobody = np.full((SIZE, SIZE), -1, np.int32)
    return Sighting(Camera(viewmat, K, SIZE, SIZE), share, picture, nobody, deep)


@pytest.mark.parametrize("color", [(0.2, 0.4, 0.6), (0, 0, 0), (1, 1, 1)])
def test_a_surface_of_one_color_is_of_that_color(color):
    views = [from_above(color), from_above(color, height=4.0)]
    found, shown = seen_colors(SHEET, views, 0.05)
    assert shown.all()
    np.testing.assert_allclose(found, np.broadcast_to(color, found.shape), atol=1e-6)


def test_what_the_object_covers_is_not_shown():
    found, shown = seen_colors(SHEET, [from_above((0.5, 0.5, 0.5), covered=True)], 0.05)
    assert not shown[:, :6].any() and shown[:, -1].all()
    assert (found[~shown] == 0).all()


@pytest.mark.parametrize(
    ("depth", "expected"), [(2.0, True), (2.04, True), (1.8, False), (9, False)]
)
def test_only_what_is_at_the_plane_is_the_surface(depth, expected):
    _, shown = seen_colors(SHEET, [from_above((0.5, 0.5, 0.5), depth=depth)], 0.05)
    assert shown.all() == shown.any() == expected


def test_the_view_that_shows_it_largest_says_most():
    far = from_above((1, 0, 0), height=2.0)
    near = from_above((0, 1, 0), height=2.0)
    near.camera.K[:2, :2] *= 1.5
    found, _ = seen_colors(SHEET, [far, near], 0.05)
    assert (found[5, 5] > [-1, 0.95, -1]).all() and found[5, 5, 0] < 0.05
