"""Cameras that are turned, scaled or reversed against the splats are brought back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import small_scene
from ludvig_engine.errors import Cancelled
from ludvig_engine.pictures.draw import rgb
from ludvig_engine.progress import Job
from ludvig_engine.rendering.frames import Frame, find_frame, turns
from ludvig_engine.scene import Photo
from ludvig_engine.scene.raster import GSPLAT

Z_UP = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])


@pytest.fixture(scope="module")
def made():
    gaussians, _ = small_scene.gaussians()
    cameras = small_scene.cameras()[::3]
    photos = [Photo(str(n), rgb(gaussians, camera)) for n, camera in enumerate(cameras)]
    return gaussians, list(zip(cameras, photos, strict=True))


def before(frame):
    """The frame that undoes it."""
    return Frame(frame.turn.T, 1 / frame.scale, frame.backwards)


FRAMES = {
    "y up to z up": Frame(Z_UP),
    "upside down": Frame(np.diag([1.0, -1, -1])),
    "axes in another order": Frame(np.array([[0, 0, 1.0], [1, 0, 0], [0, 1, 0]])),
    "OpenGL's cameras": Frame(np.eye(3), backwards=True),
    "centimeters": Frame(np.eye(3), 100.0),
    "a scale of its own": Frame(np.eye(3), 0.3721),
    "all at once": Frame(Z_UP.T, 3.7, backwards=True),
}


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_a_frame_is_found(made, frame):
    gaussians, shots = made
    wrong = [(before(frame).camera(camera), photo) for camera, photo in shots]
    found = find_frame(gaussians, wrong, GSPLAT)
    assert found is not None
    assert found.backwards == frame.backwards
    np.testing.assert_array_equal(found.turn, frame.turn)
    assert found.scale == pytest.approx(frame.scale, rel=5e-4)
    for (camera, _), (right, _) in zip(wrong, shots, strict=True):
        moved = found.camera(camera)
        np.testing.assert_allclose(moved.viewmat[:3, :3], right.viewmat[:3, :3], atol=1e-9)
        np.testing.assert_allclose(moved.viewmat[:3, 3], right.viewmat[:3, 3], rtol=1e-3, atol=1e-3)


def test_other_photos_fit_in_no_frame(made):
    gaussians, shots = made
    rng = np.random.default_rng(0)
    other = [
        (camera, replace(photo, pixels=rng.permuted(photo.pixels, axis=0)))
        for camera, photo in shots
    ]
    assert find_frame(gaussians, other, GSPLAT) is None


def test_invalid_pixels_do_not_count(made):
    gaussians, shots = made
    frame = FRAMES["y up to z up"]
    wrong = []
    for camera, photo in shots:
        valid = np.ones(photo.pixels.shape[:2], bool)
        valid[:, :30] = False
        pixels = np.where(valid[..., None], photo.pixels, 1).astype(np.float32)
        wrong.append((before(frame).camera(camera), Photo(photo.name, pixels, valid)))
    found = find_frame(gaussians, wrong, GSPLAT)
    assert found is not None
    np.testing.assert_array_equal(found.turn, frame.turn)


def test_frames_in_words():
    assert FRAMES["y up to z up"].described() == "turned so that x, y, z become x, −z, y"
    assert FRAMES["centimeters"].described() == "scaled by 100"
    assert FRAMES["all at once"].described().count(" and ") == 2


def test_the_turns_are_those_of_a_cube():
    found = turns()
    assert len({tuple(turn.astype(int).ravel()) for turn in found}) == len(found) == 24
    for turn in found:
        np.testing.assert_array_equal(turn @ turn.T, np.eye(3))
        assert np.linalg.det(turn) == pytest.approx(1)


def test_it_can_be_cancelled(made):
    class Stop(Job):
        def cancelled(self):
            return True

    gaussians, shots = made
    with pytest.raises(Cancelled):
        find_frame(gaussians, shots, GSPLAT, job=Stop())
