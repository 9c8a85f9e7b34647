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
