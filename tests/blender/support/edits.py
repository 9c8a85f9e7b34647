"""Everything that changes the number or the order of splats, from the splats that are selected."""

from __future__ import annotations

import bpy

from acts import run, thing
from extension import blender_module

segments = blender_module("ludvig_blender.data.segments")
attributes = blender_module("ludvig_blender.data.attributes")


def in_edit_mode(operator):
    bpy.ops.object.mode_set(mode="EDIT")
    operator()
    bpy.ops.object.mode_set(mode="OBJECT")
    bpy.ops.ed.undo_push(message="edited")


def separate(part, **options):
    rest = thing().name
    run(bpy.ops.ludvig.separate, **options)
    if not part:
        activate(bpy.data.objects[rest])


def separate_in_edit_mode():
    in_edit_mode(bpy.ops.pointcloud.separate)
    activate(thing())


def activate(one):
    for other in bpy.context.selected_objects:
        other.select_set(False)
    one.select_set(True)
    bpy.context.view_layer.objects.active = one
    bpy.ops.ed.undo_push(message="activate")


def join():
    """Separate and join, which brings the splats into another order."""
    rest = thing().name
    run(bpy.ops.ludvig.separate)
    bpy.data.objects[rest].select_set(True)
    bpy.context.view_layer.objects.active = bpy.data.objects[rest]
    assert bpy.ops.object.join("EXEC_DEFAULT", True) == {"FINISHED"}


def apply_nodes():
    """Delete the selected splats by a modifier that is applied."""
    run(bpy.ops.ludvig.segment_add, name="gone", from_selection=True)
    run(bpy.ops.ludvig.segment_modifier, invert=True)
    name = thing().modifiers[-1].name
    assert bpy.ops.object.modifier_apply("EXEC_DEFAULT", True, modifier=name) == {"FINISHED"}
    segments.remove(thing(), thing().ludvig.segments["gone"])
    thing().ludvig.active_segment = 0
    bpy.ops.ed.undo_push(message="tidied")


def reverse():
    """Another order of the same splats, as a script may write it."""
    for name in attributes.names(thing().data):
        attribute = thing().data.attributes[name]
        values = attributes.get(thing().data, name)
        attributes.put(thing().data, name, attribute.data_type, values[::-1])
    bpy.ops.ed.undo_push(message="reversed")


def reload(path):
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)


# Each is called with the path of a file that it may write.
CHANGES = {
    "delete": lambda _: run(bpy.ops.ludvig.delete),
    "clean removal": lambda _: run(bpy.ops.ludvig.clean_removal, residue=False),
    "separate": lambda _: separate(part=False),
    "separate, its part": lambda _: separate(part=True),
    "duplicate": lambda _: separate(part=False, copy=True),
    "hide": lambda _: run(bpy.ops.ludvig.hide),
    "isolate": lambda _: run(bpy.ops.ludvig.hide, unselected=True),
    "delete in Edit Mode": lambda _: in_edit_mode(bpy.ops.pointcloud.delete),
    "duplicate in Edit Mode": lambda _: in_edit_mode(bpy.ops.pointcloud.duplicate),
    "separate in Edit Mode": lambda _: separate_in_edit_mode(),
    "apply nodes": lambda _: apply_nodes(),
    "join": lambda _: join(),
    "reverse": lambda _: reverse(),
    "reload": reload,
}
