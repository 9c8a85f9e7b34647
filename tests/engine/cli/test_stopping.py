"""Ctrl-C, sent to a real process: what is said, and that nothing is half written."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys

import pytest
from waiting import LIMIT

import small_scene

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT")

# Runs commands one after another, and sends the signal to itself when each comes to a certain
# function for the first or third time. The last one ends the process.
STOPPED = """
import json, os, signal, sys
from importlib import import_module
from ludvig_engine.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)
cases = json.loads(sys.argv[1])
for n, (module, name, call, arguments) in enumerate(cases, start=1):
    module, calls = import_module(module), []
    function = getattr(module, name)
    def stopping(*arguments, **options):
        calls.append(0)
        if len(calls) == call:
            os.kill(os.getpid(), signal.SIGINT)
        return function(*arguments, **options)
    setattr(module, name, stopping)
    sys.argv[1:] = arguments
    try:
        main()
    except SystemExit as end:
        if n == len(cases):
            raise
        for stream in sys.stdout, sys.stderr:
            print("ended with", end.code, file=stream)
    setattr(module, name, function)
"""
ENDED = re.compile(r"^ended with (.*)\n", re.MULTILINE)


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    return small_scene.write(tmp_path_factory.mktemp("scene"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the commands run."""
    return tmp_path_factory.mktemp("folder")


@pytest.fixture(scope="module")
def stopped(scene, folder):
    """Exit code, stdout and stderr of some commands that each get SIGINT at some point."""
    x, y = small_scene.center_of("red", 0)
    both = (scene / "splats.ply", "--views", scene)
    segment = ("segment", *both, "--extractor=colour", f"--click=photo_0:{x},{y}")
    computing = ("ludvig_engine.cli.segmenting", "prepare", 1)
    cases = {
        "before": ("ludvig_engine.cli.info", "load_scene", 1, ("info", both[0])),
        "pictures": (
            *("ludvig_engine.pictures.draw", "save", 3),
            ("render", *both, "--view=all", "--what=rgb", "--out=o"),
        ),
        "uncached": (*computing, (*segment, "--out=r.safetensors", "--no-cache")),
        "json": (*computing, (*segment, "--out=r.safetensors", "--json")),
        "plain": (*computing, (*segment, "--out=r.safetensors")),
    }
    done = subprocess.run(
        [sys.executable, "-c", STOPPED, json.dumps([*cases.values()], default=str)],
        capture_output=True,
        text=True,
        env={**os.environ, "LUDVIG_CACHE": str(folder / "cache")},
        cwd=folder,
        timeout=LIMIT,
    )
    assert "Traceback" not in done.stderr
    out, said = (ENDED.split(text)[::2] for text in (done.stdout, done.stderr))
    codes = [*map(int, ENDED.findall(done.stderr)), done.returncode]
    return dict(zip(cases, zip(codes, out, said, strict=True), strict=True))


@pytest.mark.parametrize("how", ["plain", "json"])
def test_what_is_kept_of_a_computation_is_said(stopped, folder, how):
    code, out, said = stopped[how]
    expected = "Stopped. Finished steps are cached; run the same command again to continue."
    assert (code, said.splitlines()[-1]) == (130, expected)
    assert not (folder / "r.safetensors").exists()
    if how == "json":
        assert json.loads(out) == {"error": {"kind": "cancelled", "message": expected, "fixes": []}}
    else:
        assert not out


def test_without_a_cache_nothing_is_kept(stopped):
    code, _, said = stopped["uncached"]
    assert code == 130 and said.endswith("Stopped. Nothing is kept, because of --no-cache.\n")


def test_pictures_that_are_written_stay(stopped, folder):
    code, _, said = stopped["pictures"]
    assert code == 130 and said.endswith("Stopped. Written to o: 2 of 8 pictures.\n")
    assert sorted(path.name for path in (folder / "o").iterdir()) == ["photo_0.png", "photo_1.png"]


def test_before_there_is_anything_to_keep(stopped):
    code, _, said = stopped["before"]
    assert (code, said) == (130, "Stopped. No file is half written.\n")


def test_a_real_signal_from_outside():
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
