"""Splat objects hold what was put in, and survive Blender's own editing and files.

The attributes have the names of Blender 5.3.
"""

import bpy
import numpy as np
import pytest

import clouds
from clouds import assert_same, gaussians, new_object, splat_object
from extension import blender_module

splats = blender_module("ludvig_blender.data.splats")
attributes = blender_module("ludvig_blender.data.attributes")


@pytest.mark.parametrize("degree", range(5))
def test_round_trip(degree):
    made = gaussians(degree=degree)
    thing = splat_object(made)
    assert_same(splats.read(thing.data), made)
    assert splats.is_splats(thing)


def test_schema_is_that_of_blender_5_3():
    cloud = splat_object(gaussians(degree=1)).data
    types = {a.name: (a.data_type, a.domain) for a in cloud.attributes}
    four = "FLOAT4" if hasattr(bpy.types, "Float4Attribute") else "FLOAT_COLOR"
    wanted = {
        "position": "FLOAT_VECTOR",
        "scale": "FLOAT_VECTOR",
        "rotation": "QUATERNION",
        "radiance:base": four,
    }
    wanted |= {f"radiance:sh_{k}": "FLOAT_VECTOR" for k in range(3)}
    assert {name: (kind, "POINT") for name, kind in wanted.items()}.items() <= types.items()
    assert "radiance:sh_3" not in types


def test_no_splats_at_all():
    thing = splat_object(gaussians(0))
    assert len(thing.data.points) == 0
    assert len(splats.read(thing.data)) == 0


def test_extras_keep_their_names_unless_taken():
    thing = splat_object(
        gaussians(5), extras={"label": np.arange(5), "scale": np.ones(5), "radius": np.ones(5)}
    )
    assert splats.extra_names(thing.data) == ["label", "ply_scale", "ply_radius"]
    np.testing.assert_array_equal(
        attributes.get(thing.data, "label"), np.arange(5, dtype=np.float32)
    )
    assert splats.is_splats(thing)


def test_other_points_are_no_splats():
    cloud = bpy.data.pointclouds.new("points")
    thing = bpy.data.objects.new("points", cloud)
    assert not splats.is_splats(thing)
    assert not splats.is_splats(None)
    other = splat_object(gaussians(3)).data
    attributes.put(other, "scale", "FLOAT", np.ones(3))
    assert not splats.is_splat_cloud(other)
    with pytest.raises(Exception, match='not a splat object: it has no attribute "radiance:base"'):
        splats.read(cloud)


def test_creating_does_not_disturb_the_scene():
    bpy.ops.mesh.primitive_cube_add()
    cube = bpy.context.object
    bpy.ops.object.mode_set(mode="EDIT")
    new_object()
    assert bpy.context.view_layer.objects.active == cube
    assert [thing.name for thing in bpy.context.selected_objects] == [cube.name]
    assert set(bpy.data.objects) == {cube, bpy.data.objects["splats"]}


def test_selection_is_blenders():
    thing = splat_object(gaussians(40))
    assert not splats.selection(thing.data).any()
    chosen = np.arange(40) % 3 == 0
    splats.set_selection(thing.data, chosen)
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.pointcloud.delete()
    bpy.ops.object.mode_set(mode="OBJECT")
    assert_same(splats.read(thing.data), gaussians(40).take(~chosen))
    np.testing.assert_array_equal(clouds.rows(thing.data), np.flatnonzero(~chosen))


def test_selecting_all_in_edit_mode_counts():
    thing = splat_object(gaussians(10))
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.pointcloud.select_all(action="SELECT")
    assert splats.selection(thing.data).all()
    bpy.ops.pointcloud.select_all(action="DESELECT")
    assert not splats.selection(thing.data).any()


def test_separate_keeps_everything():
    made = gaussians(30)
    thing = splat_object(made, extras={"ludvig_pot": np.linspace(0, 1, 30)})
    chosen = np.arange(30) < 12
    splats.set_selection(thing.data, chosen)
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.pointcloud.separate()
    bpy.ops.object.mode_set(mode="OBJECT")
    (other,) = set(bpy.data.objects) - {thing}
    assert_same(splats.read(other.data), made.take(chosen))
    assert_same(splats.read(thing.data), made.take(~chosen))
    np.testing.assert_array_equal(clouds.rows(other.data), np.arange(12))
    np.testing.assert_allclose(
        attributes.get(other.data, "ludvig_pot"), np.linspace(0, 1, 30)[:12], rtol=1e-6
    )


def test_identity_changes_with_the_splats_only():
    cloud = splat_object(gaussians(20)).data
    before = splats.identity(cloud)
    splats.set_selection(cloud, np.ones(20, bool))
    attributes.put(cloud, "ludvig_pot", "FLOAT", np.ones(20))
    made = splats.read(cloud)
    splats.write_colors(cloud, made.sh0 + 1, made.shN, made.opacities)
    assert splats.identity(cloud) == before
    splats.write_colors(cloud, made.sh0, made.shN, made.opacities * 0.5)
    changed = splats.identity(cloud)
    attributes.put(cloud, "position", "FLOAT_VECTOR", made.means[::-1])
    assert len({before, changed, splats.identity(cloud)}) == 3


def test_saved_and_loaded(tmp_path):
    made = gaussians(25)
    splat_object(made, extras={"ludvig_pot": np.linspace(0, 1, 25)}).ludvig.mode = "SCORE"
    path = str(tmp_path / "Großer Spaß ß 目录.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.ops.wm.open_mainfile(filepath=path)
    thing = bpy.data.objects["splats"]
    assert_same(splats.read(thing.data), made)
    assert thing.ludvig.mode == "SCORE"
    assert attributes.names(thing.data, "FLOAT") == ["ludvig_pot"]


def test_put_replaces_an_attribute_of_another_type():
    cloud = splat_object(gaussians(4)).data
    attributes.put(cloud, "thing", "FLOAT", np.ones(4))
    attributes.put(cloud, "thing", "INT", np.arange(4))
    assert attributes.get(cloud, "thing").dtype == np.int32
    with pytest.raises(ValueError, match="3 numbers for 4 points"):
        attributes.put(cloud, "thing", "INT", np.arange(3))
    assert attributes.get(cloud, "nothing") is None
