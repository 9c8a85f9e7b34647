"""Blender has no splats of its own before 5.3: there, ours are points that it leaves alone."""

from types import SimpleNamespace

import bpy
import numpy as np
import pytest

from clouds import gaussians, splat_object, write_ply
from extension import blender_module

native = blender_module("ludvig_blender.data.native")
adoption = blender_module("ludvig_blender.data.adoption")
attributes = blender_module("ludvig_blender.data.attributes")
segments = blender_module("ludvig_blender.data.segments")
splats = blender_module("ludvig_blender.data.splats")
masking = blender_module("ludvig_blender.data.masking")
before = pytest.mark.skipif(bpy.app.version >= (5, 3), reason="Blender has splats of its own")
since = pytest.mark.skipif(bpy.app.version < (5, 3), reason="needs Blender 5.3")


def draws(thing, shading="SOLID"):
    bpy.context.view_layer.update()
    space = SimpleNamespace(shading=SimpleNamespace(type=shading))
    return native.draws(thing, space, bpy.context.scene)


def test_blender_has_splats_from_5_3():
    assert native.exists() == adoption.HERE == (bpy.app.version >= (5, 3))


@before
def test_before_that_only_we_draw():
    thing = splat_object()
    assert thing.display_type == "BOUNDS"
    assert thing.hide_render
    assert not draws(thing)
    assert not native.convertible(thing)
    segments.hide(thing, np.arange(50) < 5)
    assert not thing.modifiers


@since
def test_since_then_we_draw_in_the_viewport_and_blender_in_renders():
    thing = splat_object()
    assert (thing.data.type, thing.display_type) == ("GAUSSIAN_SPLAT", "BOUNDS")
    assert not thing.hide_render
    assert not draws(thing)
    # EEVEE and Cycles show what is displayed as bounds.
    for engine, shows in (("CYCLES", True), ("BLENDER_EEVEE", True), ("BLENDER_WORKBENCH", False)):
        bpy.context.scene.render.engine = engine
        assert draws(thing, "RENDERED") == shows
        assert draws(thing, "MATERIAL")
        assert not draws(thing, "SOLID")


@since
def test_the_drawing_can_be_left_to_blender():
    things = [splat_object(), splat_object()]
    bpy.context.scene.ludvig.show = "NONE"
    assert all(map(draws, things))
    assert draws(splat_object()), "new ones too"
    bpy.context.scene.ludvig.show = "SPLATS"
    assert not any(map(draws, bpy.data.objects))


@since
def test_splats_of_blenders_importer_are_ours_at_once(tmp_path):
    source = write_ply(tmp_path / "in.ply")
    bpy.ops.wm.ply_import(filepath=str(source))
    thing = bpy.context.object
    assert splats.is_splats(thing)
    bpy.context.view_layer.update()
    assert thing.display_type == "BOUNDS"
    assert not splats.selection(thing.data).any()
    thing.display_type = "TEXTURED"
    thing.data.update_tag()
    assert draws(thing), "what the user decides stays"
    np.testing.assert_allclose(splats.read(thing.data).means, gaussians().means)


@since
def test_older_splats_become_blenders():
    """As 4.5 saves them."""
    thing = splat_object()
    base = attributes.get(thing.data, "radiance:base")
    attributes.put(thing.data, "radiance:base", "FLOAT_COLOR", base)
    thing.data.type = "POINTS"
    thing.hide_render = True
    segments.hide(thing, np.arange(50) < 5)
    assert native.convertible(thing)
    bpy.ops.ludvig.adopt()
    assert not native.convertible(thing)
    assert thing.data.attributes["radiance:base"].data_type == "FLOAT4"
    np.testing.assert_array_equal(attributes.get(thing.data, "radiance:base"), base)
    assert not thing.hide_render
    assert masking.GROUP in thing.modifiers


@since
@pytest.mark.parametrize("kind", ["POINTS", "GAUSSIAN_SPLAT"])
def test_the_type_may_come_from_nodes(kind):
    thing = splat_object()
    thing.display_type = "TEXTURED"
    thing.data.type = "POINTS" if kind == "GAUSSIAN_SPLAT" else "GAUSSIAN_SPLAT"
    tree = bpy.data.node_groups.new("type", "GeometryNodeTree")
    tree.is_modifier = True
    for way in ("INPUT", "OUTPUT"):
        tree.interface.new_socket("Geometry", in_out=way, socket_type="NodeSocketGeometry")
    begin, end = tree.nodes.new("NodeGroupInput"), tree.nodes.new("NodeGroupOutput")
    node = tree.nodes.new("GeometryNodePointsSetType")
    setting = next((s for s in node.inputs if s.type == "MENU"), None)
    if setting is not None:
        setting.default_value = kind_of(setting, kind)
    tree.links.new(begin.outputs[0], node.inputs[0])
    tree.links.new(node.outputs[0], end.inputs[0])
    thing.modifiers.new("type", "NODES").node_group = tree
    assert draws(thing) == (kind == "GAUSSIAN_SPLAT")


def kind_of(setting, kind):
    """The name that a menu has for a kind: as Blender's list, or as it is shown."""
    for name in (kind, "3D Gaussian Splat" if kind != "POINTS" else "Points", "Gaussian Splat"):
        try:
            setting.default_value = name
        except TypeError:
            continue
        return name
    raise AssertionError(setting)


@since
def test_hidden_splats_are_in_no_render():
    thing = splat_object()
    bpy.ops.ed.undo_push(message="made")
    splats.set_selection(thing.data, np.arange(50) < 5)
    bpy.ops.ludvig.hide("EXEC_DEFAULT", True)
    assert [modifier.name for modifier in thing.modifiers] == [masking.GROUP]
    np.testing.assert_array_equal(opacities(thing)[:5], 0)
    np.testing.assert_array_equal(opacities(thing)[5:], gaussians().opacities[5:])
    bpy.ops.ludvig.show("EXEC_DEFAULT", True)
    assert not thing.modifiers
    np.testing.assert_array_equal(opacities(thing), gaussians().opacities)
    bpy.ops.ed.undo()
    assert (opacities(bpy.data.objects["splats"])[:5] == 0).all()


@since
def test_a_saved_file_shows_older_blenders_nothing_new(tmp_path, monkeypatch):
    """They crash on the modifier; renders need it."""
    thing = splat_object()
    segments.hide(thing, np.arange(50) < 5)
    path = str(tmp_path / "a.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    assert (opacities(thing)[:5] == 0).all(), "as before"
    seen = []
    with monkeypatch.context() as patch:
        patch.setattr(masking, "resume", lambda: seen.extend(map(switches, bpy.data.objects)))
        bpy.ops.wm.open_mainfile(filepath=path)
    assert seen == [(False, True)]
    bpy.ops.wm.open_mainfile(filepath=path)
    assert (opacities(bpy.data.objects["splats"])[:5] == 0).all()


def switches(thing):
    return thing.modifiers[0].show_viewport, thing.modifiers[0].show_render


def opacities(thing):
    """What Blender draws: the opacities after the modifiers."""
    seen = thing.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return splats.read(seen.data).opacities


def test_files_of_other_blenders(monkeypatch, tmp_path):
    """A file is read as what the Blender that saved it made of splats."""
    thing = splat_object()
    thing.display_type, thing.hide_render = "WIRE", not thing.hide_render
    kept = thing.hide_render
    for here, changed in ((adoption.HERE, False), (not adoption.HERE, True)):
        monkeypatch.setattr(adoption, "HERE", here)
        bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
        bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
        thing = bpy.data.objects["splats"]
        assert (thing.display_type == "BOUNDS", thing.hide_render != kept) == (changed, changed)
