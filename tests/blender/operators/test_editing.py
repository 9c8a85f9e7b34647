"""Editing a selection changes only it, keeps the rest bit for bit, and can be undone."""

from dataclasses import replace

import bpy
import numpy as np
import pytest

import clouds
from clouds import assert_same, columns, gaussians, splat_object
from extension import blender_module

segments = blender_module("ludvig_blender.data.segments")
splats = blender_module("ludvig_blender.data.splats")
attributes = blender_module("ludvig_blender.data.attributes")
recolor = blender_module("ludvig_blender.maths.recolor")
N = 80
CHOSEN = np.arange(N) % 4 == 1


def chosen_splats(name="pot"):
    """An object with a segment whose splats are selected."""
    thing = splat_object(gaussians(N))
    segments.write(thing, segments.add(thing, name), CHOSEN.astype(np.float32), 0.5)
    return thing


def run(operator, **options):
    """Call an operator as a user does, with a step of undo."""
    return operator("EXEC_DEFAULT", True, **options)


@pytest.mark.parametrize("mode", ["OBJECT", "EDIT"])
def test_delete(mode):
    thing = chosen_splats()
    bpy.ops.object.mode_set(mode=mode)
    bpy.ops.ludvig.delete()
    assert bpy.context.object.mode == mode
    bpy.ops.object.mode_set(mode="OBJECT")
    assert_same(splats.read(thing.data), gaussians(N).take(~CHOSEN))
    with pytest.raises(RuntimeError, match="poll"):
        bpy.ops.ludvig.delete()


def test_delete_leaves_other_objects_alone():
    other = splat_object(gaussians(9))
    splats.set_selection(other.data, np.ones(9, bool))
    thing = chosen_splats()
    bpy.ops.ludvig.delete()
    assert len(other.data.points) == 9
    assert bpy.context.view_layer.objects.active == thing
    assert other.select_get()


def test_undo_and_redo_of_each():
    chosen_splats()
    bpy.ops.ed.undo_push(message="before")
    actions = {
        "delete": (bpy.ops.ludvig.delete, {}),
        "separate": (bpy.ops.ludvig.separate, {}),
        "hide": (bpy.ops.ludvig.hide, {}),
        "recolor": (bpy.ops.ludvig.recolor, {"method": "TINT"}),
        "invert": (bpy.ops.ludvig.select, {"action": "INVERT"}),
    }

    def state():
        return {
            thing.name: {
                name: attributes.get(thing.data, name) for name in attributes.names(thing.data)
            }
            for thing in bpy.data.objects
        }

    for name, (operator, options) in actions.items():
        before = state()
        run(operator, **options)
        after = state()
        bpy.ops.ed.undo()
        np.testing.assert_equal(state(), before, err_msg=f"{name}, undone")
        bpy.ops.ed.redo()
        np.testing.assert_equal(state(), after, err_msg=f"{name}, done again")
        bpy.ops.ed.undo()


@pytest.mark.parametrize("copy", [False, True])
def test_separate(copy):
    thing = chosen_splats()
    thing.location = 1, 2, 3
    bpy.ops.ludvig.separate(copy=copy)
    (new,) = set(bpy.data.objects) - {thing}
    assert new.name == "pot"
    assert bpy.context.view_layer.objects.active == new
    assert new.select_get()
    assert not thing.select_get()
    made = gaussians(N)
    part = splats.read(new.data)
    middle = np.array(new.location) - (1, 2, 3)
    np.testing.assert_allclose(part.means + middle, made.take(CHOSEN).means, atol=1e-6)
    assert_same(replace(part, means=made.take(CHOSEN).means), made.take(CHOSEN))
    assert_same(splats.read(thing.data), made if copy else made.take(~CHOSEN))
    np.testing.assert_array_equal(clouds.rows(new.data), np.flatnonzero(CHOSEN))
    assert not splats.selection(new.data).any()
    assert not splats.selection(thing.data).any()


def test_separate_in_edit_mode_and_by_name():
    thing = chosen_splats()
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.ludvig.separate(name="a part")
    assert bpy.context.mode == "EDIT_POINTCLOUD"
    bpy.ops.object.mode_set(mode="OBJECT")
    assert len(bpy.data.objects["a part"].data.points) == CHOSEN.sum()
    assert len(thing.data.points) == N - CHOSEN.sum()


def test_hide_isolate_show():
    thing = chosen_splats()
    bpy.ops.ludvig.hide()
    np.testing.assert_array_equal(segments.hidden(thing), CHOSEN)
    assert not splats.selection(thing.data).any()
    bpy.ops.ludvig.select(action="ALL")
    np.testing.assert_array_equal(splats.selection(thing.data), ~CHOSEN)
    bpy.ops.ludvig.show()
    assert splats.HIDDEN not in thing.data.attributes
    bpy.ops.ludvig.segment_select()
    bpy.ops.ludvig.hide(unselected=True)
    np.testing.assert_array_equal(segments.hidden(thing), ~CHOSEN)
    bpy.ops.ludvig.show()
    with pytest.raises(RuntimeError, match="poll"):
        bpy.ops.ludvig.show()


def test_select():
    thing = chosen_splats()
    bpy.ops.ludvig.select(action="INVERT")
    np.testing.assert_array_equal(splats.selection(thing.data), ~CHOSEN)
    bpy.ops.ludvig.select(action="NONE")
    assert not splats.selection(thing.data).any()
    bpy.ops.ludvig.select(action="ALL")
    assert splats.selection(thing.data).all()


@pytest.mark.parametrize(
    ("options", "change"),
    [
        ({"method": "TINT", "color": (0.25, 0.5, 1)}, recolor.tint(np.array([0.25, 0.5, 1]))),
        ({"method": "HSV", "hue": 0.25, "value": 0.5}, recolor.hue_saturation_value(0.25, 1, 0.5)),
        (
            {"method": "REPLACE", "color": (1, 0, 0.5), "strength": 0.5},
            recolor.replace([1, 0, 0.5]).mixed(0.5),
        ),
    ],
    ids=["tint", "hsv", "replace"],
)
def test_recolor(options, change):
    thing = chosen_splats()
    bpy.ops.ludvig.recolor(**options)
    made = gaussians(N)
    after = splats.read(thing.data)
    sh0, shN = recolor.apply(made.sh0, made.shN, change, CHOSEN)
    np.testing.assert_allclose(after.sh0, sh0, atol=1e-6)
    np.testing.assert_allclose(after.shN, shN, atol=1e-6)
    np.testing.assert_array_equal(after.sh0[~CHOSEN], made.sh0[~CHOSEN])
    np.testing.assert_array_equal(after.shN[~CHOSEN], made.shN[~CHOSEN])
    np.testing.assert_array_equal(after.opacities, made.opacities)


def test_export_selected(tmp_path):
    chosen_splats()
    bpy.ops.ludvig.export_splats(
        filepath=str(tmp_path / "a.ply"), only_selected=True, apply_transform=False
    )
    written = columns(tmp_path / "a.ply")
    np.testing.assert_array_equal(
        np.stack([written[c] for c in "xyz"], 1), gaussians(N).means[CHOSEN]
    )
    np.testing.assert_array_equal(written["ludvig_pot"], 1)


def test_no_selection_says_why():
    thing = chosen_splats()
    bpy.ops.ludvig.select(action="NONE")
    for name in ("delete", "separate", "hide", "recolor", "grow", "shrink"):
        assert not getattr(bpy.ops.ludvig, name).poll()
    thing.select_set(False)
    bpy.data.objects.remove(thing)
    for name in ("select", "show", "segment_add", "click", "text", "segments_auto"):
        assert not getattr(bpy.ops.ludvig, name).poll()
