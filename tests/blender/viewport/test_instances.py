"""Instances of collections and objects that share their splats are drawn like objects there."""

from types import SimpleNamespace

import bpy
import numpy as np
import pytest
from mathutils import Matrix

from clouds import gaussians, new_object, splat_object
from extension import blender_module

instances = blender_module("ludvig_blender.viewport.instances")
items = blender_module("ludvig_blender.viewport.items")
splats = blender_module("ludvig_blender.data.splats")
drawing = pytest.mark.skipif(
    bpy.app.version < (5, 2), reason="drawing without a window needs Blender 5.2"
)
PLACE = Matrix.Translation((0.3, -0.2, 0.5)) @ Matrix.Rotation(0.7, 4, "Y") @ Matrix.Scale(0.8, 4)


def asset(*things, offset=(0, 0, 0)):
    """A collection that no scene shows."""
    made = bpy.data.collections.new("asset")
    made.instance_offset = offset
    for thing in things:
        made.objects.link(thing)
    return made


def instance(collection, matrix=None, into=None):
    """An empty that instances a collection."""
    empty = bpy.data.objects.new("instance", None)
    empty.instance_type, empty.instance_collection = "COLLECTION", collection
    empty.matrix_world = matrix or Matrix()
    (into or bpy.context.collection).objects.link(empty)
    bpy.context.view_layer.update()
    return empty


def worlds(empty):
    return [world for _, world in instances.Instances().of(empty)]


def as_blender(empty):
    """Where Blender itself puts the splats of an instancer."""
    depsgraph = bpy.context.evaluated_depsgraph_get()
    return [
        np.array(one.matrix_world)
        for one in depsgraph.object_instances
        if one.is_instance and one.parent.original == empty and splats.is_splats(one.object)
    ]


def placed():
    thing = new_object(gaussians(30))
    thing.matrix_world = Matrix.Translation((1, 2, 3)) @ Matrix.Rotation(0.4, 4, "X")
    return thing


def test_they_are_where_blender_puts_them():
    empty = instance(asset(placed(), placed(), offset=(0.5, 0.25, -1)), PLACE)
    assert len(worlds(empty)) == 2
    np.testing.assert_allclose(worlds(empty), as_blender(empty), atol=1e-6)


def test_instances_within_instances_and_collections_within_collections():
    inner, outer = asset(placed(), offset=(1, 0, 0)), asset(offset=(0, 1, 0))
    instance(inner, Matrix.Rotation(1, 4, "Z"), into=outer)
    child = asset(placed())
    outer.children.link(child)
    empty = instance(outer, PLACE)
    key = lambda world: world[:3, 3].tolist()  # noqa: E731
    found = sorted(worlds(empty), key=key)
    assert len(found) == 2
    np.testing.assert_allclose(found, sorted(as_blender(empty), key=key), atol=1e-6)


def test_what_is_hidden_in_viewports_is_not_there():
    one, other = placed(), placed()
    outer, child = asset(one), asset(other)
    outer.children.link(child)
    empty = instance(outer)
    assert len(worlds(empty)) == 2
    one.hide_viewport = True
    assert len(worlds(empty)) == 1
    child.hide_viewport = True
    assert worlds(empty) == []


def test_a_collection_without_splats_is_looked_into_once(monkeypatch):
    cubes = asset(bpy.data.objects.new("cube", bpy.data.meshes.new("cube")))
    empty, known = instance(cubes), instances.Instances()
    looked = []
    original = instances._objects
    monkeypatch.setattr(instances, "_objects", lambda c: looked.append(c) or original(c))
    for _ in range(5):
        assert not list(known.of(empty))
    assert looked == [cubes]
    cubes.objects.link(placed())
    known.changed(SimpleNamespace(id_type_updated=lambda kind: kind == "COLLECTION"))
    assert len(list(known.of(empty))) == 1


def test_scenes_without_instancers_ask_nothing(monkeypatch):
    splat_object(gaussians(30))
    bpy.context.collection.objects.link(bpy.data.objects.new("empty", None))
    bpy.context.view_layer.update()
    known = instances.Instances()
    monkeypatch.setattr(known, "of", lambda _: pytest.fail("looked for instances"))
    space = SimpleNamespace()
    monkeypatch.setattr(items, "splats", SimpleNamespace(is_splats=lambda thing: False))
    assert not list(items._places(bpy.context, space, known))


@drawing
def test_an_instance_looks_like_an_object_there(region):
    thing = splat_object(gaussians(300, scale=0.15))
    thing.matrix_world = PLACE
    there = region.settled()
    bpy.context.collection.objects.unlink(thing)
    thing.matrix_world = Matrix()
    assert not region.settled().any()
    empty = instance(asset(thing), PLACE)
    np.testing.assert_allclose(region.settled(), there, atol=1e-3)
    empty.matrix_world = Matrix.Translation((1, 0, 0)) @ PLACE
    assert np.abs(region.settled() - there).max() > 0.1
    empty.matrix_world = PLACE
    np.testing.assert_allclose(region.settled(), there, atol=1e-3)
    empty.hide_set(True)
    assert not region.settled().any()


@drawing
def test_splats_that_come_into_a_collection_are_seen(region):
    collection = asset()
    instance(collection)
    splat_object(gaussians(9)).hide_set(True)
    assert not region.settled().any()
    thing = new_object(gaussians(300, scale=0.15))
    collection.objects.link(thing)
    assert region.settled().any()
    collection.objects.unlink(thing)
    assert not region.settled().any()


@drawing
def test_an_instance_beside_its_source_and_two_objects_that_share_splats(region):
    """All three ways to draw the same splats twice look the same."""
    right = Matrix.Translation((0.6, 0, -1))
    thing = splat_object(gaussians(300, scale=0.1))
    two = splat_object(gaussians(300, scale=0.1))
    two.matrix_world = right
    expected = region.settled()
    bpy.data.objects.remove(two)
    linked = thing.copy()
    linked.matrix_world = right
    bpy.context.collection.objects.link(linked)
    assert linked.data == thing.data
    np.testing.assert_allclose(region.settled(), expected, atol=1e-3)
    bpy.data.objects.remove(linked)
    instance(asset(thing), right)
    np.testing.assert_allclose(region.settled(), expected, atol=1e-3)
    splats.set_selection(thing.data, np.ones(300, bool))
    blender_module("ludvig_blender.data.changes").tell(thing)
    assert np.abs(region.settled() - expected).max() > 0.1
