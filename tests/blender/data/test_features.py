"""What is known of computed features, also after the file was closed and opened again."""

import bpy
import pytest

from acts import click, run, thing
from clouds import write_ply
from engines import STAND_IN, engine_by
from extension import blender_module
from looks import camera_at, heaps

features = blender_module("ludvig_blender.data.features")


def begin(tmp_path):
    """Splats to click on."""
    bpy.ops.ludvig.import_splats(filepath=str(write_ply(tmp_path / "heaps.ply", heaps())))
    thing().matrix_world.identity()
    thing().ludvig_features.extractor = "colour"
    camera_at(thing(), (1, -2, -12))
    bpy.context.scene.render.resolution_x, bpy.context.scene.render.resolution_y = 640, 480


def reopened(tmp_path):
    """The file as a Blender opens it that has just been started."""
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    bpy.ops.wm.read_homefile(use_empty=True)
    features.ready.clear()
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))


def told():
    known = features.known(thing())
    return f"{known.title}, {known.cost}"


def test_they_are_known_after_reopening_and_the_first_prompt_finds_them(tmp_path):
    with engine_by(*STAND_IN):
        begin(tmp_path)
        assert features.known(thing()) is None
        run(bpy.ops.ludvig.compute)
        assert told() == "Color, cached"
        reopened(tmp_path)
        assert told() == "Color, kept"
    with engine_by(*STAND_IN):
        click()
    assert told() == "Color, cached"
    assert features.LOST not in features.known(thing()).notes


def test_it_is_said_if_they_had_to_be_computed_again(tmp_path):
    with engine_by(*STAND_IN):
        begin(tmp_path)
        run(bpy.ops.ludvig.compute)
        reopened(tmp_path)
    with engine_by(*STAND_IN, environment={"LUDVIG_EXTRACTS": "7"}):
        click()
        assert told() == "Color, 7 s"
        assert features.known(thing()).notes == (features.LOST,)
    reopened(tmp_path)
    assert features.known(thing()).notes == ()


def test_a_prompt_computes_them_too(tmp_path):
    with engine_by(*STAND_IN, environment={"LUDVIG_EXTRACTS": "7"}):
        begin(tmp_path)
        click()
        assert told() == "Color, 7 s"
        run(bpy.ops.ludvig.segments_auto)
        assert told() == "Color, 7 s"
    reopened(tmp_path)
    assert told() == "Color, kept"


def test_of_other_features_nothing_is_said(tmp_path):
    with engine_by(*STAND_IN):
        begin(tmp_path)
        run(bpy.ops.ludvig.compute)
    reopened(tmp_path)
    thing().ludvig_features.extractor = "dinov2:small"
    assert features.known(thing()) is None
    thing().ludvig_features.extractor = "colour"
    assert told() == "Color, kept"


def test_it_is_kept_by_a_file_that_is_saved_without_a_prompt(tmp_path):
    with engine_by(*STAND_IN):
        begin(tmp_path)
        run(bpy.ops.ludvig.compute)
    features.computed(thing(), "colour", "Color", 3, ("Ten splats are seen by no photo.",))
    for _ in range(2):
        reopened(tmp_path)
    assert told() == "Color, kept"
    assert features.known(thing()).notes == ("Ten splats are seen by no photo.",)


@pytest.mark.parametrize("copy", [False, True])
def test_a_part_of_an_object_is_another_thing(tmp_path, copy):
    with engine_by(*STAND_IN):
        begin(tmp_path)
        run(bpy.ops.ludvig.compute)
        reopened(tmp_path)
        click()
    whole = thing()
    run(bpy.ops.ludvig.separate, copy=copy)
    assert thing() != whole
    name = whole.name, thing().name
    assert features.known(thing()) is None
    reopened(tmp_path)
    assert features.known(bpy.data.objects[name[0]]) is not None
    assert features.known(bpy.data.objects[name[1]]) is None
