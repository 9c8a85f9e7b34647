"""Each display mode has the colors that its name promises."""

import numpy as np
import pytest

from clouds import gaussians
from extension import blender_module

cloud = blender_module("ludvig_blender.viewport.cloud")
colors = blender_module("ludvig_blender.viewport.colors")
sh = blender_module("ludvig_blender.maths.sh")
EYE = np.array([3.0, 1, -2])


def packed(n=40, degree=3, **options):
    g = gaussians(n, degree=degree)
    base = np.concatenate([g.sh0[:, 0], g.opacities[:, None]], axis=1)
    made = cloud.Snapshot(g.means, g.scales, g.quats, base, None, None, **options)
    return g, cloud.update(None, made).with_bands(list(g.shN.transpose(1, 0, 2)))


def show(made, style, **options):
    return colors.display(made, style, EYE, direction=False, **options)[:, :3]


@pytest.mark.parametrize("degree", range(5))
def test_colors_as_seen_from_the_camera(degree):
    g, made = packed(degree=degree)
    towards = g.means - EYE
    towards /= np.linalg.norm(towards, axis=1, keepdims=True)
    expected = sh.colors(g.sh0[:, 0], list(g.shN.transpose(1, 0, 2)), towards)
    np.testing.assert_allclose(show(made, colors.Style()), np.maximum(expected, 0), atol=1e-5)


def test_lower_degrees_on_demand_and_while_harmonics_are_being_read():
    g, made = packed(degree=3)
    flat = np.maximum(0.5 + sh.C0 * g.sh0[:, 0], 0)
    np.testing.assert_allclose(show(made, colors.Style(sh_degree=0)), flat, atol=1e-6)
    _, first = packed(degree=1)
    np.testing.assert_allclose(
        show(made.with_bands(made.bands[:7]), colors.Style()),
        show(made, colors.Style(sh_degree=1)),
        atol=1e-6,
    )
    assert len(first.bands) == 3


def test_orthographic_views_look_in_one_direction():
    _, made = packed()
    shown = colors.display(made, colors.Style(), np.array([0, 0, -2.0]), direction=True)
    far = colors.display(made, colors.Style(), np.array([0, 0, 1e6]), direction=False)
    np.testing.assert_allclose(shown, far, atol=1e-4)


def test_scores_run_through_the_heat_map():
    scores = np.array([-1, 0, 0.5, 1, 7, np.nan], np.float32)
    _, made = packed(6, values=scores, source=("SCORE", "a"))
    shown = show(made, colors.Style("SCORE", ("a",), strength=1.0))
    np.testing.assert_allclose(shown[0], shown[1])
    np.testing.assert_allclose(shown[3], shown[4])
    np.testing.assert_allclose(shown[:4], colors.heat(np.clip(scores[:4], 0, 1)), atol=1e-6)
    assert np.ptp(shown[5]) < 1e-6  # no score: grey
    luma = colors.heat(np.linspace(0, 1, 256)) @ colors.LUMA
    assert (np.diff(luma) > 0).all()


def test_features_are_shown_as_they_are():
    values = np.random.default_rng(0).random((40, 3)).astype(np.float32)
    _, made = packed(values=values, source=("FEATURES", "a"))
    np.testing.assert_allclose(
        show(made, colors.Style("FEATURES", ("a",), strength=1.0)), values, atol=1e-6
    )


def test_the_segment_farthest_above_its_threshold_wins():
    values = np.array([[0.9, 0.2], [0.6, 0.5], [0.4, 0.25], [0.1, 0.1]], np.float32)
    style = colors.Style("SEGMENTS", ("a", "b"), segments=(((1, 0, 0), 0.5), ((0, 0, 1), 0.2)))
    palette, inside = colors.segmented(values, style)
    np.testing.assert_array_equal(inside, [1, 1, 1, 0])
    np.testing.assert_array_equal(palette[:3], [[1, 0, 0], [0, 0, 1], [0, 0, 1]])
    _, made = packed(4, values=values, source=("SEGMENTS", "a", "b"))
    shown = show(made, style)
    assert (shown[0, 0] > shown[0, 2]) and (shown[1, 2] > shown[1, 0])
    assert np.ptp(shown[3]) < 1e-6


def test_a_mode_without_its_attribute_shows_colors():
    _, made = packed()
    np.testing.assert_array_equal(
        show(made, colors.Style("SCORE", ("gone",))), show(made, colors.Style())
    )
