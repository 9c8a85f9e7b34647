"""Few Gaussians that hide what many do."""

from __future__ import annotations

import numpy as np
import pytest

from ludvig_engine.planning.blobs import merged
from ludvig_engine.planning.candidates import AROUND_FOV, looking
from ludvig_engine.rendering import render
from shells import ball, joined


@pytest.mark.parametrize("most", [300, 1500])
def test_they_cover_what_the_gaussians_cover(most):
    gaussians = ball(6000)
    few = merged(gaussians, 2.0, most)
    assert 0.2 * most < len(few) <= most
    camera = looking(np.array([0, 0, -3.0]), np.array([0, 0, 1.0]), AROUND_FOV)
    depths = []
    for one in (gaussians, few):
        values = np.stack([one.means[:, 2], np.ones(len(one))], 1).astype(np.float32)
        image, alpha = render(one, camera, values)
        depths.append((image[0].sum() / image[1].sum(), (alpha > 0.5).mean()))
    (depth, covered), (coarse_depth, coarse_covered) = depths
    # The side that faces the camera is at -0.6 or so: the far one is hidden by few as by many.
    assert coarse_depth == pytest.approx(depth, abs=0.15)
    assert coarse_covered == pytest.approx(covered, rel=0.15)


def test_few_gaussians_stay_as_they_are():
    gaussians = ball(100)
    assert merged(gaussians, 2.0) is gaussians


def test_the_far_ones_share_cells():
    gaussians = joined(ball(3000), ball(3000, 1e7))
    few = merged(gaussians, 2.0, 500)
    assert len(few) <= 500
    assert np.isfinite(few.scales).all()
    assert np.allclose(np.linalg.norm(few.quats, axis=1), 1, atol=1e-5)
