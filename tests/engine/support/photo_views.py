"""Views with a plain and with a distorting lens, and pictures for them."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from ludvig_engine.io.lens import Lens
from ludvig_engine.io.shots import Intrinsics, limited
from ludvig_engine.scene import Camera, View

W, H = 300, 200
DISTORTED = Intrinsics("OPENCV", (260.0, 265.0, 146.0, 104.0, -0.1, 0.02, 0.002, -0.003), W, H)


def plain_view(path=None, size=(W, H), max_size=None):
    camera = Camera(np.eye(4), np.array([[260.0, 0, 146], [0, 265, 104], [0, 0, 1]]), W, H)
    return View("a.png", camera.resized(*limited(size, max_size)), path, size)


def bent_view(path=None, size=(W, H), max_size=None):
    lens = Lens.covering(DISTORTED, size, max_size)
    return View("a.png", Camera(np.eye(4), lens.pinhole.K, *lens.pinhole.size), path, size, lens)


VIEWS = pytest.mark.parametrize("make_view", [plain_view, bent_view])


def picture(size=(W, H)):
    """A smooth color image, 0..1, that looks the same at every size."""
    x, y = np.meshgrid((np.arange(size[0]) + 0.5) / size[0], (np.arange(size[1]) + 0.5) / size[1])
    return np.stack([x, y, 0.5 + 0.4 * np.sin(6 * x + 4 * y)], -1)


def save(path, values, **options):
    Image.fromarray(np.round(values * 255).astype(np.uint8)).save(path, **options)
    return path
