"""Ctrl-C, sent to a real process: what is said, and that nothing is half written."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest
from waiting import LIMIT

import small_scene

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT")

# Runs the command, and sends the signal to itself when it comes to a certain function for the
# third time.
STOPPED = """
import os, signal, sys
from importlib import import_module
signal.signal(signal.SIGINT, signal.default_int_handler)
module, name = sys.argv[1:3]
sys.argv[1:3] = []
module, calls = import_module(module), []
function = getattr(module, name)
def stopping(*arguments, **options):
    calls.append(0)
    if len(calls) == 3 or "once" in os.environ.get("WHEN", ""):
        os.kill(os.getpid(), signal.SIGINT)
    return function(*arguments, **options)
setattr(module, name, stopping)
from ludvig_engine.cli import main
main()
"""


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    return small_scene.write(tmp_path_factory.mktemp("scene"))


def stop(where, arguments, folder, when=""):
    """Exit code, stdout and stderr of a command that gets SIGINT in the function `where`."""
    environment = {**os.environ, "LUDVIG_CACHE": str(folder / "cache"), "WHEN": when}
    command = [sys.executable, "-c", STOPPED, *where, *map(str, arguments)]
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=folder, timeout=LIMIT
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def segment(scene):
    x, y = small_scene.center_of("red", 0)
    given = ("--extractor=colour", f"--click=photo_0:{x},{y}", "--out=r.safetensors")
    return ["segment", scene / "splats.ply", "--views", scene, *given]


PIPELINE = ("ludvig_engine.cli.segmenting", "prepare")


@pytest.mark.parametrize("json_", [False, True])
def test_what_is_kept_of_a_computation_is_said(scene, tmp_path, json_):
    arguments = segment(scene) + ["--json"] * json_
    code, out, said = stop(PIPELINE, arguments, tmp_path, "once")
    expected = "Stopped. Finished steps are cached; run the same command again to continue."
    assert (code, said.splitlines()[-1]) == (130, expected)
    assert not (tmp_path / "r.safetensors").exists()
    if json_:
        assert json.loads(out) == {"error": {"kind": "cancelled", "message": expected, "fixes": []}}
    else:
        assert not out


def test_without_a_cache_nothing_is_kept(scene, tmp_path):
    code, _, said = stop(PIPELINE, [*segment(scene), "--no-cache"], tmp_path, "once")
    assert code == 130 and said.endswith("Stopped. Nothing is kept, because of --no-cache.\n")


def test_pictures_that_are_written_stay(scene, tmp_path):
    given = [
        "render",
        scene / "splats.ply",
        "--views",
        scene,
        "--view=all",
        "--what=rgb",
        "--out=o",
    ]
    code, _, said = stop(("ludvig_engine.pictures.draw", "save"), given, tmp_path)
    assert code == 130 and said.endswith("Stopped. Written to o: 2 of 8 pictures.\n")
    assert sorted(path.name for path in (tmp_path / "o").iterdir()) == [
        "photo_0.png",
        "photo_1.png",
    ]


def test_before_there_is_anything_to_keep(scene, tmp_path):
    loading = ("ludvig_engine.cli.info", "load_scene")
    code, _, said = stop(loading, ["info", scene / "splats.ply"], tmp_path, "once")
    assert (code, said) == (130, "Stopped. No file is half written.\n")


def test_a_real_signal_from_outside(scene, tmp_path):
    """As a terminal sends it, at a moment that the process does not choose."""
    with subprocess.Popen(
        [sys.executable, "-m", "ludvig_engine", "bench", "lift"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        assert "Measuring: lift" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        out, said = process.communicate(timeout=LIMIT)
    assert (process.returncode, out, said) == (130, "", "Stopped. No file is half written.\n")
