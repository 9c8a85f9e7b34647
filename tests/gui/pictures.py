"""Runs inside Blender: the pictures of the guide, and the film of the README. See test_pictures.py.

A film is a screenshot per movement of the mouse: Blender draws slower than a film runs.
"""

import sys
from pathlib import Path

import bpy
from mathutils import Matrix, Vector

sys.path.insert(0, str(Path(__file__).parent / "support"))
import inside
from inside import (
    ASKED,
    found,
    hand,
    hover,
    idle,
    over,
    places,
    play,
    prepare,
    regions,
    shot,
    window,
)

VIEW, BACK = "photo_17.jpg", 0.2  # whose camera is looked through, and how far behind it
UNDER = 33  # pixels from the buttons of "Selection" to the header of "Select By"
PATH = 7  # steps of the mouse from one place to the next
film: list[
    list[object]
] = []  # for each frame: file, place of the mouse, whether it clicks, seconds
found["film"] = film


def subject():
    return bpy.data.objects["subject"]


def operate(name, **options):
    with over():
        getattr(bpy.ops.ludvig, name)("EXEC_DEFAULT", True, **options)


def camera(name):
    return next(o for o in bpy.data.objects if o.get("ludvig_view") == name)


def on(name, dx=0, dy=0):
    """The place of a thing in the window."""
    x, y = inside.on(where[name])
    return x + dx, y + dy


def look():
    area, *_ = regions()
    view, eye = area.spaces[0].region_3d, camera(VIEW)
    view.view_perspective, area.spaces[0].lens = "PERSP", 40
    matrix = eye.matrix_world.normalized()
    view.view_distance = (matrix.translation - where["bowl"]).length
    view.view_matrix = (matrix @ Matrix.Translation((0.12, 0, BACK))).inverted()


def frame(x, y, seconds, click=False):
    shot("film")
    film.append([sorted(Path(ASKED["shots"]).glob("*_film.png"), key=number)[-1].name])
    film[-1] += [x, window().height - 1 - y, click, seconds]


def number(path):
    return int(path.name.partition("_")[0])


def move(start, end, seconds=0.12, steps=PATH):
    """Frames of the mouse on its way."""
    for step in range(1, steps + 1):
        part = step / steps
        part = part * part * (3 - 2 * part)
        x, y = (a + part * (b - a) for a, b in zip(start, end, strict=True))
        hand(x, y)
        yield 0.4
        frame(x, y, seconds)


def draw(start, end, *keys):
    """A stroke with the left button, while keys are held."""
    hand(*start, *keys, "mousedown", "1")
    yield 0.3
    for step in range(1, 9):
        hand(*(a + step / 8 * (b - a) for a, b in zip(start, end, strict=True)))
        yield 0.2
    hand(*end, "mouseup", "1")
    yield from idle()


where = {}


def filmed():
    """Click, select, move."""
    _, region, _ = regions()
    start, thing = (region.x + 0.3 * region.width, region.y + 0.1 * region.height), on("monkey")
    hand(*start)
    yield from idle()
    frame(*start, 1.0)
    yield from move(start, thing)
    yield 2
    yield from idle()
    frame(*thing, 1.2)
    hand(*thing, "click", "1")
    yield 0.5
    frame(*thing, 0.5, click=True)
    yield from idle()
    frame(*thing, 1.8)
    shot("click")
    separate = yield from hover("ops.ludvig.separate(copy=False")
    yield from move(thing, separate)
    hand(*separate, "click", "1")
    yield from idle()
    frame(*separate, 1.0, click=True)
    hand(*separate)
    yield from move(separate, thing)
    hand(*thing, "key", "g")
    yield 0.5
    yield from move(thing, (thing[0] - 60, thing[1] + 150), steps=6)
    yield from move((thing[0] - 60, thing[1] + 150), (thing[0] - 330, thing[1] + 90), steps=8)
    hand(thing[0] - 330, thing[1] + 90, "click", "1")
    yield from idle()
    frame(thing[0] - 330, thing[1] + 90, 2.5, click=True)


def undone(times):
    for _ in range(times):
        _, region, _ = regions()
        hand(region.x + region.width / 2, region.y + 60, "key", "ctrl+z")
        yield from idle()


def session():
    yield from prepare()
    area, _, side = regions()
    found["area"] = [area.x + area.width, window().height - area.y]
    operate("import_splats", filepath=ASKED["splats"])
    bpy.context.object.name = "subject"
    subject().ludvig_features.extractor = "colour"
    side.active_panel_category = "LUDVIG"
    area.spaces[0].show_region_hud = False
    operate("import_cameras", filepath=ASKED["views"])
    yield from idle()
    where.update(places(subject(), ASKED["views"]))
    look()
    operate("compute")
    yield from idle()
    with over():
        bpy.ops.wm.tool_set_by_id(name="ludvig.click_tool")
    yield 1
    yield from filmed()
    yield from undone(2)  # the move, and Separate

    # Blender asks which keys are held when it comes to the click.
    hand(*on("books"), "keydown", "ctrl", "click", "1")
    yield from idle()
    hand(*on("books"), "keyup", "ctrl")
    with over():
        bpy.ops.wm.tool_set_by_id(name="ludvig.scribble_tool")
    yield from draw(on("monkey", -25, 20), on("monkey", 30, -10), "keydown", "shift")
    hand(*on("monkey", 0, -200), "keyup", "shift")
    _, row = yield from hover("ops.ludvig.prompt_remove(", (0.84, 0.87, 0.9))
    hand(side.x + 0.4 * side.width, row, "click", "1")
    yield from idle()
    shot("scribble")
    hand(side.x + 0.4 * side.width, row, "click", "1")
    with over():
        bpy.ops.wm.tool_set_by_id(name="ludvig.click_tool")

    operate("hide", unselected=True)
    yield from idle()
    shot("isolate")
    operate("show")
    operate("recolor", method="HSV", hue=0.35)
    operate("separate", copy=True)
    bpy.context.object.location += camera(VIEW).matrix_world.to_3x3() @ Vector((-2.2, 0.3, 0))
    yield from idle()
    shot("duplicate")
    yield from undone(2)

    hand(*on("chair"), "click", "1")
    yield from idle()
    shot("before")
    operate("clean_removal")
    yield from idle()
    shot("after")
    yield from undone(1)

    found_by = subject().ludvig_criteria
    found_by.what, found_by.color = "COLOR", (0.35, 0.08, 0.1)
    found_by.low, found_by.high = 0.0, 0.16
    x, lowest = yield from hover("ops.ludvig.delete(")
    hand(x, lowest - UNDER, "click", "1")
    yield from idle()
    shot("select_by")
    hand(x, lowest - UNDER, "click", "1")

    operate("select", action="NONE")
    operate("segments_auto")
    yield from idle()
    subject().ludvig.mode = "SEGMENTS"
    yield from idle()
    shot("segments")


play(session())
