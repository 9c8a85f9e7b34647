"""Layers of a picture: laid over each other, in linear light, and how deep a pixel is."""

import numpy as np
import pytest

from extension import blender_module

layers = blender_module("ludvig_blender.maths.layers")


def pixel(*values):
    return np.array([[values]], np.float32)


def test_over_is_associative_and_leaves_what_is_opaque():
    rng = np.random.default_rng(0)
    alphas = rng.uniform(0, 1, (3, 4, 5, 1))
    a, b, c = np.concatenate([rng.uniform(0, 1, (3, 4, 5, 3)) * alphas, alphas], axis=-1)
    left, right = layers.over(layers.over(a, b), c), layers.over(a, layers.over(b, c))
    np.testing.assert_allclose(left, right, atol=1e-12)
    np.testing.assert_array_equal(layers.over(pixel(1, 0, 0, 1), a), np.ones_like(a) * (1, 0, 0, 1))


@pytest.mark.parametrize("alpha", [1.0, 0.5])
def test_linear_light(alpha):
    half = layers.linear(pixel(*[0.5 * alpha] * 3, alpha))
    np.testing.assert_allclose(half, pixel(*[0.21404 * alpha] * 3, alpha), atol=1e-4)
    np.testing.assert_array_equal(layers.linear(pixel(0, 0, 0, 0)), pixel(0, 0, 0, 0))
    np.testing.assert_allclose(
        layers.straight(pixel(0.3, 0.2, 0.1, 0.5)), pixel(0.6, 0.4, 0.2, 0.5)
    )


def layer(alpha, depth):
    return layers.Layer(pixel(0, 0, 0, alpha), np.array([[depth]], np.float32))


@pytest.mark.parametrize(
    ("alphas", "depth"),
    [((0.6, 1, 1), 1), ((0.4, 1, 1), 2), ((0.2, 0.3, 0.9), 3), ((0.4, 0, 0), layers.NOTHING)],
)
def test_the_depth_is_where_a_pixel_is_half_covered(alphas, depth):
    some = [layer(alpha, n + 1) for n, alpha in enumerate(alphas)]
    assert layers.depth(some) == np.float32(depth)
