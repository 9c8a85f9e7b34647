"""Where points lie in a camera's picture, against a loop that takes them one by one."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from ludvig_engine.scene import Camera


def some_camera(random: np.random.Generator) -> Camera:
    viewmat = np.eye(4)
    viewmat[:3, :3] = Rotation.random(random_state=random).as_matrix()
    viewmat[:3, 3] = random.normal(size=3)
    K = np.array([[30.0, 0, 19.3], [0, 33, 11.8], [0, 0, 1]])
    return Camera(viewmat, K, 40, 25)


def test_points_in_the_picture_are_those_of_a_loop():
    random = np.random.default_rng(0)
    camera, near = some_camera(random), 0.3
    points = random.normal(0, 3, (500, 3)).astype(np.float32)
    expected = []
    for k, point in enumerate(points.astype(np.float64)):
        local = camera.viewmat @ [*point, 1.0]
        if local[2] <= near:
            continue
        x, y, w = camera.K @ local[:3]
        if 0 <= x / w < 40 and 0 <= y / w < 25:
            expected.append((k, int(y / w), int(x / w), local[2]))
    assert 20 < len(expected) < 480
    found = camera.in_picture(points, near)
    assert np.array_equal(np.stack(found[:3], 1), [row[:3] for row in expected])
    np.testing.assert_allclose(found[3], [row[3] for row in expected])


def test_a_picture_without_points():
    camera = some_camera(np.random.default_rng(1))
    behind = camera.center - camera.viewmat[2, :3]
    for points in (np.zeros((0, 3)), behind[None]):
        assert [len(values) for values in camera.in_picture(points)] == [0, 0, 0, 0]
