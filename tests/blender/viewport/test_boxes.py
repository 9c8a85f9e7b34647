"""The lines of boxes lie behind all splats, unless they tell a selected object from others."""

import bpy
import gpu
import numpy as np
import pytest
from gpu_extras.batch import batch_for_shader
from mathutils import Matrix

from clouds import gaussians, splat_object
from extension import blender_module

boxes = blender_module("ludvig_blender.viewport.boxes")
Lens = blender_module("ludvig_blender.maths.lens").Lens
WIDTH, HEIGHT = 400, 300
FRONT = 4  # the place on the z-axis of a line before all splats
CUBE = np.array([(x, y, z, 1.0) for x in (-1, 1) for y, z in ((-1, -1), (-1, 1), (1, 1), (1, -1))])


def lens(view, *, orthographic=False):
    near, far = 0.1, 100
    focal = 1.7
    projection = np.zeros((4, 4))
    projection[0, 0], projection[1, 1] = focal * HEIGHT / WIDTH, focal
    if orthographic:
        projection[:2] /= 4
        projection[2, 2:] = -2 / (far - near), -(far + near) / (far - near)
        projection[3, 3] = 1
    else:
        projection[2, 2:] = -(far + near) / (far - near), -2 * far * near / (far - near)
        projection[3, 2] = -1
    return Lens(np.array(view, np.float64), projection, WIDTH, HEIGHT)


def inside(triangles, place):
    """The triangles (T, 3, 3) that a place (2,) is in."""
    corners = triangles[:, :, :2]
    edges = np.roll(corners, -1, axis=1) - corners
    to = place - corners
    sides = edges[..., 0] * to[..., 1] - edges[..., 1] * to[..., 0]
    return triangles[(sides >= -1e-9).all(1) | (sides <= 1e-9).all(1)]


@pytest.mark.parametrize("orthographic", [False, True])
@pytest.mark.parametrize("away", [5.0, 0.4], ids=["before the camera", "around the camera"])
def test_all_that_is_seen_of_the_lines_is_covered(orthographic, away):
    view = Matrix.Translation((0.2, 0.1, -away)) @ Matrix.Rotation(0.7, 4, (1, 2, 3))
    seen = lens(view, orthographic=orthographic)
    triangles = boxes.strips(seen, [CUBE]).astype(np.float64).reshape(-1, 3, 3)
    assert np.isfinite(triangles).all()
    looked = 0
    for begin, end in zip(boxes.FROM, boxes.TO, strict=True):
        for part in np.linspace(0, 1, 21):
            point = CUBE[begin] + part * (CUBE[end] - CUBE[begin])
            clip = seen.projection @ seen.view @ point
            place = clip[:3] / clip[3]
            if clip[3] <= 0 or np.abs(place).max() > 1:
                continue
            looked += 1
            covering = inside(triangles, place[:2])
            assert len(covering)
            assert covering[:, :, 2].min() <= place[2]
    assert looked > 20
    narrow = inside(triangles, np.array([0.9, -0.9]))
    assert not len(narrow) or away < 1


def test_nothing_is_covered_behind_the_camera():
    assert len(boxes.strips(lens(Matrix.Translation((0, 0, 5))), [CUBE])) == 0


def draw_red_line():
    """A line across the middle of the view, before everything, as Blender draws one."""
    shader = gpu.shader.from_builtin("UNIFORM_COLOR")
    ends = [(-3, 0, FRONT), (3, 0, FRONT)]
    gpu.state.depth_test_set("LESS_EQUAL")
    gpu.state.depth_mask_set(True)
    shader.bind()
    shader.uniform_float("color", (1, 0, 0, 1))
    batch_for_shader(shader, "LINES", {"pos": ends}).draw(shader)
    gpu.state.depth_test_set("NONE")
    gpu.state.depth_mask_set(False)


@pytest.mark.skipif(bpy.app.version < (5, 2), reason="drawing without a window needs Blender 5.2")
def test_a_line_before_splats_is_seen_only_of_a_selected_one_of_several(region, monkeypatch):
    made = gaussians(300, scale=0.5, degree=0)
    made.sh0[:] = -1  # nothing is red
    made.opacities[:] = 0.99
    thing = splat_object(made)
    display = region.display
    plain = region.settled()
    rows = slice(28, 32)
    assert plain[rows, 40:50, 3].min() > 0.99

    # The box is a line across the view.
    flat = np.array([(x, 0, FRONT, 1.0) for x in (-3, 3) for _ in range(4)])
    items = blender_module("ludvig_blender.viewport.items")
    monkeypatch.setattr(items, "_box", lambda *_: flat)
    np.testing.assert_allclose(region.settled(), plain, atol=1e-3)  # nothing is laid over twice
    draw = display.draw

    def after_the_line(context):
        draw_red_line()
        draw(context)

    monkeypatch.setattr(display, "draw", after_the_line)
    covered = region.settled()
    np.testing.assert_allclose(covered[rows, 40:50], plain[rows, 40:50], atol=0.02)

    # Of two objects the selected one has its box.
    other = splat_object(gaussians(20))
    thing.select_set(True)
    assert region.settled()[rows, 40:50, 0].max() > 0.9
    for one in (thing, other):
        one.select_set(False)
    assert region.settled()[rows, 40:50, 0].max() < 0.5
