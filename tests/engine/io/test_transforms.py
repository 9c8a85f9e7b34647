"""transforms.json as nerfstudio documents it, and as its data parser reads it.

https://docs.nerf.studio/quickstart/data_conventions.html
"""

import json
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


def test_the_space_of_nerfstudios_export(folder):
    """Cameras follow points: x is A x in transforms.json (scaled by a), and s T x in the export."""
    random = np.random.default_rng(0)

    def rigid():
        matrix, _ = np.linalg.qr(random.normal(size=(3, 3)))
        return np.block(
            [
                [matrix * np.sign(np.linalg.det(matrix)), random.normal(size=(3, 1))],
                [np.zeros((1, 3)), 1],
            ]
        )

    applied = rigid()
    transform = rigid()
    scale = 0.3
    plain, _ = read(META)
    meta = {**META, "applied_transform": applied[:3].tolist()}
    (folder / "dataparser_transforms.json").write_text(
        json.dumps({"transform": transform[:3].tolist(), "scale": scale})
    )
    shot, notes = read(meta, folder / "transforms.json")
    assert len(notes) == 1 and "dataparser_transforms.json" in notes[0]
    points = np.column_stack([random.normal(size=(10, 3)), np.ones(10)])
    saved, exported = points @ applied.T, points @ transform.T * [scale, scale, scale, 1]
    # The whole world is scaled, so depths are, and pictures stay the same.
    np.testing.assert_allclose(
        (exported @ shot.viewmat.T)[:, :3], scale * (saved @ plain.viewmat.T)[:, :3], atol=1e-9
    )
    halved, _ = read({**meta, "applied_scale": 2.0}, folder / "transforms.json")
    # In saved units, which are twice the original ones.
    center = np.linalg.inv(plain.viewmat)[:3, 3]
    expected = transform @ np.linalg.inv(applied) @ [*center, 1]
    np.testing.assert_allclose(
        np.linalg.inv(halved.viewmat)[:3, 3], expected[:3] * scale / 2, atol=1e-9
    )


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
        ({"camera_model": "EQUIRECTANGULAR"}, "panoramas"),
        ({"camera_model": 7}, "not as expected"),
        ({"w": -5}, "is not valid"),
    ],
)
def test_anything_else_is_explained(change, match):
    with pytest.raises(EngineError, match=match):
        read({**META, **change})
    without = {k: v for k, v in META.items() if k != "fl_x"}
    with pytest.raises(EngineError, match="fl_x"):
        read(without)
