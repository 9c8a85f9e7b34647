"""The two halves of a cut Gaussian are the whole."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from ludvig_engine.removal.boundary import halves, split
from ludvig_engine.removal.footprints import Footprints, footprints
from ludvig_engine.removal.sightings import sightings
from ludvig_engine.rendering import adjoint
from ludvig_engine.scene.raster import GSPLAT
from scenes import joined, look_at, random_gaussians, single


def moments(gaussians):
    """Mass, mass times mean, and mass times second moment of each."""
    root = Rotation.from_quat(gaussians.quats, scalar_first=True).as_matrix()
    root = root * gaussians.scales[:, None].astype(np.float64)
    mass = gaussians.opacities * np.prod(gaussians.scales.astype(np.float64), axis=1)
    means = gaussians.means.astype(np.float64)
    second = root @ root.transpose(0, 2, 1) + means[:, :, None] * means[:, None]
    return mass, mass[:, None] * means, mass[:, None, None] * second


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.8])
def test_mass_mean_and_covariance_are_kept(share):
    whole = random_gaussians(40, 3, sh_degree=1)
    whole = type(whole)(*(getattr(whole, n) for n in ("means", "quats", "scales")),
                        whole.opacities * 0.6, whole.sh0, whole.shN)  # fmt: skip
    inward = np.random.default_rng(1).normal(size=(40, 3)).astype(np.float32)
    inner, outer = halves(whole, inward, np.full(40, share, np.float32))
    for total, one, two in zip(moments(whole), moments(inner), moments(outer), strict=True):
        assert one + two == pytest.approx(total, rel=1e-3, abs=1e-8)
    assert moments(inner)[0] == pytest.approx(share * moments(whole)[0], rel=1e-3)
    assert ((inner.means - outer.means) * inward).sum(1).min() > 0
    assert (inner.sh0 == whole.sh0).all() and (outer.shN == whole.shN).all()


def test_no_direction_is_a_cut_somewhere():
    inner, outer = halves(single((0, 0, 0), 0.5), np.zeros((1, 3), np.float32), np.float32([0.5]))
    assert np.isfinite(inner.means).all() and np.isfinite(outer.quats).all()


def beside(share: float) -> Footprints:
    """What views say of a Gaussian across the border, and of two on the object."""
    inside = np.float32([share * 100, 100, 100])
    inward = np.float32([[0.6, 0, 0], [0, 0, 0], [0, 0, 0]])
    steady, apart = np.float32([1, 0, 0]), np.float32([9, 0, 0])
    return Footprints(inside, 100 - inside, inward, steady, apart, np.full((1, 3), 100, np.float32))


@pytest.mark.parametrize(
    "selected, share, cut",
    [(True, 0.3, True), (True, 0.5, False), (False, 0.4, True), (False, 0.1, False)],
)
def test_what_lies_across_the_border_is_cut(selected, share, cut):
    three = joined(*(single((x, 0, 0), 0.8) for x in (0, -0.2, 0.2)))
    found = split(three, np.array([selected, True, True]), beside(share))
    if not cut:
        assert list(found.source) == [0, 1, 2] and list(found.selected) == [selected, True, True]
        return
    assert list(found.source) == [0, 1, 2, 0] and list(found.selected) == [False, True, True, True]
    assert found.gaussians.means[3, 0] > found.gaussians.means[0, 0]


def test_footprints_find_the_border_in_space():
    """A wall of small Gaussians to the right of x = 0, and a large one that reaches into it."""
    rows, columns = map(np.ravel, np.meshgrid(np.arange(-10, 11), np.arange(0, 11)))
    places = zip(rows, columns, strict=True)
    wall = joined(*(single((0.1 * c, 0, 0.1 * r), 0.99, 0.07) for r, c in places))
    gaussians = joined(wall, single((0, -0.1, 0), 0.45, 0.3))
    cameras = [look_at((x, -4, 0.5), size=(80, 60), focal=80) for x in (-1, 0, 1)]
    selected = np.arange(len(gaussians)) < len(wall)
    sights = sightings(gaussians, selected, cameras, GSPLAT)
    seen = footprints(gaussians, sights, GSPLAT)
    assert 0.2 < seen.share[-1] < 0.8 and seen.steady[-1] > 0.9
    way = seen.inward[-1] / np.linalg.norm(seen.inward[-1])
    assert way[0] > 0.9
    one = np.ones((1, 60, 80), np.float32)
    total = sum(adjoint(gaussians, c, one)[1][-1] for c in cameras)
    assert seen.inside[-1] + seen.outside[-1] <= total * 1.001
