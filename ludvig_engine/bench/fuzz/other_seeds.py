"""Small valid files of all other kinds: cameras, photos, maps, results."""

from __future__ import annotations

import io
import json
import struct

import numpy as np
from PIL import Image
from safetensors.numpy import save

from ...eval.scannet import NYU40

WIDTH = 32
HEIGHT = 24
PHOTOS = ("a.png", "b.png")


def photo(format_: str = "PNG", mode: str = "RGB") -> bytes:
    """A photo of WIDTH x HEIGHT."""
    random = np.random.default_rng(0)
    image = Image.fromarray(random.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)).convert(mode)
    out = io.BytesIO()
    image.save(out, format_)
    return out.getvalue()


def mask() -> bytes:
    """A mask of two values."""
    pixels = np.zeros((HEIGHT, WIDTH), np.uint8)
    pixels[5:15, 8:20] = 255
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def scribble() -> bytes:
    """Green and red strokes on a transparent sheet."""
    pixels = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    pixels[6:8, 8:20] = 0, 255, 0, 255
    pixels[18:20, 2:9] = 255, 0, 0, 255
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def transforms() -> bytes:
    """nerfstudio's cameras, with distortion."""
    frames = [
        {"file_path": f"images/{name}", "transform_matrix": np.eye(4).tolist()} for name in PHOTOS
    ]
    lens = {"fl_x": 30.0, "fl_y": 30.0, "cx": 16.0, "cy": 12.0, "k1": 0.01, "k2": 0, "p1": 0}
    return json.dumps(
        {"camera_model": "OPENCV", "w": WIDTH, "h": HEIGHT, **lens, "frames": frames}, indent=1
    ).encode()


def dataparser() -> bytes:
    """nerfstudio's normalization."""
    return json.dumps({"transform": np.eye(4)[:3].tolist(), "scale": 0.5}, indent=1).encode()


def cameras_json() -> bytes:
    """The cameras of 3DGS's own viewer."""
    lens = {"width": WIDTH, "height": HEIGHT, "fx": 30.0, "fy": 30.0}
    pose = {"position": [0.0, 1.0, 2.0], "rotation": np.eye(3).tolist()}
    entries = [{"id": n, "img_name": name, **lens, **pose} for n, name in enumerate(PHOTOS)]
    return json.dumps(entries, indent=1).encode()


def colmap_bin() -> dict[str, bytes]:
    """A COLMAP model in binary."""
    lens = struct.pack("<Q iiQQ 4d", 1, 1, 1, WIDTH, HEIGHT, 30, 30, 16, 12)
    images = struct.pack("<Q", len(PHOTOS))
    for number, name in enumerate(PHOTOS, 1):
        images += struct.pack("<I7dI", number, 1, 0, 0, 0, 0, 0, number, 1)
        images += name.encode() + b"\0" + struct.pack("<Q ddq", 1, 3.5, 4.5, -1)
    return {"cameras.bin": lens, "images.bin": images, "points3D.bin": bytes(8)}


def colmap_text() -> dict[str, bytes]:
    """A COLMAP model in text."""
    images = "# images\n"
    for number, name in enumerate(PHOTOS, 1):
        images += f"{number} 1 0 0 0 0 0 {number} 1 {name}\n3.5 4.5 -1\n"
    lens = f"# cameras\n1 OPENCV {WIDTH} {HEIGHT} 30 30 16 12 0.01 0 0 0\n"
    return {"cameras.txt": lens.encode(), "images.txt": images.encode(), "points3D.txt": b""}


def npy() -> bytes:
    """A feature map."""
    out = io.BytesIO()
    np.save(out, np.random.default_rng(0).random((4, 6, 8), np.float32))
    return out.getvalue()


def npz() -> bytes:
    """A feature map, compressed."""
    out = io.BytesIO()
    np.savez_compressed(out, map=np.random.default_rng(0).random((4, 6, 8), np.float32))
    return out.getvalue()


def result() -> bytes:
    """A result of `ludvig segment`."""
    random = np.random.default_rng(0)
    arrays = {"scores": random.random(60, np.float32), "selected": random.random(60) < 0.5}
    return save(arrays, metadata={"threshold": "0.5", "extractor": '"colour"'})


def texts() -> bytes:
    """Embeddings of class names."""
    return json.dumps({name: [0.5] * 4 for name in NYU40}, indent=1).encode()
