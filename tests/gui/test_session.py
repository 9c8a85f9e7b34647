"""The whole way with mouse and keyboard in a real Blender.

A user computes features, clicks, drags the certainty, deletes and undoes.

    BLENDER=blender xvfb-run -s "-screen 0 1600x1300x24" python -m pytest tests/gui -rs

Needs a display, xdotool and ImageMagick, and a Python with the engine's packages (this one, or
LUDVIG_ENGINE_PYTHON). The window wants 1600 x 1300 pixels. LUDVIG_SHOTS names a folder for a
screenshot of each step.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLENDER, DATA = shlex.split(os.environ.get("BLENDER", "")), os.environ.get("LUDVIG_DATA", "")


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


@pytest.fixture(scope="module")
def blender(tmp_path_factory) -> tuple[Path, Path]:
    """A user folder of its own, and the extension as users get it."""
    if not BLENDER or not os.environ.get("DISPLAY"):
        pytest.skip("a session in Blender needs BLENDER (the command that starts it) and DISPLAY")
    user, built = tmp_path_factory.mktemp("user"), tmp_path_factory.mktemp("zip")
    build = [
        "--command",
        "extension",
        "build",
        "--source-dir",
        str(ROOT),
        "--output-dir",
        str(built),
    ]
    subprocess.run([*BLENDER, *build], check=True, stdout=subprocess.DEVNULL)
    return user, next(built.glob("*.zip"))


@pytest.mark.parametrize("scene", [demo, banana])
def test_session(scene, blender, tmp_path):
    user, extension = blender
    python = os.environ.get("LUDVIG_ENGINE_PYTHON", sys.executable)
    shots = Path(os.environ.get("LUDVIG_SHOTS", tmp_path)) / scene.__name__
    shots.mkdir(parents=True, exist_ok=True)
    asked = {
        **scene(),
        "zip": str(extension),
        "python": python,
        "cache": str(tmp_path),
        "shots": str(shots),
    }
    (tmp_path / "asked.json").write_text(json.dumps(asked))
    script = Path(__file__).with_name("session.py")
    command = [
        *BLENDER,
        "--window-geometry",
        "0",
        "0",
        "1600",
        "1300",
        "--python",
        str(script),
        "--",
    ]
    environment = {**os.environ, "BLENDER_USER_RESOURCES": str(user)}
    done = subprocess.run(
        [*command, str(tmp_path / "asked.json")],
        env=environment,
        timeout=500,
        text=True,
        capture_output=True,
        check=False,
    )
    output = done.stdout + done.stderr
    assert done.returncode == 0, output[-4000:]
    assert "Traceback" not in output
    said = json.loads((tmp_path / "asked.json").with_name("found.json").read_text())
    everything = said["count"]
    found = said["click"]
    less = said["certainty"]
    assert 0 < less < found < 0.5 * everything
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
