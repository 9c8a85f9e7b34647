"""Runs inside Blender: from factory settings to the first selection. See test_newcomer.py."""

import os
import sys
import time
from pathlib import Path

import bpy
from mathutils import Vector

sys.path.insert(0, str(Path(__file__).parent / "support"))
from inside import (
    ASKED,
    NAME,
    found,
    hand,
    hover,
    idle,
    module,
    on,
    over,
    painted,
    play,
    regions,
    shot,
)

# Places on things of the sample scene, in the frame of its file.
THINGS = {"monkey": (1.83, -1.29, 1.71), "mug": (2.94, -1.06, -2.08)}
steps = found["steps"] = []  # what was done, seconds, seconds of CPU


def cpu():
    """Seconds of CPU of this process and of those that it has started."""
    own, seconds = {os.getpid()}, 0
    stats = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            number, _, rest = path.read_text().rpartition(")")
        except (FileNotFoundError, ProcessLookupError):
            continue
        fields = rest.split()
        stats.append((int(number.partition(" ")[0]), int(fields[1]), fields[11:13]))
    for number, parent, times in sorted(stats):
        if number in own or parent in own:
            own.add(number)
            seconds += sum(map(int, times)) / os.sysconf("SC_CLK_TCK")
    return seconds


class Step:
    """Times what is done within it."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        self.begun = time.monotonic(), cpu()

    def __exit__(self, *_):
        seconds, spent = time.monotonic() - self.begun[0], cpu() - self.begun[1]
        steps.append([self.name, round(seconds, 1), round(spent, 1)])
        shot("step")


def selected():
    thing = bpy.data.objects["subject"]
    return int(module("data.splats").selection(thing.data).sum())


def session():
    found["load"] = os.getloadavg()[0]
    steps.append(["start Blender", None, round(cpu(), 1)])
    yield 1
    hand(700, 500, "key", "Escape")
    with Step("drop the zip"):
        bpy.ops.extensions.package_install_files(
            filepath=ASKED["zip"], repo="user_default", enable_on_install=True
        )
    # Instead of "Install Engine", which downloads.
    settings = bpy.context.preferences.addons[NAME].preferences
    settings.python, settings.cache = ASKED["python"], ASKED["cache"]
    bpy.context.preferences.inputs.use_mouse_continuous = False
    _, region, _ = regions()
    with Step("press N and choose the tab LUDVIG"):
        hand(region.x + 400, region.y + 300, "key", "n")
        while regions()[2].active_panel_category == "UNSUPPORTED":  # until it is drawn
            yield 0.2
        regions()[2].active_panel_category = "LUDVIG"
    yield 2
    sample = yield from hover("ops.ludvig.open_sample(")
    with Step("press Open Sample Scene"):
        before = set(bpy.data.objects)
        hand(*sample, "click", "1")
        while not any(o.type == "POINTCLOUD" for o in set(bpy.data.objects) - before):
            yield 0.05
        thing = next(o for o in bpy.data.objects if o.type == "POINTCLOUD")
        thing.name = "subject"
        yield from idle()
    tool = yield from hover("tool_set_by_id(name=", (0.15,))
    with Step("press Click in Find"):
        hand(*tool, "click", "1")
        yield 0.5
    for name, point in THINGS.items():
        with Step(f"click on the {name}"):
            before = selected()
            hand(*on(thing.matrix_world @ Vector(point)), "click", "1")
            yield 0.3
            while selected() == before:
                yield 0.05
            yield from painted()
            yield 1
        found[f"note on the {name}"] = thing.ludvig.segments[0].note
        if module("engine.solve").again():
            with Step("wait for all photos"):
                yield from idle()
                yield 0.5
        yield from idle()
        found[name] = selected()
    with over():
        found["count"] = len(thing.data.points)


play(session())
