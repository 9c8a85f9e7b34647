"""The mouse rests on things and lights them, and a brush selects what it touches."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_pointing(play):
    said = play("pointing.py", "pointing", splats=f"{ROOT}/demo/scene/splats.ply")
    assert 0 <= said["removed"] < said["brushed"] < said["count"]
    assert said["undo"] == said["brushed"], "a stroke is one step back"
    assert said["radius"][0] < said["radius"][1]
    assert 0 < said["front"] < 0.01 * said["count"]
    assert said["segment"] == said["count"]
