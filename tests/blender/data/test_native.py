"""Blender has no splats of its own before 5.3: there, ours are points that it leaves alone."""

import bpy
import pytest

from clouds import splat_object
from extension import blender_module

native = blender_module("ludvig_blender.data.native")


def test_blender_has_splats_from_5_3():
    assert native.exists() == (bpy.app.version >= (5, 3))


@pytest.mark.skipif(bpy.app.version >= (5, 3), reason="Blender draws splats itself")
def test_before_that_only_we_draw():
    thing = splat_object()
    assert thing.display_type == "BOUNDS"
    assert thing.hide_render
    assert not native.draws(thing)
    assert not native.convertible(thing)


@pytest.mark.skipif(bpy.app.version < (5, 3), reason="needs Blender 5.3")
def test_older_splats_become_blenders():
    thing = splat_object()
    assert native.draws(thing)
    thing.data.type = "POINTS"
    assert native.convertible(thing)
    bpy.ops.ludvig.adopt()
    assert native.draws(thing)
    thing.display_type = "BOUNDS"
    assert not native.draws(thing)
