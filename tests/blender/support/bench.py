"""What each step of the extension costs: `python tests/blender/support/bench.py [SPLATS ...]`.

It needs a Python with a bpy wheel. The figures are milliseconds of processor time on all cores;
for steps on the main thread, that is also how long Blender stands still.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))  # for what extension.py imports
import extension  # first: it says where Blender's user folder is

# isort: split
import bpy
import numpy as np

from clouds import gaussians
from engines import about, engine_by
from extension import blender_module

REPEATS = 3
ECHO = (sys.executable, str(Path(__file__).with_name("echo.py")))


def measure(name, function, *, where="worker"):
    """The best of a few runs of `function`, which is printed; its last result."""
    best = float("inf")
    for _ in range(REPEATS):
        start = time.process_time()
        result = function()
        best = min(best, time.process_time() - start)
    print(f"  {name:<44}{where:<8}{best * 1000:9.1f} ms", flush=True)
    return result


def bench(count, folder):
    print(f"{count:,} splats of degree 3, Blender {bpy.app.version_string}")
    splats, attributes, recolor, transform, reader, clouds, colors, order, lens_module = (
        blender_module(f"ludvig_blender.{name}")
        for name in (
            *("data.splats", "data.attributes", "maths.recolor", "maths.transform"),
            *(
                "viewport.reader",
                "viewport.cloud",
                "viewport.colors",
                "viewport.order",
                "maths.lens",
            ),
        )
    )
    source = folder / "in.ply"
    blender_module("ludvig_engine.io.ply").write_ply(
        source, gaussians(count, spread=2.0, scale=0.01)
    )

    def load():
        bpy.ops.wm.read_homefile(use_empty=True)
        bpy.ops.ludvig.import_splats(filepath=str(source))

    measure("import", load, where="main")
    measure(
        "export",
        lambda: bpy.ops.ludvig.export_splats(filepath=str(folder / "out.ply")),
        where="main",
    )
    thing = bpy.context.object
    made = splats.read(thing.data)
    measure("identity", lambda: splats.identity(thing.data), where="main")
    chosen = np.arange(count) % 3 == 0
    measure("write the selection", lambda: splats.set_selection(thing.data, chosen), where="main")
    scores = np.linspace(0, 1, count, dtype=np.float32)
    measure(
        "write scores",
        lambda: attributes.put(thing.data, "ludvig_pot", "FLOAT", scores),
        where="main",
    )
    measure(
        "recolor",
        lambda: recolor.apply(made.sh0, made.shN, recolor.hue_saturation_value(0.3), chosen),
    )
    turn = np.eye(4)
    turn[:3, :3] = [[0, -2, 0], [2, 0, 0], [0, 0, 2]]
    measure("turn", lambda: transform.apply(made, turn))
    turn[0, 0] = 1
    measure("shear", lambda: transform.apply(made, turn))

    def read():
        bpy.context.view_layer.update()
        return reader.snapshot(thing, reader.evaluated(thing))

    snapshot = measure("read what is drawn", read, where="main")

    def harmonics():
        return [attributes.get(reader.evaluated(thing), reader.band_name(k)) for k in range(15)]

    bands = measure("read 15 harmonics, in 15 steps", harmonics, where="main")
    cloud = measure("pack", lambda: clouds.update(None, snapshot)).with_bands(bands)
    measure("compare: nothing changed", lambda: clouds.update(cloud, snapshot))
    lens = lens_module.Lens(looking(), projection(960, 640), 960, 640)
    part = order.Part(snapshot.means, lens.rows(np.eye(4))[2], 0)
    measure("sort, moving", lambda: order.back_to_front([part], exact=False))
    indices = measure("sort, at rest", lambda: order.back_to_front([part], exact=True))
    eye = lens.seen_from(np.eye(4))
    for degree in (0, 3):
        style = colors.Style(sh_degree=degree)
        shown = measure(
            f"colors of degree {degree}",
            lambda s=style: colors.display(cloud, s, eye, direction=False),
        )
    segments = blender_module("ludvig_blender.data.segments")
    segment = segments.add(thing)
    segments.write(thing, segment, scores, 0.5)
    thresholds = iter(np.linspace(0.1, 0.9, REPEATS))
    measure(
        "move the certainty",
        lambda: setattr(segment, "threshold", float(next(thresholds))),
        where="main",
    )
    stalls(thing)
    if bpy.app.version >= (5, 2, 0):
        draw(lens, cloud, indices, shown)


def stalls(thing):
    """The longest tick of asking an engine about an object, while Blender stands still."""
    pump, methods = (
        blender_module("ludvig_blender.engine.pump"),
        blender_module("ludvig_engine.wire.methods"),
    )
    # Have the splats sent: opening their file would be no work for Blender.
    thing.ludvig_capture.untouched = ""
    request = methods.GrowSegment("", np.zeros(len(thing.data.points), bool), hops=0)
    best = float("inf")
    for _ in range(REPEATS):
        longest = 0.0
        with engine_by(*ECHO):
            task = about(thing).ask(request)
            while not task.done:
                start = time.thread_time()
                pump.tick()
                longest = max(longest, time.thread_time() - start)
                time.sleep(0.001)
        if task.error:
            raise task.error
        best = min(best, longest)
    print(f"  {'ask, the longest tick':<44}{'main':<8}{best * 1000:9.1f} ms", flush=True)


def draw(lens, cloud, indices, shown):
    import gpu

    gpu.init()
    painter = blender_module("ludvig_blender.viewport.painter")
    usual = blender_module("ludvig_blender.maths.lens").USUAL
    data = {
        "geometry_tex": (painter.geometry([cloud])[0], "RGBA32F"),
        "color_tex": (shown, "RGBA16F"),
        "state_tex": (cloud.state[:, None], "R32F"),
        "order_tex": (indices[:, None], "R32F"),
    }
    textures = {
        n: measure(f"upload {n}", lambda d=d: painter.texture([d[0]], d[1]), where="main")
        for n, d in data.items()
    }
    textures["objects_tex"] = painter.objects_texture(lens, [np.eye(4)], [usual])
    artist = painter.Painter()
    for scale in (1.0, 0.5):
        target = painter.Target(round(960 * scale), round(640 * scale))
        uniforms = lens.uniforms((0, 0, 0, 0), scale)

        def paint(target=target, uniforms=uniforms):
            artist.draw(target, uniforms, textures, len(indices))
            target.pixels()  # waits until it is drawn

        name = f"draw {target.width}x{target.height}, {gpu.platform.renderer_get()[:8]}"
        measure(name, paint, where="GPU")


def looking():
    view = np.eye(4)
    view[2, 3] = -9
    return view


def projection(width, height, fov=0.8, near=0.01, far=100.0):
    f = 1 / np.tan(fov / 2)
    depth = [0, 0, -(far + near) / (far - near), -2 * far * near / (far - near)]
    return np.array([[f * height / width, 0, 0, 0], [0, f, 0, 0], depth, [0, 0, -1, 0]])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        for size in map(int, sys.argv[1:] or ["100000", "1000000"]):
            bench(size, Path(name))
    extension.remove()
