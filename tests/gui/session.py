"""Runs inside Blender: what a user does, step by step, with xdotool as their hand.

See test_session.py.
"""

import sys
import time
from pathlib import Path

import bpy
from bpy_extras.view3d_utils import location_3d_to_region_2d
from mathutils import Vector

sys.path.insert(0, str(Path(__file__).parent / "support"))
from inside import ASKED, found, hand, module, over, play, prepare, regions, shot


def idle():
    """Wait until nothing is under way and everything is drawn."""
    begun, display = time.monotonic(), module("viewport")
    yield 0.5
    while module("engine.pump").every() and time.monotonic() - begun < 300:
        yield 0.2
    while not drawn(display._display):
        yield 0.2
    yield 1.5


def drawn(display):
    """Whether the viewport shows the subject as it is."""
    if display is None or display._worker.busy() or display.intake.busy:
        return False
    thing = bpy.data.objects.get("subject")
    return thing is not None and thing.session_uid not in display.intake._stale


def hover(what, parts=(0.25, 0.7)):
    """The place of a button of the sidebar.

    The mouse goes down the sidebar, once for each part of its width, until Blender says that the
    button is under it. Going to and fro within a row would miss buttons: Blender needs longer than
    this waits to leave one button for its neighbor.
    """
    _, _, side = regions()
    for part in parts:
        x = side.x + part * side.width
        for y in range(side.y + side.height - 10, side.y + 10, -7):
            hand(x, y)
            yield 0.05
            # The operator of a button cannot be read, but it can be copied.
            with over(1):
                for copy in (
                    bpy.ops.ui.copy_python_command_button,
                    bpy.ops.ui.copy_data_path_button,
                ):
                    if (
                        copy.poll()
                        and copy() == {"FINISHED"}
                        and what in bpy.context.window_manager.clipboard
                    ):
                        return x, y
    raise AssertionError(f"there is no {what} in the sidebar")


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
