"""What splats measure, against definitions written out; and axes, histograms and ranges."""

import numpy as np
import pytest

from clouds import gaussians, orthogonal
from extension import blender_module

criteria = blender_module("ludvig_blender.maths.criteria")
transform = blender_module("ludvig_blender.maths.transform")
sh = blender_module("ludvig_blender.maths.sh")


def matrix(linear):
    world = np.eye(4)
    world[:3, :3] = linear
    world[:3, 3] = 5, -2, 1
    return world


WORLDS = {
    "as it is": np.eye(4),
    "turned and enlarged": matrix(3.0 * orthogonal(1)),
    "mirrored": matrix(0.2 * orthogonal(2, mirror=True)),
    "stretched": matrix(np.diag([1.0, 4.0, 0.5]) @ orthogonal(3)),
}


@pytest.mark.parametrize("name", WORLDS)
def test_size_is_the_longest_axis_in_the_world(name):
    made, linear = gaussians(80), WORLDS[name][:3, :3]
    axes = transform.rotations(made.quats) * made.scales[:, None].astype(np.float64)
    covariances = linear @ axes @ axes.transpose(0, 2, 1) @ linear.T
    expected = np.sqrt(np.linalg.eigvalsh(covariances)[:, -1])
    found = criteria.size(made.scales, made.quats, WORLDS[name])
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_color_distance_is_1_from_black_to_white():
    # The second is shown as white.
    colors = np.array([[0, 0, 0], [1.5, 1, 1], [1, -1, 0], [0.5, 0.5, 0.5]])
    sh0 = ((colors - 0.5) / sh.C0).astype(np.float32)
    np.testing.assert_allclose(
        criteria.color_distance(sh0, np.zeros(3)), [0, 1, 3**-0.5, 0.5], atol=1e-6
    )
    np.testing.assert_allclose(
        criteria.color_distance(sh0, np.array([1, 0, 0])),
        [3**-0.5, (2 / 3) ** 0.5, 0, 0.5],
        atol=1e-6,
    )


def test_the_mean_color_counts_opaque_splats_more():
    sh0 = ((np.array([[1.0, 0, 0], [0, 0, 1]]) - 0.5) / sh.C0).astype(np.float32)
    mean = criteria.mean_color(sh0, np.array([0.75, 0.25], np.float32))
    np.testing.assert_allclose(mean, [0.75, 0, 0.25], atol=1e-6)


@pytest.mark.parametrize(
    ("values", "logarithmic", "ends"),
    [
        ([0.2, 0.7], False, (0, 1)),
        ([3, 40, np.nan, np.inf], False, (0, 40)),
        ([-2, 6], False, (-2, 6)),
        ([-2, -2], False, (-2, -1)),
        ([], False, (0, 1)),
        ([0, 0.01, 10], True, (0.01, 10)),
        ([4, 4], True, (2, 8)),
        ([0, 0], True, (0, 1)),
    ],
)
def test_the_axis_holds_all_numbers(values, logarithmic, ends):
    values = np.array(values, np.float32)
    axis = criteria.axis(values, logarithmic=logarithmic)
    assert (axis.low, axis.high) == pytest.approx(ends)
    everything = criteria.within(values, axis.value(0), axis.value(1))
    np.testing.assert_array_equal(everything, np.isfinite(values))
    assert criteria.histogram(values, axis).sum() == np.isfinite(values).sum()


@pytest.mark.parametrize("axis", [criteria.Axis(0, 1), criteria.Axis(1e-3, 50, True)])
def test_places_and_values_are_inverse(axis):
    for place in (0.1, 0.5, 0.99):
        value = np.array([axis.value(place)], np.float32)
        assert axis.places(value)[0] == pytest.approx(place, abs=1e-5)


def test_the_histogram_counts_each_part():
    axis = criteria.Axis(0.01, 100, True)
    edges = np.array([axis.value(n / criteria.BARS) for n in range(1, criteria.BARS)])
    values = np.random.default_rng(0).lognormal(0, 2, 5000).astype(np.float32)
    expected = np.bincount(np.searchsorted(edges, values), minlength=criteria.BARS)
    found = criteria.histogram(values, axis)
    # A value at an edge may be rounded to either side.
    np.testing.assert_allclose(found, expected, atol=2)
    assert found.sum() == len(values)
