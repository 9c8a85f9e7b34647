"""Runs inside Blender: the mouse rests on things, and brushes over them. See test_pointing.py."""

import sys
from pathlib import Path

import bpy
import numpy as np

sys.path.insert(0, str(Path(__file__).parent / "support"))
from inside import ASKED, found, hand, module, over, play, prepare, regions, shot


def idle():
    yield 0.5
    display = module("viewport")._display
    while display is None or display._worker.busy() or display.intake.busy:
        yield 0.2
        display = module("viewport")._display
    yield 1.5


def selected():
    return int(module("data.splats").selection(bpy.data.objects["subject"].data).sum())


def lit():
    known = module("viewport")._display.hover.lit
    return 0 if known is None else len(known.rows)


def tool(name):
    with over():
        bpy.ops.wm.tool_set_by_id(name=name)


def session():
    yield from prepare()
    with over():
        bpy.ops.ludvig.import_splats("EXEC_DEFAULT", True, filepath=ASKED["splats"])
    bpy.context.object.name = "subject"
    yield from idle()
    _, region, _ = regions()
    x, y = region.x + region.width * 0.4, region.y + region.height * 0.5
    settings = bpy.context.window_manager.ludvig_tools

    tool("ludvig.brush_tool")
    hand(x, y)
    yield 1
    hand(x, y, "mousedown", "1")
    yield 0.5
    for step in range(6):
        hand(x - 10 * step, y)
        yield 0.2
    hand(x - 50, y, "mouseup", "1")
    yield from idle()
    found["brushed"] = selected()
    shot("brushed")
    hand(x, y, "keydown", "ctrl", "mousedown", "1")
    yield 0.5
    hand(x - 20, y)
    yield 0.5
    hand(x - 20, y, "mouseup", "1", "keyup", "ctrl")
    yield from idle()
    found["removed"] = selected()
    found["radius"] = [settings.brush]
    hand(x, y, "key", "bracketright")
    yield 1
    found["radius"].append(settings.brush)
    hand(x, y, "key", "ctrl+z")
    yield from idle()
    found["undo"] = selected()

    tool("ludvig.click_tool")
    hand(x + 200, y + 3)
    yield 2
    yield from idle()
    found["front"] = lit()
    shot("front")
    segments, thing = module("data.segments"), bpy.data.objects["subject"]
    everything = np.ones(len(thing.data.points), np.float32)
    segments.write(thing, segments.add(thing), everything, 0.5)
    yield from idle()
    hand(x + 203, y)
    yield 2
    yield from idle()
    found["segment"], found["count"] = lit(), len(everything)
    shot("lit")


play(session())
