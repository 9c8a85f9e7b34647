"""What the scripts that run inside Blender share: the mouse, screenshots, and the way back."""

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
import numpy as np
from bpy_extras.view3d_utils import location_3d_to_region_2d
from mathutils import Vector

NEAR = 6  # pixels of a photo around a click that count as being under it
ASKED = json.loads(Path(sys.argv[-1]).read_text("utf-8"))
NAME = "bl_ext.user_default.ludvig"
found, number = {}, iter(range(1, 99))  # what the test will read; of the screenshots


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


def shot(name):
    bpy.ops.wm.redraw_timer(type="DRAW_WIN_SWAP", iterations=1)
    path = Path(ASKED["shots"], f"{next(number)}_{name}.png")
    subprocess.run(["import", "-window", "root", str(path)], check=True)


def idle():
    """Wait until nothing is under way and everything is drawn."""
    begun = time.monotonic()
    yield 0.5
    while module("engine.pump").every() and time.monotonic() - begun < 300:
        yield 0.2
    yield from painted()
    yield 1.5


def painted():
    """Wait until the viewport shows the splats as they are."""
    while not drawn(module("viewport")._display):
        yield 0.2


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


def place(thing, view, click):
    """What splats show first at a pixel of a photo's camera, in the world."""
    means = np.zeros(3 * len(thing.data.points), np.float32)
    thing.data.attributes["position"].data.foreach_get("vector", means)
    world = np.array(thing.matrix_world)
    means = means.reshape(-1, 3) @ world[:3, :3].T + world[:3, 3]
    seen = means - np.array(view.matrix_world.translation)
    x, y, z = (seen @ np.array(view.matrix_world.normalized())[:3, :3]).T
    width, height = view["ludvig_size"]
    focal = view.data.lens / view.data.sensor_width * width
    pixels = np.stack([width / 2 - focal * x / z, height / 2 + focal * y / z], axis=1)
    near = (np.abs(pixels - click) < NEAR).all(1) & (z < 0)
    first = np.flatnonzero(near)[np.argsort(-z[near])[: max(near.sum() // 3, 1)]]
    return Vector(np.median(means[first], axis=0))


def places(thing, folder):
    """Where the things of the shipped scene are, by name."""
    about = json.loads(Path(folder, "scene.json").read_text("utf-8"))["objects"]
    return {one["name"]: place(thing, bpy.data.objects[one["view"]], one["click"]) for one in about}


def on(point):
    """Where a point of the world is in the window."""
    area, region, _ = regions()
    at = location_3d_to_region_2d(region, area.spaces[0].region_3d, point)
    return region.x + at.x, region.y + at.y


def prepare():
    """Install the extension, empty the scene and show the sidebar."""
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
    area, *_ = regions()
    area.spaces[0].show_region_ui = True
    yield 1


def play(steps):
    """Take these steps, each after the seconds that the one before has yielded."""
    bpy.app.timers.register(functools.partial(_tick, steps), first_interval=1.0, persistent=True)


def _tick(steps):
    try:
        return next(steps)
    except StopIteration:
        Path(sys.argv[-1]).with_name("found.json").write_text(json.dumps(found))
        os._exit(0)
    except Exception:  # noqa: BLE001 - whatever it is, the test shall see it
        traceback.print_exc()
        os._exit(1)
