"""Splats among meshes: what is nearer hides what is farther, in pictures, passes and masks."""

import bpy
import numpy as np
import pytest

import passes
from clouds import splat_object
from extension import blender_module

blender_render = blender_module("ludvig_blender.operators.blender_render")
splat_picture = blender_module("ludvig_blender.operators.splat_picture")
segments = blender_module("ludvig_blender.data.segments")
layers = blender_module("ludvig_blender.maths.layers")
exr = blender_module("ludvig_blender.maths.exr")
Gaussians = blender_module("ludvig_engine.scene").Gaussians
sh = blender_module("ludvig_blender.maths.sh")
needs_gpu = pytest.mark.skipif(
    bpy.app.version < (5, 2), reason="drawing without a window needs Blender 5.2"
)

RED, GREEN = (1, 0, 0), (0, 1, 0)
BLUE, GRAY = (0, 0, 1), (0.5, 0.5, 0.5)
SIZE = 24, 36  # of the pictures
MIDDLE = SIZE[0] // 2, SIZE[1] // 2


def sheets(*places, opacity=0.98):
    """For each (y, color) a sheet of splats across the view of the camera."""
    x, z = (part.ravel() for part in np.meshgrid(np.linspace(-3, 3, 25), np.linspace(-3, 3, 25)))
    means = np.concatenate([np.column_stack([x, np.full(len(x), y), z]) for y, _ in places])
    colors = np.concatenate([np.tile(color, (len(x), 1)) for _, color in places])
    n = len(means)
    return Gaussians(
        means=means.astype(np.float32),
        quats=np.tile([1.0, 0, 0, 0], (n, 1)).astype(np.float32),
        scales=np.tile([0.2, 0.01, 0.2], (n, 1)).astype(np.float32),
        opacities=np.full(n, opacity, np.float32),
        sh0=((colors - 0.5) / sh.C0)[:, None].astype(np.float32),
        shN=np.zeros((n, 0, 3), np.float32),
    )


@pytest.fixture
def scene():
    """A cube that glows gray, 2 m wide and 5 m before the camera, in an orange world."""
    bpy.ops.preferences.addon_enable(module="cycles")
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.device, scene.cycles.samples = "CPU", 1
    scene.cycles.use_denoising = False
    scene.view_settings.view_transform = "Standard"
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(camera)
    camera.location, camera.rotation_euler = (0, -6, 0), (np.pi / 2, 0, 0)
    scene.camera = camera
    scene.render.resolution_y, scene.render.resolution_x = SIZE
    scene.render.resolution_percentage = 100
    bpy.ops.mesh.primitive_cube_add(size=2)
    material = bpy.data.materials.new("glow")
    scene.world = bpy.data.worlds.new("world")
    if bpy.app.version < (5,):  # since then, they always do
        material.use_nodes = scene.world.use_nodes = True
    tree = material.node_tree
    light = tree.nodes.new("ShaderNodeEmission")
    light.inputs["Color"].default_value = (*GRAY, 1)
    output = next(node for node in tree.nodes if node.type == "OUTPUT_MATERIAL")
    tree.links.new(light.outputs[0], output.inputs["Surface"])
    bpy.context.object.data.materials.append(material)
    background = next(n for n in scene.world.node_tree.nodes if n.type == "BACKGROUND")
    background.inputs["Color"].default_value = (1, 0.2, 0, 1)
    return scene


SRGB = 0.735  # the cube's 0.5 of linear light


def taken(**options):
    return splat_picture.take(bpy.context, **{"passes": False} | options)


def test_what_blender_renders(scene):
    """In Blender 4.5 too, which needs a window for the splats alone."""
    settings = scene.render.image_settings
    before = settings.file_format, settings.color_depth, settings.exr_codec
    thing = splat_object(sheets((-3, RED)))
    shown = thing.hide_render
    found = blender_render.rendered(scene, bpy.context.view_layer, [thing], SIZE)
    np.testing.assert_allclose(found.color[MIDDLE], [*GRAY, 1], atol=1e-3)
    assert found.color[0, 0, 3] == 0 and found.depth[0, 0] >= layers.NOTHING
    np.testing.assert_allclose(found.depth[MIDDLE], 5, atol=1e-3)
    np.testing.assert_allclose(found.world[0, 0], [1, 0.2, 0, 1], atol=1e-3)
    assert (settings.file_format, settings.color_depth, settings.exr_codec) == before
    assert thing.hide_render == shown and not scene.render.film_transparent
    seen = blender_render.viewed(scene, found.color * [1, 1, 1, 0.5] * [0.5, 0.5, 0.5, 1])
    np.testing.assert_allclose(seen[MIDDLE], [SRGB / 2, SRGB / 2, SRGB / 2, 0.5], atol=5e-3)


def test_the_view_transform_is_the_scenes(scene):
    scene.view_settings.view_transform = "AgX"
    plain = np.full((1, 1, 4), 1, np.float32)
    assert blender_render.viewed(scene, plain)[0, 0, 0] < 0.9  # AgX keeps white for brighter light


def test_nothing_to_render_asks_no_engine(scene):
    bpy.data.objects["Cube"].hide_render = True
    scene.render.engine = "BLENDER_WORKBENCH"
    found = blender_render.rendered(scene, bpy.context.view_layer, [], SIZE)
    assert not found.color.any() and (found.depth == layers.NOTHING).all()
    np.testing.assert_allclose(found.world[0, 0], [1, 0.2, 0, 1])


@needs_gpu
@pytest.mark.parametrize("transparent", [True, False])
def test_before_behind_and_inside(scene, transparent):
    scene.render.film_transparent = transparent
    around = (1, 0.48, 0)  # the world behind, as sRGB
    for y, within, beside in (
        (-3, RED, RED),  # before the cube
        (3, [SRGB] * 3, RED),  # behind it
        (0, [SRGB] * 3, RED),  # inside, and sticking out at the sides
    ):
        thing = splat_object(sheets((y, RED)))
        shown = taken().shown
        np.testing.assert_allclose(shown[MIDDLE][:3], within, atol=0.03)
        np.testing.assert_allclose(shown[MIDDLE[0], 6][:3], beside, atol=0.03)
        bpy.data.objects.remove(thing)
    thing = splat_object(sheets((50, RED)).take(np.arange(1)))
    shown = taken().shown
    np.testing.assert_allclose(shown[MIDDLE][:3], [SRGB] * 3, atol=0.03)
    if transparent:
        assert shown[0, 0, 3] == 0
    else:
        np.testing.assert_allclose(shown[0, 0], [*around, 1], atol=0.03)


@needs_gpu
def test_semi_transparent_splats_show_the_mesh(scene):
    splat_object(sheets((-3, RED), opacity=0.1))
    picture = taken(passes=True)
    alpha = (
        blender_module("ludvig_blender.viewport.picture")
        .Shot([bpy.data.objects["splats"]], _lens(scene))
        .drawn()
        .color[MIDDLE][3]
    )
    assert 0.2 < alpha < 0.8
    expected = alpha * np.array(RED) + (1 - alpha) * 0.5
    light = [picture.passes[f"Combined.{c}"][MIDDLE] for c in "RGB"]
    np.testing.assert_allclose(light, expected, atol=0.02)


def _lens(scene):
    picture = blender_module("ludvig_blender.viewport.picture")
    return picture.camera_lens(scene.camera, scene, bpy.context.evaluated_depsgraph_get())


@needs_gpu
def test_passes_and_masks(scene, tmp_path):
    made = sheets((-3, RED), (3, GREEN), (4, BLUE))
    made = made.take((made.means[:, 0] < 0) | (made.means[:, 1] > 0))  # the left half in front
    thing = splat_object(made)
    for name, y in (("Front", -3), ("Be.hind", 3), ("Farthest", 4), ("All", None)):
        members = made.means[:, 1] == y if y is not None else np.ones(len(made), bool)
        segments.write(thing, segments.add(thing, name), members.astype(np.float32), 0.5)
    path = tmp_path / "passes.exr"
    bpy.ops.ludvig.render_image(filepath=str(path))
    names = {"Front", "Be_hind", "Farthest", "All"}
    assert passes.of(path) == {"Combined", "Alpha", "Depth"} | names
    found = taken(passes=True).passes
    left, right = (MIDDLE[0], MIDDLE[1] - 7), (MIDDLE[0], MIDDLE[1] + 7)  # both on the cube
    beside = MIDDLE[0], SIZE[1] - 4
    for place, depth, front, behind, everything in (
        (left, 3, 1, 0, 1),
        (right, 5, 0, 0, 0),
        (beside, 9, 0, 1, 1),
    ):
        np.testing.assert_allclose(found["Depth.Z"][place], depth, atol=0.05)
        np.testing.assert_allclose(found["Front.X"][place], front, atol=0.03)
        np.testing.assert_allclose(found["Be_hind.X"][place], behind, atol=0.03)
        np.testing.assert_allclose(found["All.X"][place], everything, atol=0.03)
        np.testing.assert_allclose(found["Farthest.X"][place], 0, atol=0.03)


@needs_gpu
@pytest.mark.parametrize(
    ("file_format", "extension", "output"),
    [("OPEN_EXR", True, "shot_"), ("PNG", True, "shot_"), ("JPEG", False, "shot.####")],
)
def test_an_animation_is_one_file_for_each_frame(scene, tmp_path, file_format, extension, output):
    scene.render.engine = "BLENDER_WORKBENCH"
    scene.render.film_transparent = True
    bpy.data.objects["Cube"].hide_render = True
    splat_object(sheets((-3, RED)))
    scene.render.image_settings.file_format = file_format
    scene.render.use_file_extension = extension
    scene.render.filepath = str(tmp_path / output)
    scene.frame_start, scene.frame_end = 2, 6
    scene.frame_step = 2
    bpy.ops.ludvig.render_image(animation=True)
    stem, suffix = output.rstrip("#"), ".exr" if file_format == "OPEN_EXR" else ".png"
    expected = [f"{stem}{n:04}{suffix}" for n in (2, 4, 6)]
    assert sorted(path.name for path in tmp_path.iterdir()) == expected
