import numpy as np

from ludvig_engine.io.activation import activate, finite, log_scales, logits
from ludvig_engine.scene import Gaussians


def stored(n=4):
    arrays = [
        np.full(shape, 0.5, np.float32)
        for shape in [(n, 3), (n, 4), (n, 3), (n,), (n, 1, 3), (n, 3, 3)]
    ]
    return Gaussians(*arrays)


def test_log_and_logit_invert_activation(make_gaussians):
    gaussians = make_gaussians(1000)
    raw = gaussians.take(slice(None))
    raw.scales[:], raw.opacities[:] = log_scales(gaussians), logits(gaussians)
    raw.quats[:] *= 7
    again = activate(raw).gaussians
    np.testing.assert_allclose(again.scales, gaussians.scales, rtol=2e-6)
    np.testing.assert_allclose(again.opacities, gaussians.opacities, rtol=2e-6)
    np.testing.assert_allclose(again.quats, gaussians.quats, atol=2e-7)


def test_extremes_stay_finite():
    gaussians = stored(3)
    gaussians.opacities[:] = 0, 1, 1e-30
    gaussians.scales[0] = 0
    assert np.isfinite(logits(gaussians)).all() and np.isfinite(log_scales(gaussians)).all()
    assert logits(gaussians)[2] == np.float32(np.log(1e-30))


def test_infinite_logits_are_alpha_0_and_1():
    raw = stored(3)
    raw.opacities[:] = -np.inf, np.inf, -1000
    raw.scales[0] = -np.inf
    splats = activate(raw)
    assert splats.valid.all()
    np.testing.assert_array_equal(splats.gaussians.opacities, [0, 1, 0])
    np.testing.assert_array_equal(splats.gaussians.scales[0], 0)


def test_unusable_rows_are_invalid():
    raw = stored(9)
    raw.means[0, 1] = np.nan
    raw.quats[1] = 0
    raw.scales[2, 2] = 1000  # exp overflows
    raw.opacities[3] = np.nan
    raw.sh0[4, 0, 0] = np.inf
    raw.shN[5, 2, 1] = -np.inf
    raw.quats[6] = 1e38, -1e38, 1e38, 1e38  # its square overflows, but it is a rotation
    raw.means[7] = 3e38, 3e38, 3e38  # as is their sum
    splats = activate(raw)
    np.testing.assert_array_equal(splats.valid, [False] * 6 + [True] * 3)
    np.testing.assert_allclose(splats.gaussians.quats[6], [0.5, -0.5, 0.5, 0.5])


def test_finite_without_rows_or_harmonics():
    assert finite(stored(0)).shape == (0,)
    gaussians = stored(2)
    assert finite(
        Gaussians(*list(vars(gaussians).values())[:5], np.empty((2, 0, 3), np.float32))
    ).all()
