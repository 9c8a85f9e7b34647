"""Sessions with mouse and keyboard in a real Blender.

    BLENDER=blender xvfb-run -s "-screen 0 1600x1300x24" python -m pytest tests/gui -rs

They need a display, xdotool and ImageMagick, and a Python with the engine's packages (this one, or
LUDVIG_ENGINE_PYTHON). The window wants 1600 x 1300 pixels. LUDVIG_SHOTS names a folder for a
screenshot of each step. With LUDVIG_PICTURES=docs/images, test_pictures.py renews the guide's
pictures.
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
BLENDER = shlex.split(os.environ.get("BLENDER", ""))


@pytest.fixture(scope="session")
def blender(tmp_path_factory) -> tuple[Path, Path]:
    """A user folder of its own, and the extension as users get it."""
    if not BLENDER or not os.environ.get("DISPLAY"):
        pytest.skip("a session in Blender needs BLENDER (the command that starts it) and DISPLAY")
    user, built = tmp_path_factory.mktemp("user"), tmp_path_factory.mktemp("zip")
    build = ["--command", "extension", "build", "--source-dir", str(ROOT)]
    subprocess.run(
        [*BLENDER, *build, "--output-dir", str(built)], check=True, stdout=subprocess.DEVNULL
    )
    return user, next(built.glob("*.zip"))


@pytest.fixture
def play(blender, tmp_path):
    """Run a script of this folder in Blender; what it has found."""
    user, extension = blender

    def play(script, name, **asked):
        shots = Path(os.environ.get("LUDVIG_SHOTS", tmp_path)) / name
        shots.mkdir(parents=True, exist_ok=True)
        python = os.environ.get("LUDVIG_ENGINE_PYTHON", sys.executable)
        asked |= {"zip": str(extension), "python": python}
        asked |= {"cache": str(tmp_path), "shots": str(shots)}
        (tmp_path / "asked.json").write_text(json.dumps(asked))
        place = ["--window-geometry", "0", "0", "1600", "1300"]
        run = ["--python", str(Path(__file__).with_name(script)), "--"]
        done = subprocess.run(
            [*BLENDER, *place, *run, str(tmp_path / "asked.json")],
            env={**os.environ, "BLENDER_USER_RESOURCES": str(user)},
            timeout=1500,
            text=True,
            capture_output=True,
            check=False,
        )
        output = done.stdout + done.stderr
        assert done.returncode == 0, output[-4000:]
        assert "Traceback" not in output
        return json.loads((tmp_path / "found.json").read_text())

    return play
