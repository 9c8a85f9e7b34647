"""transforms.json as nerfstudio documents it, and as its data parser reads it.

https://docs.nerf.studio/quickstart/data_conventions.html
"""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ludvig_engine.errors import EngineError
from ludvig_engine.io.transforms import read_transforms

POSE = [[0, 0, -1, 1], [-1, 0, 0, 2], [0, 1, 0, 3], [0, 0, 0, 1]]  # looks along x, up is z
FRAME = {"file_path": "./images/a.jpg", "transform_matrix": POSE}
META = {
    "w": 300,
    "h": 200,
    "fl_x": 250.0,
    "fl_y": 260.0,
    "cx": 140.0,
    "cy": 90.0,
    "frames": [FRAME],
}


def not_needed(names):
    raise AssertionError("the size is in the file")


def read(meta, path="transforms.json", find=not_needed):
    shots, notes = read_transforms(meta, Path(path), find)
    return (*shots, notes)


def test_what_it_means():
    shot, notes = read(META)
    assert shot.name == "images/a.jpg" and notes == [] and shot.intrinsics.size == (300, 200)
    assert shot.intrinsics.is_pinhole
    center = np.array([1, 2, 3, 1])
    np.testing.assert_allclose(shot.viewmat @ center, [0, 0, 0, 1], atol=1e-12)
    # Forward.
    np.testing.assert_allclose(
        shot.viewmat @ (center + np.array([5, 0, 0, 0])), [0, 0, 5, 1], atol=1e-12
    )
    # Up.
    np.testing.assert_allclose(
        shot.viewmat @ (center + np.array([0, 0, 5, 0])), [0, -5, 0, 1], atol=1e-12
    )
    np.testing.assert_array_equal(shot.intrinsics.K, [[250, 0, 140], [0, 260, 90], [0, 0, 1]])


def test_three_rows_are_enough():
    a, _ = read(META)
    b, _ = read({**META, "frames": [{**FRAME, "transform_matrix": POSE[:3]}]})
    np.testing.assert_array_equal(a.viewmat, b.viewmat)


def test_intrinsics_of_a_frame_come_first():
    own = {"fl_x": 100, "w": 600.0, "h": 400.0, "k1": 0.1, "camera_model": "OPENCV"}
    shot, _ = read({**META, "frames": [{**FRAME, **own}]})
    assert (
        shot.intrinsics.size == (600, 400)
        and shot.intrinsics.K[0, 0] == 100
        and shot.intrinsics.K[1, 1] == 260
    )
    assert not shot.intrinsics.is_pinhole


def test_distortion_is_opencvs():
    rays = np.array([[0.3, -0.2, 1.0]])
    x = 0.3
    y = -0.2
    r2 = 0.13
    k1 = 0.1
    k2 = -0.02
    k3 = 0.03
    p1 = 0.004
    p2 = -0.005
    shot, _ = read({**META, "k1": k1, "k2": k2, "k3": k3, "p1": p1, "p2": p2})
    radial = 1 + k1 * r2 + k2 * r2**2 + k3 * r2**3
    expected = [
        x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x),
        y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y,
    ]
    got = shot.intrinsics.colmap().img_from_cam(rays)
    np.testing.assert_allclose(got, [np.array(expected) * (250, 260) + (140, 90)], atol=1e-9)


@pytest.mark.parametrize("flag", [{"camera_model": "OPENCV_FISHEYE"}, {"is_fisheye": True}])
def test_fisheyes(flag):
    k = (0.1, -0.02, 0.03, 0.004)
    shot, _ = read({**META, **dict(zip(("k1", "k2", "k3", "k4"), k, strict=True)), **flag})
    r = np.hypot(0.3, 0.2)
    theta = np.arctan(r)
    bent = theta * (1 + sum(c * theta ** (2 * i + 2) for i, c in enumerate(k)))
    got = shot.intrinsics.colmap().img_from_cam(np.array([[0.3, -0.2, 1.0]]))
    np.testing.assert_allclose(
        got, [np.array([0.3, -0.2]) / r * bent * (250, 260) + (140, 90)], atol=1e-9
    )


def test_project_arias_lens_follows_its_published_formula():
    """FISHEYE624: six radial, two tangential and four thin prism coefficients."""
    k = (0.4, -0.3, -0.3, 1.8, -2.1, 0.7)
    p = np.array([-0.0002, 0.0005])
    s = (0.001, -0.002, -0.0009, -0.001)
    shot, _ = read({**META, "camera_model": "FISHEYE624", "distortion_params": [*k, *p, *s]})
    ray = np.array([0.3, -0.2])
    theta = np.arctan(np.hypot(*ray))
    bent = ray / np.hypot(*ray) * theta
    bent *= 1 + sum(c * theta ** (2 * i + 2) for i, c in enumerate(k))
    r2 = bent @ bent
    expected = bent + 2 * (bent @ p) * bent + r2 * p
    expected += [s[0] * r2 + s[1] * r2**2, s[2] * r2 + s[3] * r2**2]
    got = shot.intrinsics.colmap().img_from_cam(np.array([[*ray, 1.0]]))
    np.testing.assert_allclose(got, [expected * (250, 260) + (140, 90)], atol=1e-9)
    assert not shot.intrinsics.is_pinhole


@pytest.mark.parametrize(
    ("word", "extra", "same_as"),
    [
        ("PINHOLE", {}, {}),
        ("SIMPLE_PINHOLE", {}, {}),
        ("perspective", {}, {}),
        ("OPENCV", {"k4": 0.0, "k5": 0}, {}),
        ("RADIAL", {"k1": 0.1, "k2": 0.02}, {"k1": 0.1, "k2": 0.02}),
        ("SIMPLE_RADIAL", {"k": 0.1}, {"k1": 0.1}),
        ("OPENCV", {"distortion_params": [0.1, 0.02, 0.03, 0, 0.004, 0.005]},
         {"k1": 0.1, "k2": 0.02, "k3": 0.03, "p1": 0.004, "p2": 0.005}),
        ("SIMPLE_RADIAL_FISHEYE", {"k": 0.1}, {"k1": 0.1, "is_fisheye": True}),
        ("RADIAL_FISHEYE", {"k1": 0.1, "k2": 0.02}, {"k1": 0.1, "k2": 0.02, "is_fisheye": True}),
        ("FISHEYE", {}, {"is_fisheye": True}),
    ],
)  # fmt: skip
def test_special_cases_of_lenses(word, extra, same_as):
    """Simpler models are the general one with zeros, whatever the file calls them."""
    shot, _ = read({**META, "camera_model": word, **extra})
    other, _ = read({**META, **same_as})
    assert shot.intrinsics == other.intrinsics


@pytest.mark.parametrize(
    ("word", "values", "params"),
    [
        ("FULL_OPENCV", {f"k{n}": n / 10 for n in range(1, 7)},
         (250, 260, 140, 90, 0.1, 0.2, 0, 0, 0.3, 0.4, 0.5, 0.6)),
        ("THIN_PRISM_FISHEYE", {"k1": 0.1, "p2": 0.2, "sx1": 0.3},
         (250, 260, 140, 90, 0.1, 0, 0, 0.2, 0, 0, 0.3, 0)),
        ("RAD_TAN_THIN_PRISM_FISHEYE", {"k0": 0.1, "p0": 0.2, "s3": 0.3},
         (250, 260, 140, 90, 0.1, 0, 0, 0, 0, 0, 0.2, 0, 0, 0, 0, 0.3)),
        ("FOV", {"omega": 0.7}, (250, 260, 140, 90, 0.7)),
        ("EUCM", {"alpha": 0.5, "beta": 1.1}, (250, 260, 140, 90, 0.5, 1.1)),
    ],
)  # fmt: skip
def test_colmaps_lenses_by_their_own_names(word, values, params):
    shot, _ = read({**META, "camera_model": word, **values})
    assert shot.intrinsics.model == word
    np.testing.assert_allclose(shot.intrinsics.params, params)


def test_masks_of_the_photos(tmp_path):
    (tmp_path / "masks").mkdir()
    Image.new("L", (300, 200)).save(tmp_path / "masks/a.png")
    frames = [{**FRAME, "mask_path": "./masks\\a.png"}, {**FRAME, "file_path": "images/b.jpg"}]
    first, second, notes = read({**META, "frames": frames}, tmp_path / "transforms.json")
    assert first.mask == tmp_path / "masks/a.png" and second.mask is None and notes == []
    frames[1]["mask_path"] = "masks/b.png"
    first, second, notes = read({**META, "frames": frames}, tmp_path / "transforms.json")
    assert first.mask and second.mask is None and "1 of 2 masks is missing" in notes[0]


def test_null_is_as_good_as_nothing():
    shot, _ = read({**META, "k1": None, "camera_model": None, "cx": None, "is_fisheye": None})
    assert shot.intrinsics.is_pinhole and shot.intrinsics.K[0, 2] == 150


def test_numbers_may_be_texts():
    shot, _ = read({**META, "fl_x": "250.0", "w": "300"})
    assert shot.intrinsics == read(META)[0].intrinsics


def test_synthetic_scenes_give_an_angle_only(tmp_path):
    Image.new("RGB", (800, 600)).save(tmp_path / "r_0.png")
    frame = {"file_path": "./train/r_0", "rotation": 0.01, "transform_matrix": POSE}
    meta = {"camera_angle_x": 0.6911112, "frames": [frame]}
    shot, _ = read(meta, find=lambda names: {names[0]: tmp_path / "r_0.png"})
    assert shot.name == "train/r_0" and shot.intrinsics.size == (800, 600)
    focal = 400 / np.tan(0.6911112 / 2)
    np.testing.assert_allclose(shot.intrinsics.K, [[focal, 0, 400], [0, focal, 300], [0, 0, 1]])
    with pytest.raises(EngineError, match="size of train/r_0 is unknown"):
        read(meta, find=lambda names: {})
    both, _ = read(
        {"camera_angle_x": 0.7, "camera_angle_y": 0.5, "w": 800, "h": 600, "frames": [frame]}
    )
    assert both.intrinsics.K[1, 1] == pytest.approx(300 / np.tan(0.25))


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"fl_x": None}, "Frame 0 of transforms.json"),
        ({"frames": [{"file_path": "a"}]}, "transform_matrix"),
        ({"frames": [{"transform_matrix": POSE}]}, "file_path"),
        ({"frames": [{**FRAME, "transform_matrix": [[1, 2], [3, 4]]}]}, "not as expected"),
        ({"frames": [FRAME, {**FRAME, "fl_x": "wide"}]}, "Frame 1 of"),
        ({"frames": [FRAME, 5]}, "not as expected"),
        ({"frames": 5}, "not as expected"),
        ({"k4": 0.1}, "k4"),
        ({"camera_model": "EQUIRECTANGULAR"}, "panorama"),
        ({"camera_model": 7}, "lens model 7 is not known"),
        ({"w": -5}, "is not positive"),
        ({"w": float("inf")}, "w is inf, not a finite number"),
        ({"w": 2**31, "h": 2**31}, "exceeds 500 megapixels"),
        ({"fl_x": 1e-12}, "images/a.jpg cannot be used: its focal length"),
        ({"fl_x": 10**400}, "fl_x is an integer beyond"),
        ({"fl_x": True}, "fl_x is True"),
        ({"k1": 1e300}, "images/a.jpg cannot be used: its k1 is 1e\\+300"),
        ({"camera_model": "VR180_L"}, "images/a.jpg cannot be used: .*VR180_L is not known"),
        ({"camera_model": "ORTHOPHOTO"}, "ORTHOPHOTO is not known"),
        ({"camera_model": "OPENCV", "k5": 0.1}, "k5 = 0.1, which OPENCV does not know"),
        ({"s1": 0.1}, "s1 = 0.1"),
        ({"camera_model": "OPENCV_FISHEYE", "p1": 0.1}, "p1 = 0.1"),
        ({"distortion_params": [0.1, 0.2]}, "distortion_params is a list of 2"),
        ({"camera_model": "PINHOLE", "distortion_params": [0] * 12}, "a list of 12"),
        ({"camera_model": "FISHEYE624", "distortion_params": [0] * 6}, "a list of 6"),
        ({"camera_model": "OPENCV", "is_fisheye": True}, "OPENCV, but is_fisheye is true"),
        ({"camera_model": "OPENCV_FISHEYE", "is_fisheye": False}, "but is_fisheye is false"),
        ({"is_fisheye": "yes"}, "is_fisheye is 'yes', not true or false"),
        ({"orthographic": True}, "a lens of another kind"),
        ({"ftheta_p0": 0.1}, "a lens of another kind"),
        ({"camera_model": "FOV"}, "it has no omega"),
        ({"frames": {"a": 1}}, "frames is not a list"),
        ({"frames": [{**FRAME, "file_path": ["a"]}]}, "file_path is a list of 1"),
        ({"frames": [{**FRAME, "file_path": "\ud800"}]}, "not a text"),
        ({"frames": [{**FRAME, "file_path": "a\0b"}]}, "control characters"),
        ({"frames": [{**FRAME, "mask_path": 5.5}]}, "mask_path is 5.5"),
        ({"frames": [{**FRAME, "transform_matrix": [[1e400] * 4] * 4}]}, "pose is not finite"),
        ({"frames": [{**FRAME, "transform_matrix": np.diag([1, 1, -1, 1]).tolist()}]}, "rotation"),
    ],
)
def test_anything_else_is_explained(change, match):
    with pytest.raises(EngineError, match=match):
        read({**META, **change})
    without = {k: v for k, v in META.items() if k != "fl_x"}
    with pytest.raises(EngineError, match="fl_x"):
        read(without)


def test_frames_without_a_pose_are_left_out_and_said():
    frames = [FRAME, {"file_path": "images/b.jpg"}, {**FRAME, "transform_matrix": None}]
    shot, notes = read({**META, "frames": frames})
    assert shot.name == "images/a.jpg"
    assert "2 of 3 frames are left out of transforms.json" in notes[0]
    with pytest.raises(EngineError, match="it has no transform_matrix"):
        read({**META, "frames": frames[1:]})


def test_missing_photos_count_as_large_as_the_others(tmp_path):
    meta = {key: value for key, value in META.items() if key not in ("w", "h")}
    frames = [{**FRAME, "file_path": name} for name in ("a.jpg", "b.jpg", "c.jpg")]
    for name in ("a.jpg", "b.jpg"):
        Image.new("RGB", (300, 200)).save(tmp_path / name)
    found = {name: tmp_path / name for name in ("a.jpg", "b.jpg")}
    *shots, notes = read({**meta, "frames": frames}, find=lambda names: found)
    assert [shot.intrinsics.size for shot in shots] == [(300, 200)] * 3
    assert "1 of 3 photos is missing" in notes[0] and "300x200" in notes[0]
    Image.new("RGB", (100, 200)).save(tmp_path / "b.jpg")
    for there in (found, {}):
        with pytest.raises(EngineError, match=r"The size of .* is unknown"):
            read({**meta, "frames": frames}, find=lambda names, there=there: there)
