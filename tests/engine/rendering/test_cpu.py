"""Laws of the blending weights.

Brute force, partition of unity, adjoint, folding, and the two awkward cases of the frustum.
"""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import oracle
from ludvig_engine.rendering import cpu, project
from ludvig_engine.scene.raster import Raster
from scenes import joined, look_at, random_gaussians, single

CAMERA = look_at((3, 0.5, 0.8))


def dense_weights(gaussians, camera, **kwargs) -> np.ndarray:
    """(H, W, N) from the engine, by rendering one-hot values."""
    image, _ = cpu.render(gaussians, camera, np.eye(len(gaussians), dtype=np.float32), **kwargs)
    return image.transpose(1, 2, 0)


def differs(got, expected, *, few=1e-3) -> None:
    """Equal up to float32, but for a few fragments close to 1/255 or to the stopping rule."""
    difference = np.abs(got - expected)
    assert difference.max() < 5e-3
    assert (difference > 1e-4).sum() <= few * (expected > 0).sum()
    assert difference.sum() <= 1e-4 * expected.sum()


@pytest.mark.parametrize("clamp", [0.99, 0.999])
@pytest.mark.parametrize("seed", range(3))
def test_weights_equal_brute_force(seed, clamp):
    gaussians = random_gaussians(300, seed)
    expected, _ = oracle.weights(gaussians, CAMERA, clamp=clamp)
    differs(dense_weights(gaussians, CAMERA, raster=Raster(alpha_clamp=clamp)), expected)


SETTINGS = [
    {"blur": 0.1},
    {"blur": 0.0},
    {"antialiased": True},
    {"antialiased": True, "blur": 0.1},
    {"antialiased": True, "blur": 0.0},
    {"cull": 0.3},
    {"cull": 0.0},
    {"margin": 1e9},
    {"near": 1.5, "antialiased": True, "cull": 0.1},
]


@pytest.mark.parametrize("center", [None, (5.0, 60.0)])
@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_every_setting_equals_brute_force(setting, center):
    """Small and large Gaussians, many of them beside the image."""
    small, large = random_gaussians(150, 9, scale=0.02), random_gaussians(150, 10, scale=0.3)
    gaussians, camera = joined(small, large), look_at((3, 0.5, 0.8), focal=90, center=center)
    expected, _ = oracle.weights(gaussians, camera, **setting)
    differs(dense_weights(gaussians, camera, raster=Raster(**setting)), expected, few=0.01)
    if setting.get("blur") != 0:
        usual = dense_weights(gaussians, camera)
        assert np.abs(usual - expected).max() > 0.02, "the scene does not exercise the setting"


def test_compensation_keeps_what_a_small_gaussian_covers():
    """Its blurred ellipse is larger, but the sum of alpha is that of the sharp one."""
    camera, small = look_at((3, 0, 0)), single((0, 0, 0), 0.9, 0.01)
    blurred = project(small, camera, Raster())
    kept = project(small, camera, Raster(antialiased=True))
    sharp = project(small, camera, Raster(blur=0.0))
    assert kept.footprint[0] == pytest.approx(sharp.footprint[0], rel=1e-5)
    assert blurred.footprint[0] > 3 * sharp.footprint[0]


@settings(max_examples=25)
@given(
    seed=st.integers(0, 10**6),
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    off_center=st.tuples(st.floats(-20, 60), st.floats(-20, 60)),
    scale=st.floats(0.002, 0.6),
)
def test_weights_equal_brute_force_for_any_camera(seed, size, off_center, scale):
    gaussians = random_gaussians(40, seed, scale=scale)
    camera = look_at((2, 1, 0.5), size=size, focal=30, center=off_center)
    expected, _ = oracle.weights(gaussians, camera)
    differs(dense_weights(gaussians, camera), expected, few=0.02)


def test_tiny_gaussians_do_not_light_up_their_neighborhood():
    """Far outside a small ellipse the exponential's polynomial must stay below 1/255."""
    gaussians = random_gaussians(200, 5, scale=1e-4)
    expected, _ = oracle.weights(gaussians, CAMERA)
    differs(dense_weights(gaussians, CAMERA), expected)


def test_large_gaussians_beside_the_frustum_do_not_smear():
    """The Jacobian is clamped at 1.3 tan(fov/2); without, the image changes by more than 0.1."""
    gaussians = random_gaussians(60, 7, spread=0.05, scale=0.6)
    rng = np.random.default_rng(7)
    beside = np.stack(
        [
            rng.uniform(1.5, 2.7, 60),
            rng.choice([-1, 1], 60) * rng.uniform(1.5, 3, 60),
            np.zeros(60),
        ],
        1,
    )
    gaussians = replace(gaussians, means=beside.astype(np.float32))
    camera = look_at((3, 0, 0.1), size=(48, 32), focal=30)
    expected, _ = oracle.weights(gaussians, camera)
    differs(dense_weights(gaussians, camera), expected)
    unclamped, _ = oracle.weights(gaussians, camera, margin=1e9)
    assert np.abs(expected.sum(2) - unclamped.sum(2)).max() > 0.1, (
        "the scene does not exercise the clamp"
    )


def test_partition_of_unity():
    gaussians = random_gaussians(400, 1)
    _, transmittance = oracle.weights(gaussians, CAMERA)
    _, alpha = cpu.render(gaussians, CAMERA, np.zeros((400, 1), np.float32))
    assert alpha.max() <= 1 + 1e-5
    close = np.abs(alpha + transmittance - 1)
    assert np.quantile(close, 0.99) < 1e-5 and close.max() < 5e-3


def test_adjoint():  # <A g, F> = <g, Aᵀ F>
    gaussians = random_gaussians(500, 2)
    rng = np.random.default_rng(0)
    g, F = (
        rng.random((500, 3), np.float32),
        rng.random((3, CAMERA.height, CAMERA.width), np.float32),
    )
    forward, _ = cpu.render(gaussians, CAMERA, g)
    backward, _ = cpu.adjoint(gaussians, CAMERA, F)
    assert np.vdot(forward, F) == pytest.approx(np.vdot(g, backward), rel=1e-5)


@pytest.mark.parametrize("grid", [(1, 1), (3, 4), (7, 9), (43, 61), (50, 80)])
@pytest.mark.parametrize("masked", [False, True])
def test_fold_equals_upsampling_then_adjoint(grid, masked):
    gaussians = random_gaussians(500, 3)
    rng = np.random.default_rng(1)
    F = rng.random((5, *grid), np.float32)
    valid = rng.random((CAMERA.height, CAMERA.width)) < 0.7 if masked else None
    up = oracle.upsampling(CAMERA.height, grid[0]) @ F @ oracle.upsampling(CAMERA.width, grid[1]).T
    expected, weights = cpu.adjoint(gaussians, CAMERA, up.astype(np.float32), valid=valid)
    folded = cpu.fold(gaussians, CAMERA, grid, valid=valid)
    np.testing.assert_allclose(folded @ F.reshape(5, -1).T, expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(folded.sum(1).A1, weights, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [(61, 43), (64, 32), (5, 3)])
@pytest.mark.parametrize("stop", [1e-4, 0.3])
def test_weights_are_those_of_each_pixel(size, stop):
    """Widths that fill no lane, heights that fill no band, and pixels that are soon opaque."""
    gaussians = random_gaussians(500, 3)
    camera, raster = look_at((3, 0.5, 0.8), size=size), Raster(stop=stop)
    found = cpu.weigh(project(gaussians, camera, raster), camera, 500, raster=raster)
    assert found.shape == (500, size[0] * size[1]) and (found.data > 0).all()
    np.testing.assert_allclose(
        found.toarray(), cpu.fold(gaussians, camera, size[::-1], raster=raster).toarray(), atol=1e-6
    )
    values = np.random.default_rng(3).random((500, 2), np.float32)
    image, _ = cpu.render(gaussians, camera, values, raster=raster)
    np.testing.assert_allclose((found.T @ values).T, image.reshape(2, -1), atol=1e-5)


def test_ignored_pixels_drop_out_of_both_sums():
    gaussians = random_gaussians(200, 4)
    expected, _ = oracle.weights(gaussians, CAMERA)
    rng = np.random.default_rng(2)
    valid, F = (
        rng.random((CAMERA.height, CAMERA.width)) < 0.5,
        rng.random((1, CAMERA.height, CAMERA.width), np.float32),
    )
    sums, weights = cpu.adjoint(gaussians, CAMERA, F, valid=valid)
    np.testing.assert_allclose(weights, expected[valid].sum(0), rtol=1e-3, atol=5e-3)
    np.testing.assert_allclose(sums[:, 0], F[0][valid] @ expected[valid], rtol=1e-3, atol=5e-3)


@pytest.mark.parametrize(
    "box", [(slice(20, 23), slice(30, 33)), (slice(0, 9), slice(None)), (slice(0), slice(0))]
)
def test_what_is_not_painted_is_skipped_and_changes_nothing(box):
    """Also where Gaussians are at the same depth: half of them are twice there."""
    gaussians = random_gaussians(200, 4)
    gaussians = gaussians.take(np.concatenate([np.arange(200), np.arange(0, 200, 2)]))
    valid = np.zeros((CAMERA.height, CAMERA.width), bool)
    valid[box] = True
    F = np.random.default_rng(0).random((2, CAMERA.height, CAMERA.width), np.float32)
    sums, weights = cpu.adjoint(gaussians, CAMERA, F, valid=valid)
    expected, _ = cpu.adjoint(gaussians, CAMERA, np.concatenate([F, np.ones_like(F[:1])]) * valid)
    np.testing.assert_allclose(np.c_[sums, weights], expected, rtol=1e-5, atol=1e-5)


def test_threads_and_bands_change_nothing():
    gaussians = random_gaussians(500, 6)
    F = np.random.default_rng(0).random((2, CAMERA.height, CAMERA.width), np.float32)
    one, many = (cpu.adjoint(gaussians, CAMERA, F, threads=threads)[0] for threads in (1, 7))
    np.testing.assert_array_equal(one, many)


@pytest.mark.parametrize("piece", [7, 100])
def test_pieces_change_nothing(monkeypatch, piece):
    # Every depth occurs twice, and of two equals the first comes first.
    gaussians = random_gaussians(250, 6)
    gaussians = joined(gaussians, gaussians)
    whole = project(gaussians, CAMERA, Raster())
    depths, index = whole.geometry[:, 7], whole.index
    assert (np.diff(depths) >= 0).all()
    same = np.diff(depths) == 0
    assert same.sum() >= len(index) // 2 - 1 and (np.diff(index)[same] > 0).all()
    monkeypatch.setattr(sys.modules[project.__module__], "PIECE", piece)
    pieces = project(gaussians, CAMERA, Raster(), threads=3)
    for one, other in zip(vars(whole).values(), vars(pieces).values(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_two_stacked_gaussians_over_one_pixel():
    camera = look_at((3, 0, 0), size=(1, 1), focal=20)
    both = joined(single((0, 0, 0), 0.6, 5), single((-1, 0, 0), 0.8, 5))
    first, second = cpu.adjoint(both, camera, np.ones((1, 1, 1), np.float32))[1]
    assert first == pytest.approx(0.6, abs=1e-3)
    assert second == pytest.approx(0.4 * 0.8, abs=1e-3)


def test_occluded_and_near_and_faint_gaussians_weigh_nothing():
    camera = look_at((3, 0, 0))
    walls = [single((1.0 - 0.1 * k, 0, 0), 0.99, 50) for k in range(3)]
    hidden = single((-2, 0, 0), 0.9)
    behind = single((4, 0, 0), 0.9)
    near = single((2.85, 0, 0), 0.9, 0.01)
    faint = single((2, 0, 0), 0.9 / 255)
    weights = cpu.adjoint(
        joined(*walls, hidden, behind, near, faint), camera, np.ones((1, 43, 61), np.float32)
    )[1]
    assert (weights[:2] > 0).all()
    assert (weights[3:] == 0).all()
    closer = cpu.adjoint(near, camera, np.ones((1, 43, 61), np.float32), raster=Raster(near=0.01))[
        1
    ]
    assert closer[0] > 0


def test_similarity_transforms_change_nothing():
    """With the blur scaled away and the near plane in range."""
    gaussians = random_gaussians(200, 8)
    expected = dense_weights(gaussians, CAMERA)
    angle = 0.7
    factor = 3.0
    shift = np.array([5.0, -2, 1])
    R = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    turn = np.array([np.cos(angle / 2), 0, 0, np.sin(angle / 2)])
    w, v = turn[0], turn[1:]
    qw, qv = gaussians.quats[:, :1], gaussians.quats[:, 1:]
    quats = np.concatenate([w * qw - qv @ v[:, None], w * qv + qw * v + np.cross(v, qv)], 1)
    moved = replace(
        gaussians,
        means=(factor * gaussians.means @ R.T + shift).astype(np.float32),
        quats=quats.astype(np.float32),
        scales=(factor * gaussians.scales).astype(np.float32),
    )
    viewmat = CAMERA.viewmat.copy()
    viewmat[:3, :3] = viewmat[:3, :3] @ R.T
    viewmat[:3, 3] = factor * viewmat[:3, 3] - viewmat[:3, :3] @ shift
    differs(
        dense_weights(moved, replace(CAMERA, viewmat=viewmat), raster=Raster(near=0.6)), expected
    )


def test_no_visible_gaussians_is_black():
    gaussians = single((10, 0, 0), 0.9)
    image, alpha = cpu.render(gaussians, CAMERA, np.ones((1, 3), np.float32))
    assert image.max() == 0 and alpha.max() == 0
    assert cpu.fold(gaussians, CAMERA, (4, 5)).nnz == 0


def test_map_of_the_wrong_size_is_refused():
    with pytest.raises(ValueError, match="pixels"):
        cpu.adjoint(single((0, 0, 0), 0.5), CAMERA, np.ones((1, 10, 10), np.float32))
