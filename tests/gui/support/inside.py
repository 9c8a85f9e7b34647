"""What the scripts that run inside Blender share: the mouse, screenshots, and the way back."""

import functools
import importlib
import json
import os
import subprocess
import sys
import traceback
from pathlib import Path

import bpy

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
