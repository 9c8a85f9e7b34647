"""A recolored splat has the recolored color from every direction; others stay bit for bit."""

import numpy as np
import pytest

from clouds import directions, gaussians
from extension import blender_module

recolor = blender_module("ludvig_blender.maths.recolor")
sh = blender_module("ludvig_blender.maths.sh")

CHANGES = {
    "tint": recolor.tint(np.array([0.9, 0.2, 0.1])),
    "replace": recolor.replace(np.array([0.1, 0.4, 0.8])),
    "hue": recolor.hue_saturation_value(hue=0.3),
    "gray": recolor.hue_saturation_value(saturation=0),
    "half a tint": recolor.tint(np.array([0, 1.0, 0])).mixed(0.5),
    "one after the other": recolor.hue_saturation_value(0.2, 1.5, 0.8).then(
        recolor.tint(np.array([1, 0.5, 0]))
    ),
}


def seen(sh0, shN, towards):
    return sh.colors(sh0[:, 0], list(shN.transpose(1, 0, 2)), towards)


@pytest.mark.parametrize("name", CHANGES)
def test_every_direction_shows_the_changed_color(name):
    made = gaussians(40)
    change = CHANGES[name]
    towards = directions(40)
    before = seen(made.sh0, made.shN, towards)
    after = seen(*recolor.apply(made.sh0, made.shN, change), towards)
    np.testing.assert_allclose(after, before @ change.matrix.T + change.offset, atol=1e-5)


def test_other_splats_stay_bit_for_bit():
    made = gaussians(40)
    chosen = np.arange(40) % 3 == 0
    sh0, shN = recolor.apply(made.sh0, made.shN, CHANGES["hue"], chosen)
    np.testing.assert_array_equal(sh0[~chosen], made.sh0[~chosen])
    np.testing.assert_array_equal(shN[~chosen], made.shN[~chosen])
    assert (sh0[chosen] != made.sh0[chosen]).any()


def test_soft_weights_go_part_of_the_way():
    made, towards = gaussians(40), directions(40)
    weights = np.linspace(0, 1, 40)
    before = seen(made.sh0, made.shN, towards)
    full = seen(*recolor.apply(made.sh0, made.shN, CHANGES["tint"]), towards)
    soft = seen(*recolor.apply(made.sh0, made.shN, CHANGES["tint"], weights), towards)
    np.testing.assert_allclose(soft, before + weights[:, None] * (full - before), atol=1e-5)


def test_what_artists_expect():
    white = np.ones(3)
    red = np.array([1.0, 0, 0])
    gray = np.full(3, 0.4)

    def shown(change, color):
        return change.matrix @ color + change.offset

    np.testing.assert_allclose(shown(recolor.tint(red), white), red)
    np.testing.assert_allclose(shown(recolor.tint(red), np.zeros(3)), 0)
    for change in (recolor.hue_saturation_value(0.37), recolor.hue_saturation_value(saturation=2)):
        np.testing.assert_allclose(shown(change, gray), gray, atol=1e-12)
        assert recolor.LUMA @ shown(change, red) == pytest.approx(recolor.LUMA @ red)
    np.testing.assert_allclose(
        shown(recolor.hue_saturation_value(value=0.5), red), red / 2, atol=1e-12
    )
    assert np.argmax(shown(recolor.hue_saturation_value(hue=1 / 3), red)) == 1
    whole = recolor.hue_saturation_value(hue=1.0)
    np.testing.assert_allclose(whole.matrix, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(recolor.replace(red).mixed(0).matrix, np.eye(3))
