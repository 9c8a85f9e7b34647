"""Runs inside Blender: what a user does, step by step, with xdotool as their hand.

See test_session.py.
"""

import functools
import importlib
import json
import os
import subprocess
import sys
import time
import traceback
from pathlib import Path

import bpy
from bpy_extras.view3d_utils import location_3d_to_region_2d
from mathutils import Vector

ASKED = json.loads(Path(sys.argv[-1]).read_text("utf-8"))
NAME = "bl_ext.user_default.ludvig"
found, number = {}, iter(range(1, 99))


def module(name):
    return importlib.import_module(f"{NAME}.ludvig_blender.{name}")


def window():
    return bpy.context.window_manager.windows[0]


def regions():
    """The 3D viewport and its sidebar."""
    area = next(area for area in window().screen.areas if area.type == "VIEW_3D")
    return area, *(next(r for r in area.regions if r.type == kind) for kind in ("WINDOW", "UI"))


def over(kind=0):
    area, *both = regions()
    return bpy.context.temp_override(window=window(), area=area, region=both[kind])


def hand(x, y, *what):
    """Move the mouse to a place in Blender's pixels, then do the rest there."""
    subprocess.run(
        ["xdotool", "mousemove", str(round(x)), str(round(window().height - 1 - y)), *what],
        check=True,
    )


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


def shot(name):
    bpy.ops.wm.redraw_timer(type="DRAW_WIN_SWAP", iterations=1)
    path = Path(ASKED["shots"], f"{next(number)}_{name}.png")
    subprocess.run(["import", "-window", "root", str(path)], check=True)


def hover(what, parts=(0.25, 0.7)):
    """The place of a button of the sidebar.

    The mouse goes down the sidebar until Blender says that the button is under it.
    """
    _, _, side = regions()
    for y in range(side.y + side.height - 10, side.y + 10, -7):
        for part in parts:
            x = side.x + part * side.width
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
    yield 1
    # Close the setup that a new user is greeted with.
    hand(700, 500, "key", "Escape")
    bpy.ops.extensions.package_install_files(
        filepath=ASKED["zip"], repo="user_default", enable_on_install=True
    )
    # Otherwise Blender moves the mouse as well.
    bpy.context.preferences.inputs.use_mouse_continuous = False
    settings = bpy.context.preferences.addons[NAME].preferences
    settings.python, settings.cache = ASKED["python"], ASKED["cache"]
    for thing in list(bpy.data.objects):
        bpy.data.objects.remove(thing)
    area, region, side = regions()
    area.spaces[0].show_region_ui = True
    yield 1
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
    bpy.data.objects["subject"].ludvig_capture.cameras.hide_viewport = True
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

    prompt = bpy.data.objects["subject"].ludvig.segments[0].prompts[0]
    hand(*(yield from hover("what='THROUGH'", (0.74, 0.76, 0.78))), "click", "1")
    yield from idle()
    found["through"] = prompt.through
    yield from undo()
    found["surface"] = [*state(), bpy.data.objects["subject"].ludvig.segments[0].prompts[0].through]

    x, y = yield from hover(".threshold")
    hand(x, y, "mousedown", "1")
    for step in range(12):
        hand(x + 2 * step, y)
        yield 0.05
    hand(x + 22, y, "mouseup", "1")
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


def tick(steps):
    try:
        return next(steps)
    except StopIteration:
        Path(sys.argv[-1]).with_name("found.json").write_text(json.dumps(found))
        os._exit(0)
    except Exception:  # noqa: BLE001 - whatever it is, the test shall see it
        traceback.print_exc()
        os._exit(1)


bpy.app.timers.register(functools.partial(tick, session()), first_interval=1.0, persistent=True)
