"""Why a button is disabled: what its tooltip says, which scripts get as the error."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

import clouds
from extension import blender_module

segments = blender_module("ludvig_blender.data.segments")
splats = blender_module("ludvig_blender.data.splats")


def why(name: str, **settings: object) -> str:
    with pytest.raises(RuntimeError) as refused:
        getattr(bpy.ops.ludvig, name)(**settings)
    return str(refused.value)


def load(path) -> bpy.types.Object:
    bpy.ops.ludvig.import_splats(
        filepath=str(clouds.write_ply(path / "a.ply", clouds.gaussians(50)))
    )
    return bpy.context.object


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("segment_add", "Select a splat object, or import a splat file first"),
        ("export_splats", "There are no splats: import a splat file first"),
        ("look_through", "Select a splat object, or import a splat file first"),
        ("render_image", "The scene has no camera"),
        ("stop_engine", "The engine is not running"),
        ("free_memory", "The engine is not running, so it uses no memory"),
        ("adopt", "Select points that have the properties of a splat file"),
    ],
)
def test_in_an_empty_scene(name, told):
    assert told in why(name)


def test_each_step_says_what_it_lacks(tmp_path):
    """One reason after the other is removed."""
    thing = load(tmp_path)
    assert "Load the cameras first" in why("look_through")
    assert "Nothing is hidden" in why("show")
    assert "No splat is selected" in why("hide")
    assert "There is no segment" in why("segment_combine")
    segments.add(thing)
    assert "There is only one segment" in why("segment_combine")
    assert "There is no guess" in why("guess")
    assert "The segment is empty" in why("larger")
    assert "has no prompts yet" in why("solve")
    splats.set_selection(thing.data, np.arange(50) < 20)
    bpy.ops.ludvig.hide()
    bpy.ops.ludvig.show()
    bpy.ops.object.mode_set(mode="EDIT")
    assert "This works in Object Mode only" in why("look_through")
    bpy.ops.object.mode_set(mode="OBJECT")


def test_linked_splats_cannot_be_changed(tmp_path):
    load(tmp_path)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"), copy=True)
    name = bpy.context.object.name
    bpy.ops.wm.read_homefile(use_empty=True)
    with bpy.data.libraries.load(str(tmp_path / "a.blend"), link=True) as (_, wanted):
        wanted.objects = [name]
    bpy.context.collection.objects.link(wanted.objects[0])
    bpy.context.view_layer.objects.active = wanted.objects[0]
    wanted.objects[0].select_set(True)
    assert "make them local first" in why("hide")
