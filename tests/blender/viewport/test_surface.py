"""What a brush reaches is what a look at every splat finds."""

import math

import numpy as np
import pytest

from clouds import gaussians
from extension import blender_module

cloud = blender_module("ludvig_blender.viewport.cloud")
coins = blender_module("ludvig_blender.maths.coin")
screens = blender_module("ludvig_blender.viewport.screen")
surface = blender_module("ludvig_blender.viewport.surface")


def looking(rng):
    """A camera that turns and stands somewhere, before or within the splats."""
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    viewmat = np.eye(4)
    viewmat[:3, :3] = turn * np.sign(np.linalg.det(turn))
    viewmat[:3, 3] = rng.uniform([-0.5, -0.5, 0.5], [0.5, 0.5, 4])
    K = np.array([[600, 0, 320], [0, 500, 240], [0, 0, 1]], float)
    return viewmat, K


def in_space(screen, coin, means):
    """Which of all splats with their centers in the picture a coin holds."""
    seen = means @ screen.viewmat[:3, :3].T + screen.viewmat[:3, 3]
    middle = screen.viewmat[:3, :3] @ coin.center + screen.viewmat[:3, 3]
    slopes = seen[:, :2] / seen[:, 2:]
    pixels = slopes * screen.K[[0, 1], [0, 1]] + screen.K[:2, 2] - 0.5
    there = (seen[:, 2] > 0.01) & ((pixels > 0) & (pixels < [639, 479])).all(1)
    if not math.isinf(coin.depth):
        return there & coin.holds(means)
    beside = np.hypot(*(slopes - middle[:2] / middle[2]).T)
    return there & (beside <= coin.radius / middle[2])


@pytest.mark.parametrize("depth", [0.2, 1.0, 4.0, math.inf])
@pytest.mark.parametrize("seed", range(12))
def test_no_splat_is_missed(seed, depth):
    rng = np.random.default_rng(seed)
    made = gaussians(3000, degree=0, seed=seed)
    made.means[:] = rng.uniform(-1, 1, made.means.shape)
    viewmat, K = looking(rng)
    snapshot = cloud.Snapshot(
        *(made.means, made.scales, made.quats),
        np.column_stack([made.sh0[:, 0], np.full(3000, 0.9, np.float32)]),
        *(None, None),
    )
    screen = screens.Screen(cloud.pack(snapshot), viewmat, K, np.zeros(2), np.array([639, 479]))
    before = np.flatnonzero((made.means @ viewmat[:3, :3].T + viewmat[:3, 3])[:, 2] > 0.4)
    hidden = rng.random(3000) < 0.2
    hits = 0
    for _ in range(8):
        center = made.means[rng.choice(before)].astype(np.float64)
        normal = rng.normal(size=3)
        normal /= np.linalg.norm(normal)
        normal *= -np.sign(normal @ viewmat[2, :3])
        far = viewmat[2, :3] @ center + viewmat[2, 3]
        radius = rng.uniform(0.02, 0.2) * far
        coin = coins.Coin(center, normal, radius, depth * radius)
        for hide in (None, hidden):
            shown = np.ones(3000, bool) if hide is None else ~hide
            found = np.zeros(3000, bool)
            found[surface.within(screen, hide, coin)] = True
            wanted = in_space(screen, coin, made.means) & shown
            # What is beside the picture may be found too.
            assert not (wanted & ~found).any()
            hits += wanted.sum()
            if not math.isinf(depth):
                assert coin.holds(made.means[found]).all()
    assert hits
