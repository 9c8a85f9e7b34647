import numpy as np

from ludvig_engine.io.activation import (
    activate,
    checked,
    finite,
    left_out,
    log_scales,
    logits,
)
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
    raw = stored(10)
    raw.means[0, 1] = np.nan
    raw.quats[1] = 0
    raw.scales[2, 2] = 1000  # exp overflows
    raw.opacities[3] = np.nan
    raw.sh0[4, 0, 0] = np.inf
    raw.shN[5, 2, 1] = -np.inf
    raw.quats[6] = 1e38, -1e38, 1e38, 1e38  # its square overflows, but it is a rotation
    raw.means[7] = 1e15, -1e15, 0
    raw.means[8, 1] = -2e15
    splats = activate(raw)
    np.testing.assert_array_equal(splats.valid, [False] * 6 + [True, True, False, True])
    assert splats.faults == {
        "quaternions of length 0": 1,
        "NaN or infinite values": 5,
        "positions beyond 1e+15": 1,
    }
    np.testing.assert_allclose(splats.gaussians.quats[6], [0.5, -0.5, 0.5, 0.5])


def test_each_value_that_no_scan_has_is_counted_once():
    gaussians = stored(9)
    gaussians.scales[0, 1] = -1e-3
    gaussians.scales[1] = 2e15
    gaussians.opacities[2] = 1.01
    gaussians.opacities[3] = -0.01
    gaussians.opacities[4] = 1 + 1e-6  # rounding
    gaussians.sh0[5] = 1e30
    gaussians.shN[6, 2] = -1e30
    gaussians.means[7], gaussians.scales[7] = 1e20, -1  # counted where it is met first
    gaussians.scales[8] = 0
    splats = checked(gaussians)
    np.testing.assert_array_equal(np.flatnonzero(splats.valid), [4, 8])
    assert list(splats.faults.values()) == [1, 2, 2, 2]
    assert left_out(splats.faults, 9) == (
        "7 of 9 splats are left out: 1 with positions beyond 1e+15, 2 with scales below 0 or above "
        "1e+15, 2 with opacities outside 0 to 1, 2 with colors beyond 1e+15.",
    )
    assert left_out({}, 9) == ()


def test_finite_without_rows_or_harmonics():
    assert finite(stored(0)).shape == (0,)
    gaussians = stored(2)
    assert finite(
        Gaussians(*list(vars(gaussians).values())[:5], np.empty((2, 0, 3), np.float32))
    ).all()
