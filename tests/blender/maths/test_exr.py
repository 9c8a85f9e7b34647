"""OpenEXR files: what is written, Blender reads, and what Blender writes, we read."""

import struct

import bpy
import numpy as np
import pytest

import passes
from extension import blender_module

exr = blender_module("ludvig_blender.maths.exr")


def image(height=37, width=50, seed=0):
    """Channels of a picture that compresses well in places and badly in others."""
    rng = np.random.default_rng(seed)
    found = {c: rng.uniform(0, 3, (height, width)).astype(np.float32) for c in "RGB"}
    found["G"][: height // 2] = 0.25
    found["A"] = np.linspace(0, 1, height * width, dtype=np.float32).reshape(height, width)
    return found


@pytest.mark.parametrize("size", [(37, 50), (16, 3), (1, 1)])
def test_blender_reads_what_is_written(tmp_path, size):
    wanted = image(*size)
    path = tmp_path / "picture.exr"
    # Without layers, because Blender's Python sees no pixels of files with layers.
    path.write_bytes(exr.write(wanted).replace(exr.MARK[:8], b"Whatever"))
    read = bpy.data.images.load(str(path))
    read.colorspace_settings.is_data = True
    read.alpha_mode = "CHANNEL_PACKED"
    assert tuple(read.size) == size[::-1]
    pixels = np.array(read.pixels, np.float32).reshape(*size, 4)[::-1]
    for n, channel in enumerate("RGBA"):
        np.testing.assert_allclose(pixels[..., n], wanted[channel], rtol=1e-3, atol=1e-6)


def test_blender_reads_layers_and_passes(tmp_path):
    path = tmp_path / "layers.exr"
    found = {f"ViewLayer.Combined.{c}": values for c, values in image().items()}
    found["ViewLayer.Depth.Z"] = np.full((37, 50), 1e10, np.float32)
    long = "A long name 目录" * 2
    found[f"ViewLayer.{long}.X"] = np.ones((37, 50), np.float32)
    path.write_bytes(exr.write(found))
    assert passes.of(path) == {"Combined", "Alpha", "Depth", long}


def test_what_blender_writes_is_read(tmp_path):
    scene, wanted = bpy.context.scene, image()
    made = bpy.data.images.new("made", 50, 37, alpha=True, float_buffer=True)
    flat = np.stack([wanted[c][::-1] for c in "RGBA"], axis=-1)
    made.pixels.foreach_set(flat.reshape(-1))
    settings = scene.render.image_settings
    settings.file_format, settings.color_mode = "OPEN_EXR", "RGBA"
    for depth, tolerance in (("32", 1e-6), ("16", 1e-3)):
        settings.color_depth, settings.exr_codec = depth, "NONE"
        path = tmp_path / f"{depth}.exr"
        made.save_render(str(path), scene=scene)
        found = exr.read(path.read_bytes())
        for channel, values in wanted.items():
            np.testing.assert_allclose(found[channel], values, rtol=tolerance, atol=1e-6)
    settings.exr_codec = "ZIP"
    made.save_render(str(path), scene=scene)
    with pytest.raises(ValueError, match="compressed"):
        exr.read(path.read_bytes())
    with pytest.raises(ValueError, match="no OpenEXR"):
        exr.read(struct.pack("<ii", 1, 2) + b"\0")


def test_what_16_bits_cannot_hold_is_the_largest(tmp_path):
    path = tmp_path / "bright.exr"
    path.write_bytes(exr.write({c: np.full((2, 3), 1e6, np.float32) for c in "RGBA"}))
    path.write_bytes(path.read_bytes().replace(exr.MARK[:8], b"Whatever"))
    read = bpy.data.images.load(str(path))
    read.colorspace_settings.is_data = True
    read.alpha_mode = "CHANNEL_PACKED"
    np.testing.assert_array_equal(read.pixels[:3], [65504] * 3)
