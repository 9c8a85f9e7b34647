import numpy as np

from ludvig_engine.io.quantized import SH_C0, from_smallest_three, sh0_from_colors


def test_quaternions_return_up_to_their_sign():
    quats = np.random.default_rng(0).normal(size=(1000, 4))
    quats /= np.linalg.norm(quats, axis=1, keepdims=True)
    largest = np.abs(quats).argmax(1)
    rows = np.arange(1000)
    quats *= np.sign(quats[rows, largest])[:, None]
    three = np.stack([np.delete(q, i) for q, i in zip(quats, largest, strict=True)])
    np.testing.assert_allclose(from_smallest_three(three, largest), quats, atol=1e-6)


def test_rounding_beyond_length_one_leaves_nothing_for_the_largest():
    np.testing.assert_allclose(
        from_smallest_three(np.full((1, 3), 0.6), np.array([2])), [[0.6, 0.6, 0, 0.6]]
    )


def test_colors_are_half_plus_the_first_harmonic():
    colors = np.random.default_rng(0).random((10, 3))
    np.testing.assert_allclose(0.5 + SH_C0 * sh0_from_colors(colors)[:, 0], colors, atol=1e-7)
    assert np.isclose(SH_C0, 1 / (2 * np.sqrt(np.pi)))
