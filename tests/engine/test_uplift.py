"""Laws of uplifting.

Constants, affine maps, convex hull, additivity, one-pixel cases, the way to least squares.
"""

from __future__ import annotations

import numpy as np
import pytest

from ludvig_engine.rendering import adjoint, render
from ludvig_engine.uplifting import Sight, uplift
from scenes import joined, look_at, random_gaussians, single

GAUSSIANS = random_gaussians(300, 1)
CAMERAS = [look_at((3, 0.5, 0.8)), look_at((-0.4, 3, 0.2)), look_at((-1, -2.5, 1.2))]


def sights(D=3, seed=0, grid=(11, 17), valid=None):
    rng = np.random.default_rng(seed)
    return [
        Sight(camera, rng.normal(size=(D, *grid)).astype(np.float32), valid) for camera in CAMERAS
    ]


def mapped(some, function):
    return [Sight(s.camera, function(s.feature_map), s.valid) for s in some]


def test_a_constant_stays_itself():
    result = uplift(GAUSSIANS, mapped(sights(7), lambda F: np.full_like(F, 2.5)))
    np.testing.assert_allclose(result.features[result.seen], 2.5, rtol=1e-5)
    assert (result.features[~result.seen] == 0).all()


def test_affine_equivariance_and_commuting_with_channel_mixing():
    some, Q = sights(4), np.random.default_rng(3).normal(size=(4, 2)).astype(np.float32)
    plain = uplift(GAUSSIANS, some)
    seen = plain.seen
    affine = uplift(GAUSSIANS, mapped(some, lambda F: 3 * F - 1)).features
    mixed = uplift(GAUSSIANS, mapped(some, lambda F: np.einsum("dhw,de->ehw", F, Q))).features
    np.testing.assert_allclose(affine[seen], 3 * plain.features[seen] - 1, atol=1e-4)
    np.testing.assert_allclose(mixed[seen], plain.features[seen] @ Q, atol=1e-4)


def test_features_stay_in_the_convex_hull():
    some = sights(5)
    units = mapped(some, lambda F: F / np.linalg.norm(F, axis=0))
    everything = np.concatenate([s.feature_map.reshape(5, -1) for s in some], 1)
    result = uplift(GAUSSIANS, some)
    f = result.features[result.seen]
    assert (f >= everything.min(1) - 1e-5).all() and (f <= everything.max(1) + 1e-5).all()
    assert np.linalg.norm(uplift(GAUSSIANS, units).features, axis=1).max() <= 1 + 1e-5


def test_views_add_up_in_any_order():
    some = sights()
    one = uplift(GAUSSIANS, some)
    reordered = uplift(GAUSSIANS, some[::-1])
    twice = uplift(GAUSSIANS, some * 2)
    np.testing.assert_allclose(reordered.features, one.features, atol=1e-4)
    np.testing.assert_allclose(twice.features, one.features, atol=1e-4)
    np.testing.assert_allclose(twice.weights, 2 * one.weights, rtol=1e-5)
    parts = [uplift(GAUSSIANS, [s]) for s in some]
    np.testing.assert_allclose(sum(p.weights for p in parts), one.weights, rtol=1e-5)
    sums = sum(p.features * p.weights[:, None] for p in parts)
    np.testing.assert_allclose(sums, one.features * one.weights[:, None], rtol=1e-4, atol=1e-4)


def test_splitting_a_view_into_tiles_changes_nothing():
    some = sights()
    left = np.zeros((43, 61), bool)
    left[:20, :33] = True
    halves = [Sight(s.camera, s.feature_map, v) for s in some for v in (left, ~left)]
    whole, split = uplift(GAUSSIANS, some), uplift(GAUSSIANS, halves)
    np.testing.assert_allclose(split.features, whole.features, atol=1e-4)
    np.testing.assert_allclose(split.weights, whole.weights, rtol=1e-4)


def test_two_pixels_one_gaussian():
    camera = look_at((3, 0, 0), size=(2, 1), focal=20)
    gaussian = single((0, 0.02, 0), 0.9, 0.1)
    a, b = (
        adjoint(
            gaussian, camera, np.ones((1, 1, 2), np.float32), valid=np.array([[x == 0, x == 1]])
        )[1][0]
        for x in range(2)
    )
    assert a != pytest.approx(b, rel=0.01)
    result = uplift(gaussian, [Sight(camera, np.array([[[5.0, -3.0]]], np.float32))])
    assert result.features[0, 0] == pytest.approx((5 * a - 3 * b) / (a + b), rel=1e-5)


def test_unseen_gaussians_are_zero_and_flagged():
    result = uplift(joined(GAUSSIANS, single((0, 0, 50), 0.9)), sights())
    assert not result.seen[-1] and (result.features[-1] == 0).all() and result.views[-1] == 0


def test_confidence():
    unit = mapped(sights(4), lambda F: F / np.linalg.norm(F, axis=0))
    result = uplift(GAUSSIANS, unit)
    seen, n = result.seen, result.views
    assert (n[seen] >= 1 - 1e-4).all() and (n <= len(CAMERAS) + 1e-4).all()
    assert (result.confidence() >= 0).all() and (result.confidence() <= 1).all()
    parts = np.stack([uplift(GAUSSIANS, [s]).weights for s in unit])[:, seen]
    np.testing.assert_allclose(n[seen], parts.sum(0) ** 2 / (parts**2).sum(0), rtol=1e-3)
    # ‖f‖ = agreement inside the views times agreement between them
    means = np.stack([uplift(GAUSSIANS, [s]).features[seen] for s in unit])
    inside = (parts * np.linalg.norm(means, axis=2)).sum(0) / parts.sum(0)
    between = np.linalg.norm((parts[:, :, None] * means).sum(0), axis=1) / (parts.sum(0) * inside)
    np.testing.assert_allclose(
        np.linalg.norm(result.features, axis=1)[seen], inside * between, rtol=1e-3
    )
    constant = uplift(GAUSSIANS, mapped(unit, lambda F: np.ones_like(F) / 2))
    np.testing.assert_allclose(constant.confidence()[seen], (n / (n + 1))[seen], rtol=1e-4)


def test_refining_walks_from_ludvig_to_least_squares():
    some = mapped(sights(1, grid=(43, 61)), lambda F: np.abs(F))
    gaussians = random_gaussians(20, 4, scale=0.2)
    one_hot = np.eye(20, dtype=np.float32)
    A = np.concatenate([render(gaussians, s.camera, one_hot)[0].reshape(20, -1).T for s in some])
    F = np.concatenate([s.feature_map.ravel() for s in some])
    seen = A.sum(0) > 1e-3
    best = np.linalg.lstsq(A[:, seen], F, rcond=None)[0]
    loss = [
        np.linalg.norm(F - A @ uplift(gaussians, some, refine=n).features[:, 0])
        for n in (0, 1, 5, 60)
    ]
    assert loss[0] > loss[1] > loss[2] > loss[3] >= np.linalg.norm(F - A[:, seen] @ best) - 1e-3
    assert loss[3] < 1.01 * np.linalg.norm(F - A[:, seen] @ best)
    R = A[:, seen].T @ A[:, seen] / A[:, seen].sum(0)[:, None]
    assert R.sum(1).max() <= 1 + 1e-5 and np.abs(np.linalg.eigvals(R)).max() <= 1 + 1e-5
