import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ludvig_engine.errors import EngineError
from ludvig_engine.io.shots import Intrinsics, Shot, limited, same_shape, viewmat_of


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
        ("PINHOLE", (5, 5, 1), (10, 10), "needs fx, fy, cx, cy, but there are 3"),
        ("PINHOLE", (5, 5, 1, np.nan), (10, 10), "its cy is nan"),
        ("PINHOLE", (5, 5, -np.inf, 1), (10, 10), "its cx is -inf"),
        ("PINHOLE", (5, 5, 1e9, 1), (10, 10), "its cx is 1e\\+09"),
        ("PINHOLE", (5, 5, 1, 1), (0, 10), "0x10 is not positive"),
        ("PINHOLE", (5, 5, 1, 1), (10, -3), "10x-3 is not positive"),
        ("PINHOLE", (5, 5, 1, 1), (2**31, 2**31), "exceeds 500 megapixels"),
        ("PINHOLE", (5, 0, 1, 1), (10, 10), "focal length fy is 0 pixels"),
        ("PINHOLE", (-5, 5, 1, 1), (10, 10), "focal length fx is -5 pixels"),
        ("PINHOLE", (1e-12, 5, 1, 1), (10, 10), "focal length fx is 1e-12 pixels"),
        ("SIMPLE_PINHOLE", (1e300, 1, 1), (10, 10), "focal length f is 1e\\+300 pixels"),
        ("SIMPLE_RADIAL", (5, 1, 1, 1e300), (10, 10), "its k is 1e\\+300"),
    ],
)
def test_impossible_cameras_are_explained(model, params, size, match):
    with pytest.raises(EngineError, match=match) as caught:
        intrinsics(model, params, size)
    assert caught.value.kind == "bad_file" and caught.value.fixes


def test_panoramas_are_refused():
    with pytest.raises(EngineError, match="panorama"):
        intrinsics("EQUIRECTANGULAR", (2000, 1000))


def test_viewmats_invert_poses_and_drop_their_scale():
    rotation, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))
    rotation *= np.sign(np.linalg.det(rotation))
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = rotation, [1, 2, 3]
    np.testing.assert_allclose(viewmat_of(pose), np.linalg.inv(pose), atol=1e-12)
    scaled = pose @ np.diag([2, 2, 2, 1])
    np.testing.assert_allclose(viewmat_of(scaled), np.linalg.inv(pose), atol=1e-12)


LENS = intrinsics("PINHOLE", (5, 5, 5, 5), (10, 10))


@pytest.mark.parametrize("diagonal", [[1, 1, -1, 1], [0, 1, 1, 1], [np.nan, 1, 1, 1]])
def test_poses_that_are_none(diagonal):
    with pytest.raises(
        EngineError, match=r"camera of a.jpg cannot be used: its pose is no"
    ) as caught:
        Shot("a.jpg", viewmat_of(np.diag(diagonal).astype(float)), LENS)
    assert caught.value.kind == "bad_file"


def test_sheared_and_scaled_worlds_are_no_poses():
    sheared = np.eye(4)
    sheared[0, 1] = 0.5
    for viewmat in (viewmat_of(sheared), np.diag([2.0, 2, 2, 1])):
        with pytest.raises(EngineError, match="not a rotation"):
            Shot("a.jpg", viewmat, LENS)


def test_cameras_stand_where_numbers_have_digits():
    far = np.eye(4)
    far[2, 3] = 1e20
    with pytest.raises(EngineError, match="1e\\+20 scene units from the origin"):
        Shot("a.jpg", far, LENS)


@pytest.mark.parametrize("name", ["a\0b", "a\nb", "\x1b[2J", "x" * 5000])
def test_names_that_no_file_has(name):
    with pytest.raises(EngineError, match="A photo's name") as caught:
        Shot(name, np.eye(4), LENS)
    assert caught.value.kind == "bad_file"
    assert caught.value.message.isprintable() and len(caught.value.message) < 200


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
