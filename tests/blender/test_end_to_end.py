"""The whole way with the real engine, from the built zip; and how good a click is.

Import, compute, click, select, delete, undo, redo, recolor, export, separate, save, reload.
"""

import subprocess
from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np
import pytest

from clouds import assert_same
from demo_scene import click, demo, opened
from engines import engine_by, installed, real_engine
from extension import DATA, blender_module

splats = blender_module("ludvig_blender.data.splats")
segments = blender_module("ludvig_blender.data.segments")
attributes = blender_module("ludvig_blender.data.attributes")
frame = blender_module("ludvig_blender.data.frame")
engine_module = blender_module("ludvig_blender.engine.link")
# What the demo's own clicks reach in Blender as they do in `ludvig demo`, with features of color
# alone; the other things need learned ones. Splats of the chair and of the table under it overlap:
# no selection of them is much better.
REACHED = {"chair": 0.95, "vase": 0.95, "monkey": 0.95, "plant": 0.94}


@pytest.fixture(scope="module")
def command(features_cache):
    """The command of the installed engine, which runs with a cache of the tests' own."""
    found = real_engine(installed())
    with engine_by(*found, environment=features_cache):
        yield found


def banana():
    """A real capture."""
    if not DATA:
        pytest.skip("LUDVIG_DATA does not say where the real scenes are")
    folder = Path(DATA, "banana")
    things = {"bananas": (folder / "masks/bananas", "DSC_0429", (363, 250))}
    return folder / "gs/point_cloud.ply", folder / "transforms.json", things


def assert_part(part, expected):
    """These splats in an object with an origin of its own."""
    found = splats.read(part.data)
    np.testing.assert_allclose(found.means + frame.origin(part), expected.means, atol=1e-5)
    assert_same(replace(found, means=expected.means), expected)


def overlaps(command, source, found, exported):
    """The IoU of each segment, by the names of the things they are of."""
    path, views, things = source()
    bpy.ops.ludvig.export_splats(filepath=str(exported), apply_transform=False)
    script = Path(__file__).with_name("support") / "overlap.py"
    asked = [command[0], script, exported, path, views]
    for name, segment in found.items():
        asked += [segment.attribute.replace(" ", "_"), segment.threshold, *things[name][:2]]
    done = subprocess.run(
        [str(part) for part in asked], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return dict(zip(found, map(float, done.stdout.split()), strict=True))


@pytest.mark.parametrize("source", [demo, banana])
def test_one_click_finds_the_object(source, command, tmp_path, record_property):
    thing, things = opened(source)
    reached = REACHED if source is demo else {"bananas": 0.95}
    for name in reached:
        click(thing, name, things)
    found = {name: thing.ludvig.segments[name] for name in reached}
    ious = overlaps(command, source, found, tmp_path / "found.ply")
    for name, least in reached.items():
        record_property(f"iou of {name}", ious[name])
        print(f"IoU of one click on the {name}: {ious[name]:.3f}")
        assert ious[name] >= least


def test_a_click_spreads_over_its_thing(command):
    """The film's last state is a heat map of the thing, and the segment stays as it is."""
    thing, things = opened(demo)
    segment = click(thing, "chair", things)
    chosen = segments.mask(thing, segment)
    bpy.ops.ludvig.play_diffusion()
    heat = attributes.get(thing.data, thing.ludvig.attribute)
    assert thing.ludvig.mode == "SCORE" and heat.max() == 1
    assert heat[chosen].mean() > 2 * heat[~chosen].mean() > 0
    np.testing.assert_array_equal(segments.mask(thing, segment), chosen)


@pytest.mark.parametrize("source", [demo, banana])
def test_the_whole_way(source, command, tmp_path):
    thing, things = opened(source)
    object_name, name = thing.name, next(iter(things))
    bpy.ops.ludvig.compute()
    before = splats.read(thing.data)
    bpy.ops.ed.undo_push(message="opened")
    segment = click(thing, name, things)
    chosen = splats.selection(thing.data)
    scores, threshold = segments.scores(thing, segment), segment.threshold
    np.testing.assert_array_equal(chosen, scores > np.float32(threshold))
    assert 0 < chosen.sum() < 0.5 * len(chosen)
    bpy.ops.ludvig.select("EXEC_DEFAULT", True, action="NONE")
    assert not splats.selection(thing.data).any()
    bpy.ops.ludvig.segment_select("EXEC_DEFAULT", True)
    np.testing.assert_array_equal(splats.selection(thing.data), chosen)

    bpy.ops.ludvig.delete("EXEC_DEFAULT", True)
    assert_same(splats.read(thing.data), before.take(~chosen))
    bpy.ops.ed.undo()
    thing = bpy.data.objects[object_name]
    assert_same(splats.read(thing.data), before)
    np.testing.assert_array_equal(splats.selection(thing.data), chosen)
    bpy.ops.ed.redo()
    thing = bpy.data.objects[object_name]
    assert_same(splats.read(thing.data), before.take(~chosen))
    bpy.ops.ed.undo()
    thing = bpy.data.objects[object_name]

    bpy.ops.ludvig.recolor("EXEC_DEFAULT", True, method="TINT", color=(1, 0, 0))
    recolored = splats.read(thing.data)
    assert (recolored.sh0[chosen] != before.sh0[chosen]).any(axis=(1, 2)).mean() > 0.99
    np.testing.assert_array_equal(recolored.sh0[~chosen], before.sh0[~chosen])
    bpy.ops.ludvig.export_splats(
        filepath=str(tmp_path / "part.ply"), only_selected=True, apply_transform=False
    )
    bpy.ops.ludvig.separate("EXEC_DEFAULT", True)
    part = bpy.context.object
    assert part.name == name
    assert_part(part, recolored.take(chosen))
    assert_same(splats.read(thing.data), recolored.take(~chosen))

    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.ops.ludvig.import_splats(filepath=str(tmp_path / "part.ply"))
    again = splats.read(bpy.context.object.data)
    np.testing.assert_array_equal(again.means, recolored.means[chosen])
    np.testing.assert_allclose(again.sh0, recolored.sh0[chosen], atol=1e-6)
    np.testing.assert_array_equal(
        attributes.get(bpy.context.object.data, f"ludvig_{name}"), scores[chosen]
    )
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    part, rest = bpy.data.objects[name], bpy.data.objects[object_name]
    assert_part(part, recolored.take(chosen))
    assert_same(splats.read(rest.data), recolored.take(~chosen))
    np.testing.assert_array_equal(segments.scores(part, part.ludvig.segments[name]), scores[chosen])
    assert part.ludvig.segments[name].threshold == threshold
    (prompt,) = part.ludvig.segments[name].prompts
    assert prompt.kind == "CLICK"


def test_a_changed_object_is_still_known(command):
    thing, things = opened(banana)
    name = next(iter(things))
    click(thing, name, things)
    found = splats.selection(thing.data)
    bpy.ops.ludvig.select(action="INVERT")
    unwanted = np.flatnonzero(~found)[::3]
    splats.set_selection(thing.data, np.isin(np.arange(len(found)), unwanted))
    bpy.ops.ludvig.delete("EXEC_DEFAULT", True)
    click(thing, name, things)
    again = splats.selection(thing.data)
    kept = np.delete(found, unwanted)
    assert (again & kept).sum() / (again | kept).sum() > 0.8
