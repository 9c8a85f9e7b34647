"""The commands and examples of README and docs/ work as printed."""

from __future__ import annotations

import os
import re
import runpy
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from waiting import LIMIT

import small_scene
from ludvig_engine.features import listing
from ludvig_engine.wire import methods, methods_table
from wire_tools import forwarded, wait_for

ROOT = Path(__file__).resolve().parents[2]


def blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / name).read_text("utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return small_scene.write(tmp_path_factory.mktemp("scene"))


@pytest.fixture
def environment(tmp_path):
    paths = {
        "LUDVIG_CACHE": str(tmp_path / "cache"),
        "TMPDIR": str(tmp_path),
        "PYTHONPATH": str(ROOT),
    }
    return {**os.environ, **paths}


def run(script: str, *arguments: object, cwd: Path, env: dict[str, str]) -> str:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_example_runs(made, tmp_path, environment):
    (example,) = [block for block in blocks("README.md", "python") if "Engine.start" in block]
    assert len([line for line in example.splitlines() if line.strip()]) <= 15
    said = run(example, made / "splats.ply", made, cwd=tmp_path, env=environment)
    assert (
        "Progress(stage='Extracting features (colour)'" in said
        and " of 4,000 splats, threshold 0." in said
    )
    selected = np.load(tmp_path / "selected.npy")
    assert selected.dtype == bool and selected.shape == (4000,)


def library_examples() -> list[str]:
    """The examples of the library. One that two pages print alike is there once."""
    found = []
    for page in ("README.md", "docs/scripting.md"):
        (example,) = [block for block in blocks(page, "python") if "ludvig.segment(" in block]
        found.append(example)
    return [*dict.fromkeys(found)]


def test_the_library_examples_run(made, tmp_path, monkeypatch):
    monkeypatch.setenv("LUDVIG_CACHE", str(tmp_path / "cache"))
    click = ("photo_0.png", *small_scene.center_of("red", 0))
    for example in library_examples():
        for printed, here in (
            ("garden.ply", str(made / "splats.ply")),
            ("garden/", str(made)),
            ('("IMG_1.jpg", 310, 222)', repr(click)),
        ):
            assert example.count(printed) == 1
            example = example.replace(printed, here)
        (tmp_path / "example.py").write_text(example, "utf-8")
        made_there = runpy.run_path(str(tmp_path / "example.py"))
        assert str(made_there["scene"]) == "Scene(splats.ply, 4,000 splats, 8 photos)"
        red, selected = np.load(made / "names.npy") == "red", made_there["selected"]
        assert (selected & red).sum() / (selected | red).sum() > 0.9


def test_all_that_is_named_exists():
    for name in ("scripting.md", "remote.md"):
        text = (ROOT / "docs" / name).read_text("utf-8")
        for called in re.findall(r"`([A-Z]\w+)\(", text):
            assert hasattr(methods, called), called
    asked = set(re.findall(r"`([A-Z]\w+)\(", (ROOT / "docs" / "scripting.md").read_text("utf-8")))
    own = {
        kind.__name__
        for kind in methods.METHODS.values()
        if kind.__module__.startswith("ludvig_engine.wire.")
    }
    assert own - asked == {"Hello", "Initialize", "Shutdown"}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@pytest.mark.skipif(sys.platform == "win32", reason="the command is for a POSIX shell")
def test_the_remote_commands_work(tmp_path, environment):
    """As printed, except that a local forward replaces ssh."""
    token, serve = blocks("docs/remote.md", "sh")[0].strip().splitlines()
    forward = "-o ExitOnForwardFailure=yes -L 127.0.0.1:7777:127.0.0.1:7777"
    ssh = f"ssh {forward} WORKSTATION ludvig"
    assert serve.count(ssh) == 1
    port = free_port()
    there = serve.replace(ssh, f"{sys.executable} -m ludvig_engine").replace("7777", str(port))
    command = f"{token.replace('python3', sys.executable)}; echo $TOKEN; {there}"
    shell = subprocess.Popen(
        ["sh", "-c", command], cwd=tmp_path, env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    with shell, forwarded(port) as here:
        environment["TOKEN"] = shell.stdout.readline().strip()
        assert len(environment["TOKEN"]) == 64
        assert wait_for((tmp_path / "ludvig.json").exists)
        for _ in range(2):  # leaving does not end it
            said = run(
                blocks("docs/remote.md", "python")[0].replace("7777", str(here)),
                cwd=tmp_path,
                env=environment,
            )
            assert said.strip()
        shell.stdin.close()
        assert shell.wait(LIMIT) == 0
    assert not (tmp_path / "ludvig.json").exists()


def test_a_taken_port_ends_every_ssh_of_the_docs():
    """Or the client would send its token to the program that has the port."""
    seen = 0
    for page in (ROOT / "docs").glob("*.md"):
        for command in re.findall(r"ssh [^`\n]*-L [^`\n]*", page.read_text("utf-8")):
            assert "-o ExitOnForwardFailure=yes" in command, f"{page}: {command}"
            assert "-L 127.0.0.1:" in command, f"{page}: {command}"
            seen += 1
    assert seen == 2


def test_the_table_of_methods_is_up_to_date():
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    assert (
        text.split("<!-- methods -->")[1].split("<!-- /methods -->")[0].strip()
        == methods_table.table()
    )


@pytest.mark.parametrize(
    ("page", "table"), [("README.md", listing.summary), ("docs/features.md", listing.table)]
)
def test_the_tables_of_extractors_are_up_to_date(page, table):
    text = (ROOT / page).read_text("utf-8")
    printed = text.split("<!-- extractors -->")[1].split("<!-- /extractors -->")[0].strip()
    assert printed == table(), "python -m ludvig_engine.features prints both"
