"""The selection has an outline, which leaves what is within and around it as it is."""

import bpy
import numpy as np
import pytest

from clouds import gaussians, splat_object
from extension import blender_module

splats = blender_module("ludvig_blender.data.splats")
pytestmark = pytest.mark.skipif(
    bpy.app.version < (5, 2), reason="drawing without a window needs Blender 5.2"
)
ORANGE = (1.0, 0.55, 0.0)


def ball(**fields):
    """An opaque ball of splats in the color of the outline."""
    made = gaussians(2000, degree=0, scale=0.02)
    made.means[:] /= np.linalg.norm(made.means, axis=1, keepdims=True)
    made.scales[:], made.opacities[:] = 0.08, 0.98
    made.sh0[:] = (np.array(ORANGE) - 0.5) / 0.28209479177387814
    thing = splat_object(made, **fields)
    bpy.context.scene.ludvig.selection_color[3] = 0  # no tint
    return thing, made


def changed(region, chosen):
    """Where the picture changes if these splats are selected, (H, W), and what it was before."""
    thing = bpy.context.object
    splats.set_selection(thing.data, np.zeros(len(chosen), bool))
    before = region.settled()
    splats.set_selection(thing.data, chosen)
    return np.abs(region.settled() - before).max(-1) > 0.05, before


def grown(mask, pixels):
    for _ in range(pixels):
        padded = np.pad(mask, 1)
        mask = padded[1:-1, 1:-1] | padded[2:, 1:-1] | padded[:-2, 1:-1]
        mask |= padded[1:-1, 2:] | padded[1:-1, :-2]
    return mask


def test_it_runs_along_the_border_only(region):
    _, made = ball()
    line, before = changed(region, np.ones(len(made), bool))
    shape = before[..., 3] > 0.5
    assert not (line & ~grown(shape, 4)).any(), "nothing far outside"
    assert not (line & ~grown(~shape, 5)).any(), "nothing within"
    border = grown(shape, 1) & ~shape
    assert line[border].mean() > 0.95


def test_it_is_seen_on_things_of_its_own_color(region):
    _, made = ball()
    changed(region, np.ones(len(made), bool))
    frame = region.settled()
    solid = frame[..., 3] > 0.9
    light = frame[..., :3].sum(-1)
    assert light[solid].min() < 0.4 * np.median(light[solid]), "the dark rim"


def test_it_runs_where_the_selected_part_of_a_thing_ends(region):
    _, made = ball()
    line, before = changed(region, made.means[:, 0] < 0)
    middle = before.shape[1] // 2
    rows = np.flatnonzero(before[:, middle, 3] > 0.5)[6:-6]
    assert line[rows, middle - 3 : middle + 4].any(1).all()
    assert not line[rows, middle + 7 : middle + 10].any()


def test_hidden_and_unselected_splats_have_none(region):
    thing, made = ball()
    nothing = np.zeros(len(made), bool)
    line, _ = changed(region, nothing)
    assert not line.any()
    blender_module("ludvig_blender.data.segments").hide(thing, ~nothing)
    splats.set_selection(thing.data, ~nothing)
    assert not region.settled().any()


def test_dots_are_tinted_though_they_have_no_outline(region):
    _, made = ball()
    bpy.context.scene.ludvig.selection_color = (0, 0, 1, 0)
    bpy.context.scene.ludvig.show = "POINTS"
    assert changed(region, np.ones(len(made), bool))[0].any()
    bpy.context.scene.ludvig.selection = False
    assert not changed(region, np.ones(len(made), bool))[0].any()
