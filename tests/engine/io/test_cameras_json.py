from pathlib import Path

import numpy as np
import pytest

from ludvig_engine.errors import EngineError
from ludvig_engine.io.cameras_json import read_cameras_json

ENTRY = {"id": 0, "img_name": "sub\\IMG_1", "width": 300, "height": 200, "position": [1, 2, 3],
         "rotation": [[0, 0, 1], [-1, 0, 0], [0, -1, 0]], "fx": 250.0, "fy": 260}  # fmt: skip


def test_what_it_means():
    (shot,) = read_cameras_json([ENTRY], Path("cameras.json"))
    assert shot.name == "sub/IMG_1"
    center = np.array([1, 2, 3, 1])
    np.testing.assert_allclose(shot.viewmat @ center, [0, 0, 0, 1], atol=1e-12)
    # The columns are the camera's axes in the world: x right = -y, y down = -z, z forward = x.
    np.testing.assert_allclose(
        shot.viewmat @ (center + np.array([5, 0, 0, 0])), [0, 0, 5, 1], atol=1e-12
    )
    np.testing.assert_allclose(
        shot.viewmat @ (center + np.array([0, -5, 0, 0])), [5, 0, 0, 1], atol=1e-12
    )
    np.testing.assert_array_equal(shot.intrinsics.K, [[250, 0, 150], [0, 260, 100], [0, 0, 1]])
    assert shot.intrinsics.is_pinhole
    (shot,) = read_cameras_json([{**ENTRY, "cx": 140, "cy": 90.5}], Path("cameras.json"))
    np.testing.assert_array_equal(shot.intrinsics.K, [[250, 0, 140], [0, 260, 90.5], [0, 0, 1]])


@pytest.mark.parametrize(
    "change",
    [
        {"fx": None},
        {"rotation": [1, 2, 3, 4]},
        {"position": [1, 2]},
        {"width": "wide"},
        "x",
        None,
        5,
    ],
)
def test_anything_else_is_explained(change):
    entry = {**ENTRY, **change} if isinstance(change, dict) else change
    with pytest.raises(EngineError, match=r"Camera 1 of cameras.json is not as expected") as caught:
        read_cameras_json([ENTRY, entry], Path("cameras.json"))
    assert caught.value.kind == "bad_file"


@pytest.mark.parametrize("key", sorted(set(ENTRY) - {"id"}))
def test_missing_keys_are_named(key):
    entry = {k: v for k, v in ENTRY.items() if k != key}
    with pytest.raises(EngineError, match=rf"Camera 0 .*{key}"):
        read_cameras_json([entry], Path("cameras.json"))


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"camera_model": "FTHETA"}, "sub/IMG_1 cannot be used: .*FTHETA is not known"),
        ({"model": "EQUIRECTANGULAR"}, "panorama"),
        ({"k5": 0.1}, "sub/IMG_1 cannot be used: its lens has k5 = 0.1"),
        ({"width": float("inf")}, "Camera 0 .* width is inf"),
        ({"width": 2**31, "height": 2**31}, "exceeds 500 megapixels"),
        ({"fx": 1e-300}, "focal length fx is 1e-300"),
        ({"fx": 10**400}, "fx is an integer beyond"),
        ({"img_name": "a\0b"}, "control characters"),
        ({"img_name": {"a": 1}}, "img_name is an object, not a text"),
        ({"position": [1, 2, float("nan")]}, "sub/IMG_1 cannot be used: its pose is not finite"),
        ({"position": [1, 2, 1e20]}, "scene units from the origin"),
        ({"rotation": [[1, 0, 0], [0, 1, 0], [0, 0, -1]]}, "not a rotation"),
        ({"rotation": [[0, 0, 0]] * 3}, "not finite"),
        ({"rotation": [[[1]]]}, "rotation is a list of 1, not 3x3 numbers"),
    ],
)
def test_cameras_that_are_none_are_refused_by_name(change, match):
    with pytest.raises(EngineError, match=match) as caught:
        read_cameras_json([{**ENTRY, **change}], Path("cameras.json"))
    assert caught.value.kind == "bad_file" and len(caught.value.message) < 300


def test_a_distorted_lens_is_read_as_such():
    (shot,) = read_cameras_json([{**ENTRY, "camera_model": "OPENCV", "k1": 0.1}], Path("c.json"))
    assert not shot.intrinsics.is_pinhole


def test_photos_may_be_numbered():
    (shot,) = read_cameras_json([{**ENTRY, "img_name": 7}], Path("cameras.json"))
    assert shot.name == "7"
