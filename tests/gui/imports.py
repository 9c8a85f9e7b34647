"""Runs inside Blender: good and bad files are dropped into the window. See test_imports.py."""

import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).parent / "support"))
from inside import ASKED, found, hand, module, over, play, prepare, regions, shot


def drop(*paths):
    """What Blender does with files that are dropped into the viewport."""
    folder, names = Path(paths[0]).parent, [{"name": Path(path).name} for path in paths]
    with over():
        bpy.ops.ludvig.import_splats("INVOKE_DEFAULT", directory=f"{folder}/", files=names)
    yield from idle()


def idle():
    yield 0.05
    while module("engine.pump").every():
        yield 0.05
    yield 0.3


def state():
    things = [thing for thing in bpy.data.objects if thing.type == "POINTCLOUD"]
    points = sorted(len(thing.data.points) for thing in things)
    return {
        "points": points,
        "left": len(bpy.data.pointclouds) - len(things),
        "message": bpy.context.window_manager.ludvig.text,
    }


def clear():
    for cloud in list(bpy.data.pointclouds):
        bpy.data.pointclouds.remove(cloud)  # and its objects


def press(key):
    _, region, _ = regions()
    hand(region.x + region.width / 2, region.y + 60, "key", key)
    yield 1.5


def choose(path):
    """Take a file in the dialog of File > Import."""
    with over():
        bpy.ops.ludvig.import_splats("INVOKE_DEFAULT")
    yield 2
    windows = bpy.context.window_manager.windows
    dialog, area = next(
        (window, area)
        for window in windows
        for area in window.screen.areas
        if area.type == "FILE_BROWSER"
    )
    area.spaces.active.params.directory = str(Path(path).parent).encode()
    area.spaces.active.params.filename = Path(path).name
    yield 1
    shot("dialog")
    region = next(region for region in area.regions if region.type == "WINDOW")
    with bpy.context.temp_override(window=dialog, area=area, region=region):
        bpy.ops.file.execute("INVOKE_DEFAULT")
    yield from idle()


def session():
    yield from prepare()
    _, _, side = regions()
    side.active_panel_category = "LUDVIG"
    found["good"], found["bad"] = {}, {}
    for name, path in ASKED["good"].items():
        yield from drop(path)
        found["good"][name] = state()
        clear()
    for name, path in ASKED["bad"].items():
        yield from drop(path)
        found["bad"][name] = state()
        if name == ASKED["shown"]:
            shot("bad")
        yield from press("Escape")  # closes the box that says so
    with over():
        bpy.ops.ed.undo_push(message="before")
    yield from drop(*ASKED["several"])
    found["several"] = state()
    shot("several")
    yield from press("Escape")
    yield from press("ctrl+z")
    found["undo"] = state()
    yield from press("ctrl+shift+z")
    found["redo"] = state()
    clear()
    yield from choose(ASKED["several"][0])
    found["dialog"] = state()
    shot("chosen")


play(session())
