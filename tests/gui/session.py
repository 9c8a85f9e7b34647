"""Runs inside Blender: what a user does, step by step, with xdotool as their hand.

See test_session.py.
"""

import sys
from pathlib import Path

import bpy
from bpy_extras.view3d_utils import location_3d_to_region_2d
from mathutils import Vector

sys.path.insert(0, str(Path(__file__).parent / "support"))
from inside import ASKED, found, hand, hover, idle, module, over, play, prepare, regions, shot


def state():
    splats, thing = module("data.splats"), bpy.data.objects["subject"]
    return [len(thing.data.points), int(splats.selection(thing.data).sum())]


def undo():
    _, region, _ = regions()
    hand(region.x + region.width / 2, region.y + 60, "key", "ctrl+z")
    yield from idle()


def session():
    yield from prepare()
    area, region, side = regions()
    with over():
        bpy.ops.ludvig.import_splats("EXEC_DEFAULT", True, filepath=ASKED["splats"])
    bpy.context.object.name = "subject"
    found["count"] = state()[0]
    side.active_panel_category = "LUDVIG"
    with over():
        bpy.ops.ludvig.import_cameras("EXEC_DEFAULT", True, filepath=ASKED["views"])
    yield from idle()
    shot("imported")

    camera = next(
        o
        for o in bpy.data.objects
        if o.type == "CAMERA" and Path(o.name).stem == Path(ASKED["view"]).stem
    )
    (x, y), (width, height) = ASKED["click"], camera["ludvig_size"]
    bpy.context.scene.render.resolution_x, bpy.context.scene.render.resolution_y = width, height
    tr, br, _, tl = (
        camera.matrix_world @ corner for corner in camera.data.view_frame(scene=bpy.context.scene)
    )
    there = tl + (tr - tl) * (x + 0.5) / width + (br - tr) * (y + 0.5) / height
    view = area.spaces[0].region_3d
    view.view_perspective, area.spaces[0].lens = "PERSP", camera.data.lens
    view.view_distance = (
        Vector(camera.matrix_world.translation) - bpy.data.objects["subject"].location
    ).length
    view.view_matrix = camera.matrix_world.normalized().inverted()
    yield from idle()
    hand(*(yield from hover("ops.ludvig.compute(")), "click", "1")
    yield 3
    shot("computing")
    yield from idle()
    shot("computed")

    with over():
        bpy.ops.wm.tool_set_by_id(name="ludvig.click_tool")
    yield 0.5
    at = location_3d_to_region_2d(region, view, there)
    hand(region.x + at.x, region.y + at.y, "click", "1")
    yield from idle()
    found["click"] = state()[1]
    shot("clicked")

    _, lowest = yield from hover("ops.ludvig.delete(")
    found["height"] = side.y + side.height - lowest
    _, row = yield from hover("ops.ludvig.prompt_remove(", (0.84, 0.87, 0.9))
    hand(side.x + 0.4 * side.width, row, "click", "1")  # opens the list of prompts
    yield 1
    shot("prompts")
    prompt = bpy.data.objects["subject"].ludvig.segments[0].prompts[0]
    hand(*(yield from hover("what='THROUGH'", (0.68, 0.71, 0.74, 0.77))), "click", "1")
    yield from idle()
    found["through"] = prompt.through
    yield from undo()
    found["surface"] = [*state(), bpy.data.objects["subject"].ludvig.segments[0].prompts[0].through]

    x, y = yield from hover(".threshold")
    hand(x, y, "mousedown", "1")
    for step in range(12):
        hand(x + 8 * step, y)
        yield 0.05
    hand(x + 88, y, "mouseup", "1")
    yield from idle()
    found["certainty"] = state()[1]
    shot("certainty")

    hand(*(yield from hover("ops.ludvig.delete(")), "click", "1")
    yield from idle()
    found["delete"] = state()
    shot("deleted")
    for name in ("undo", "again", "first"):
        yield from undo()
        found[name] = state()
        shot(name)
    found["features"] = module("data.features").known(bpy.data.objects["subject"]) is not None


play(session())
