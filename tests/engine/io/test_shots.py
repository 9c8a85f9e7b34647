import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ludvig_engine.errors import EngineError
from ludvig_engine.io.shots import Intrinsics, limited, same_shape, viewmat_of


def intrinsics(model, params, size=(1600, 1064)):
    return Intrinsics(model, tuple(map(float, params)), *size)


def test_pinhole_or_not():
    assert intrinsics("PINHOLE", (1300, 1310, 790, 540)).is_pinhole
    assert intrinsics("OPENCV", (1300, 1310, 790, 540, 0, 0, 0, 0)).is_pinhole
    assert not intrinsics("OPENCV", (1300, 1310, 790, 540, 0, 0.01, 0, 0)).is_pinhole
    assert not intrinsics("OPENCV_FISHEYE", (1300, 1310, 790, 540, 0, 0, 0, 0)).is_pinhole
    np.testing.assert_array_equal(
        intrinsics("SIMPLE_RADIAL", (1300, 790, 540, 0)).K,
        [[1300, 0, 790], [0, 1300, 540], [0, 0, 1]],
    )


@pytest.mark.parametrize(
    ("model", "params", "size", "match"),
    [
        ("NOPE", (1, 1, 1), (10, 10), "NOPE is not known"),
        ("INVALID", (), (10, 10), "INVALID is not known"),
        ("PINHOLE", (5, 5, 1), (10, 10), "needs fx, fy, cx, cy, but has 3"),
        ("PINHOLE", (5, 5, 1, np.nan), (10, 10), "is not valid"),
        ("PINHOLE", (5, 5, 1, 1), (0, 10), "0x10"),
        ("PINHOLE", (5, 0, 1, 1), (10, 10), "focal length 5 x 0"),
    ],
)
def test_impossible_cameras_are_explained(model, params, size, match):
    with pytest.raises(EngineError, match=match) as caught:
        intrinsics(model, params, size)
    assert caught.value.kind == "bad_file"


def test_panoramas_are_refused():
    with pytest.raises(EngineError, match="panoramas"):
        intrinsics("EQUIRECTANGULAR", (2000, 1000))


def test_viewmats_invert_poses_and_drop_their_scale():
    rotation, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))
    rotation *= np.sign(np.linalg.det(rotation))
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = rotation, [1, 2, 3]
    np.testing.assert_allclose(viewmat_of(pose, "a"), np.linalg.inv(pose), atol=1e-12)
    scaled = pose @ np.diag([2, 2, 2, 1])
    np.testing.assert_allclose(viewmat_of(scaled, "a"), np.linalg.inv(pose), atol=1e-12)


@pytest.mark.parametrize("diagonal", [[1, 1, -1, 1], [0, 1, 1, 1], [np.nan, 1, 1, 1]])
def test_poses_that_are_none(diagonal):
    with pytest.raises(EngineError, match="pose of a") as caught:
        viewmat_of(np.diag(diagonal).astype(float), "a")
    assert caught.value.kind == "bad_file"
    sheared = np.eye(4)
    sheared[0, 1] = 0.5
    with pytest.raises(EngineError, match="not a rotation"):
        viewmat_of(sheared, "a")


@given(st.integers(1, 20_000), st.integers(1, 20_000), st.integers(1, 5000))
def test_limited_sizes_keep_their_shape(width, height, limit):
    w, h = limited((width, height), limit)
    assert max(w, h) == min(max(width, height), limit) and min(w, h) >= 1
    scale = min(1, limit / max(width, height))
    assert abs(w - width * scale) <= 0.5 + 1e-9 or w == 1
    assert abs(h - height * scale) <= 0.5 + 1e-9 or h == 1
    assert limited((width, height), None) == (width, height)


def test_4002_pixels_become_1600():  # int() makes 1599 of it
    assert limited((4002, 3000), 1600) == (1600, 1199)


def test_same_shape():
    assert same_shape((1600, 1064), (3008, 2000))
    assert same_shape((48, 32), (720, 479))
    assert not same_shape((4000, 3000), (1600, 1064))
    assert not same_shape((1064, 1600), (1600, 1064))
    assert not same_shape((1600, 1040), (1600, 1064))
