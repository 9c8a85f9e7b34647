"""Programs are found on PATH alone, whatever lies in the current folder."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import pytest

from ludvig_engine.errors import EngineError
from ludvig_engine.outside import programs, system
from ludvig_engine.wire import process

ROOT = Path(__file__).resolve().parents[3]


def program(folder, name="uv"):
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / system.program(name)
    place.write_text("#!/bin/sh\nexit 7\n")
    place.chmod(0o755)
    return place


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A current folder with a program in it, and another folder that PATH may name."""
    program(tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


@pytest.mark.parametrize("entries", [[""], ["."], [".", ""], ["../here"], []])
def test_not_in_the_current_folder(entries, here, monkeypatch):
    monkeypatch.setenv("PATH", os.pathsep.join(entries))
    assert programs.find("uv") is None
    monkeypatch.setenv("PATH", os.pathsep.join([*entries, str(here / "bin")]))
    assert programs.find("uv") is None
    right = program(here / "bin")
    assert programs.find("uv") == right and right.is_absolute()


def test_the_first_of_path_that_can_be_run(here, monkeypatch):
    folders = [here / name for name in ("none", "data", "folder", "first", "second")]
    program(here / "data").chmod(0o644)
    (here / "folder" / system.program("uv")).mkdir(parents=True)
    for name in ("first", "second"):
        program(here / name)
    monkeypatch.setenv("PATH", os.pathsep.join([str(folders[0]), f'"{folders[3]}"', str(here)]))
    assert programs.find("uv").parent == here / "first", "Windows allows quotes in PATH"
    if os.name != "nt":  # where every file can be run
        monkeypatch.setenv("PATH", os.pathsep.join(map(str, folders)))
        assert programs.find("uv").parent == here / "first"


def test_on_windows_only_programs_and_no_batch_files(here, monkeypatch):
    monkeypatch.setattr(system.sys, "platform", "win32")
    monkeypatch.setenv("PATH", str(here / "bin"))
    for name in ("uv", "uv.bat", "uv.cmd"):
        (here / "bin").mkdir(exist_ok=True)
        (here / "bin" / name).write_text("")
        (here / "bin" / name).chmod(0o755)
    assert programs.find("uv") is None
    right = program(here / "bin")
    assert programs.find("uv") == programs.find("uv.exe") == right


def test_what_is_started_does_not_look_in_the_current_folder_either():
    assert process.child_environment()["NoDefaultCurrentDirectoryInExePath"] == "1"


def test_an_engine_called_by_a_bare_name(here, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EngineError, match="no program uv on PATH") as caught:
        process.EngineProcess(["uv", "serve"])
    assert caught.value.kind == "not_found"
    monkeypatch.setenv("PATH", str(program(here / "bin").parent))
    with pytest.raises(EngineError, match="exit code 7"):
        process.EngineProcess(["uv", "serve"]).address()


@pytest.mark.parametrize("folder", ["ludvig_engine", "ludvig_blender"])
def test_no_other_code_looks_for_programs(folder):
    """`shutil.which` looks in the current folder on Windows, and so does starting a bare name."""
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                called = f"{node.value.id}.{node.attr}"
                assert called not in ("shutil.which", "os.system", "os.popen", "os.startfile"), path
