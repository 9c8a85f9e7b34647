"""From Blender 5.3 on either we draw splats or Blender does; the selection is always seen."""

import bpy
import gpu
import numpy as np
import pytest
from mathutils import Matrix

from clouds import gaussians, splat_object, write_ply
from extension import blender_module
from region import HEIGHT, WIDTH

splats = blender_module("ludvig_blender.data.splats")
attributes = blender_module("ludvig_blender.data.attributes")
segments = blender_module("ludvig_blender.data.segments")
pytestmark = pytest.mark.skipif(bpy.app.version < (5, 3), reason="needs Blender 5.3")
CHOSEN = np.arange(300) < 100


def blenders(region):
    """What Blender itself draws in the same view: alpha (H, W)."""
    target = gpu.types.GPUOffScreen(WIDTH, HEIGHT, format="RGBA32F")
    areas = (area for screen in bpy.data.screens for area in screen.areas)
    area = next(area for area in areas if area.type == "VIEW_3D")
    space = area.spaces.active
    space.overlay.show_overlays = False
    space.shading.type = "SOLID"
    projection = Matrix(region.projection)
    target.draw_view3d(
        bpy.context.scene,
        bpy.context.view_layer,
        space,
        next(one for one in area.regions if one.type == "WINDOW"),
        region.view,
        projection,
        draw_background=False,
    )
    data = target.texture_color.read()
    data.dimensions = WIDTH * HEIGHT * 4
    found = np.array(data).reshape(HEIGHT, WIDTH, 4)[..., 3]
    target.free()
    return found


def test_nothing_is_drawn_twice(region, tmp_path):
    """Also of splats that Blender's own importer has made."""
    splat_object(gaussians(300, scale=0.15))
    source = write_ply(tmp_path / "in.ply", gaussians(300, scale=0.15, seed=1))
    bpy.ops.wm.ply_import(filepath=str(source))
    ours = region.settled()[..., 3]
    assert ours.mean() > 0.2
    assert not blenders(region).any()
    bpy.context.scene.ludvig.show = "NONE"
    assert not region.settled().any()
    assert blenders(region).mean() > 0.1
    bpy.context.scene.ludvig.show = "SPLATS"
    np.testing.assert_allclose(region.settled()[..., 3], ours, atol=1e-3)


def test_the_selection_lies_over_what_blender_draws(region):
    thing = splat_object(gaussians(300, scale=0.15))
    splats.set_selection(thing.data, CHOSEN)
    tinted = region.settled()
    bpy.context.scene.ludvig.selection = False
    plain = region.settled()
    bpy.context.scene.ludvig.selection = True
    bpy.context.scene.ludvig.show = "NONE"
    over = region.settled()
    # Laid over the plain picture, it gives the tinted one, but for blending in linear light.
    together = over + plain * (1 - over[..., 3:])
    assert np.abs(tinted - plain)[..., :3].mean() > 0.02
    assert np.abs(together - tinted)[..., :3].mean() < 0.8 * np.abs(tinted - plain)[..., :3].mean()
    red, green, blue = over[over[..., 3] > 0.1][:, :3].mean(0)
    assert red > green > blue
    alpha = over[..., 3]
    tint = bpy.context.scene.ludvig.selection_color[3]
    assert (alpha > 0.6).any(), "the outline"
    assert ((alpha > 0.02) & (alpha <= tint + 1e-3)).any(), "within it only the tint"
    bpy.context.scene.ludvig.selection_color[3] = 0
    outline = region.settled()[..., 3]
    assert (outline > 0.6).any()
    assert (alpha[outline == 0] <= tint + 1e-3).all(), "never more than the color's own alpha"
    splats.set_selection(thing.data, ~CHOSEN & False)
    assert not region.settled().any()


def test_scores_and_segments_lie_over_what_blender_draws(region):
    thing = splat_object(gaussians(300, scale=0.15))
    segments.write(thing, segments.add(thing), CHOSEN.astype(np.float32), 0.5)
    for mode in ("SCORE", "SEGMENTS"):
        thing.ludvig.mode, thing.ludvig.attribute = mode, "ludvig_Segment"
        bpy.context.scene.ludvig.show = "SPLATS"
        ours = region.settled()
        bpy.context.scene.ludvig.show = "NONE"
        np.testing.assert_allclose(region.settled(), ours, atol=1e-6)
    thing.ludvig.mode = "COLOR"
    assert 0 < region.settled()[..., 3].mean() < ours[..., 3].mean()


def test_hidden_splats_are_drawn_by_nobody(region):
    thing = splat_object(gaussians(300, scale=0.15))
    splats.set_selection(thing.data, np.ones(300, bool))
    bpy.context.scene.ludvig.show = "NONE"
    assert region.settled().any()
    segments.hide(thing, np.ones(300, bool))
    splats.set_selection(thing.data, np.ones(300, bool))
    assert not region.settled().any()
    assert not blenders(region).any()
