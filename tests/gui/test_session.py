"""The whole way: a user computes features, clicks, drags the certainty, deletes and undoes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

# Pixels from the top of the sidebar to its last buttons. The sidebar of a small screen has 760, of
# which what is closed below takes the rest.
LOWEST = 690
ROOT = Path(__file__).parents[2]
DATA = os.environ.get("LUDVIG_DATA", "")


def demo() -> dict[str, object]:
    folder = ROOT / "demo/scene"
    thing = json.loads((folder / "scene.json").read_text("utf-8"))["objects"][0]
    views = str(folder)
    return {
        "splats": f"{folder}/splats.ply",
        "views": views,
        "view": thing["view"],
        "click": thing["click"],
    }


def banana() -> dict[str, object]:
    if not DATA:
        pytest.skip("LUDVIG_DATA does not say where the real scenes are")
    splats, views = f"{DATA}/banana/gs/point_cloud.ply", f"{DATA}/banana/transforms.json"
    return {"splats": splats, "views": views, "view": "DSC_0429", "click": [363, 250]}


@pytest.mark.parametrize("scene", [demo, banana])
def test_session(scene, play):
    said = play("session.py", scene.__name__, **scene())
    everything = said["count"]
    found = said["click"]
    less = said["certainty"]
    assert 0 < less < found < 0.5 * everything
    assert said["height"] < LOWEST, "the last buttons are beyond the window of a small screen"
    assert said["through"]
    assert said["surface"] == [everything, found, False], (
        "a changed prompt and its result are one step back"
    )
    assert said["delete"] == [everything - less, 0]
    assert said["undo"] == [everything, less]
    assert said["again"] == [everything, found], "one step back is one step: the dragged certainty"
    assert said["first"] == [everything, 0]
    assert said["features"], (
        "they were computed: undo of what was done with them does not change that"
    )
