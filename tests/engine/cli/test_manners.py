"""What holds for every command of `ludvig`, also for those that will be added."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from functools import wraps
from pathlib import Path

import pytest

from commands import functions, line, option, parameters, recorded
from ludvig_engine import cli
from ludvig_engine.cli.arguments import File, Folder, checked
from ludvig_engine.errors import EngineError, Fix

COMMANDS = functions()
# `ludvig serve` prints nothing at all.
WITH_JSON = [name for name in COMMANDS if name != "serve"]
PATHS = [
    (command, name)
    for command, function in COMMANDS.items()
    for name, kind, _ in parameters(function)
    if kind is Path
]
FILES = [
    (command, name, mark)
    for command, function in COMMANDS.items()
    for name, _, marks in parameters(function)
    for mark in marks
    if isinstance(mark, File)
]
FLOATS = [
    (command, name)
    for command, function in COMMANDS.items()
    for name, kind, _ in parameters(function)
    if kind is float
]


@pytest.fixture
def calls():
    return []


@pytest.fixture
def run(tmp_path, monkeypatch, capsys, calls):
    """Run a command line in which no command does anything: exit code, stdout, stderr."""
    logs = logging.lastResort
    monkeypatch.setattr(cli, "checked", lambda function: checked(recorded(calls)(function)))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["ludvig", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        return stopped.value.code or 0, *capsys.readouterr()

    yield run
    logging.lastResort = logs
    logging.captureWarnings(False)


def error_of(output):
    """The error in an output, which is one JSON object."""
    (found,) = json.loads(output).values()
    assert found["kind"] and found["message"]
    assert all(set(fix) == {"text", "action", "arguments"} for fix in found["fixes"])
    return found


def test_the_commands_are_found():
    assert {"segment", "render", "models fetch", "eval", "serve"} <= set(COMMANDS)
    assert len(FILES) >= 7 and len(PATHS) > 20 and FLOATS


@pytest.mark.parametrize("command", COMMANDS)
def test_output_paths_are_marked_as_such(command):
    for name, kind, marks in parameters(COMMANDS[command]):
        texts = [getattr(mark, "help", None) or "" for mark in marks]
        writes = any(text.startswith(("Write", "Also write")) for text in texts)
        marked = any(isinstance(mark, File | Folder) for mark in marks)
        assert kind is not Path or writes <= marked, name


@pytest.mark.parametrize("command", COMMANDS)
def test_the_arguments_of_the_tests_are_good(command, run, calls):
    code, _, said = run(*line(command, COMMANDS[command], {}))
    assert (code, len(calls)) == (0, 1), said


@pytest.mark.parametrize("command, name", PATHS, ids=lambda text: str(text))
def test_a_tilde_is_the_home_of_the_user(command, name, run, calls, tmp_path):
    marks = {one: mark for verb, one, mark in FILES if verb == command}
    ending = ".ply" if name in marks and marks[name].splats else ""
    code, _, said = run(*line(command, COMMANDS[command], {name: f"~/x{ending}"}))
    assert code == 0, said
    assert calls[0][name] == tmp_path / "home" / f"x{ending}"


def bad_targets(tmp_path, mark):
    """Paths that no file can be written to, with words of the message."""
    ending = ".ply" if mark.splats else ""
    (tmp_path / f"folder{ending}").mkdir()
    (tmp_path / f"file{ending}").write_text("")
    (tmp_path / f"locked{ending}").write_text("")
    (tmp_path / f"locked{ending}").chmod(0o444)
    yield tmp_path / f"folder{ending}", "folder"
    yield tmp_path / "no" / f"a{ending}", "does not exist"
    yield tmp_path / f"file{ending}" / f"a{ending}", "not a folder"
    yield tmp_path / f"locked{ending}", "write-protected"
    if os.name != "nt":
        (tmp_path / "closed").mkdir(mode=0o555)
        os.mkfifo(tmp_path / f"pipe{ending}")
        yield tmp_path / "closed" / f"a{ending}", "Nothing can be written"
        yield tmp_path / f"pipe{ending}", "device"
    if mark.endings or mark.splats:
        yield tmp_path / "a.madeup", "ending"
        yield tmp_path / "a.compressed.ply", "ending"
    if not mark.splats:
        yield "", "is empty"


@pytest.mark.parametrize("command, name, mark", FILES, ids=lambda text: str(text))
def test_what_cannot_be_written_is_refused_at_once(command, name, mark, run, calls, tmp_path):
    for target, words in bad_targets(tmp_path, mark):
        given = line(command, COMMANDS[command], {name: target})
        code, _, said = run(*given)
        assert code == 2 and words in said and not calls, (target, said)
        if command in WITH_JSON:
            code, out, _ = run(*given, "--json")
            assert code == 2 and words in error_of(out)["message"] + said


@pytest.mark.parametrize("command, name, mark", FILES, ids=lambda text: str(text))
def test_no_input_and_no_other_output_is_written_over(command, name, mark, run, calls, tmp_path):
    path = tmp_path / ("a.ply" if mark.splats else "a")
    others = [one for verb, one in PATHS if verb == command and one != name]
    for other in others:
        marks = [m for verb, one, m in FILES if (verb, one) == (command, other)]
        if marks and marks[0].splats != mark.splats:
            continue
        code, _, said = run(*line(command, COMMANDS[command], {name: path, other: path}))
        assert code == 2 and ("read as input" in said or "written twice" in said), said
        assert not calls


@pytest.mark.parametrize("command, name", FLOATS, ids=lambda text: str(text))
def test_numbers_are_finite(command, name, run, calls):
    for value in ("nan", "inf", "-inf"):
        code, _, said = run(*line(command, COMMANDS[command], {name: value}))
        assert code == 2 and "Error" in said and not calls


@pytest.mark.parametrize("command", COMMANDS)
def test_wrong_arguments_are_an_object_too(command, run, calls):
    for arguments in (["--no-such-option"], ["more"] * 20):
        code, out, said = run(*command.split(), *arguments, "--json")
        assert code == 2 and error_of(out)["kind"] == "bad_input"
        assert "Error:" in said and f"ludvig {command} --help" in said
    assert not calls


def test_an_unknown_verb_is_an_object_too(run):
    code, out, _ = run("sgment", "--json")
    assert code == 2 and "sgment" in error_of(out)["message"]


FAILURES = {
    "refused": (EngineError("odd", "It is odd.", [Fix("Look.", "show_log")]), 2, "odd"),
    "bug": (ZeroDivisionError("division"), 1, "internal"),
    "memory": (MemoryError(), 2, "no_memory"),
    "Ctrl-C": (KeyboardInterrupt(), 130, "cancelled"),
}


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("command", COMMANDS)
def test_every_failure_is_an_object_with_json(command, failure, run, monkeypatch):
    error, exit_code, kind = FAILURES[failure]

    def failing(function):
        @wraps(function)
        def fail(**_):
            raise error

        return fail

    monkeypatch.setattr(cli, "checked", failing)
    arguments = line(command, COMMANDS[command], {})
    code, out, said = run(*arguments)
    assert code == exit_code and not out and str(error) in said
    assert ("Traceback" in said) == (kind == "internal")
    if command in WITH_JSON:
        code, out, _ = run(*arguments, "--json")
        assert code == exit_code and error_of(out)["kind"] == kind


def test_an_import_that_ctrl_c_broke_is_no_bug(run, monkeypatch):
    def broken(name):
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as error:
            raise ImportError("initialization failed") from error

    monkeypatch.setattr(cli, "_verbs", broken)
    code, _, said = run("info", "a.ply")
    assert code == 130 and said.startswith("Stopped.") and "Traceback" not in said


def test_no_help_is_an_error(run):
    code, out, said = run("models")
    assert code == 2 and "Usage" in out + said and "Error" not in out + said
    code, out, said = run("info", "--help")
    assert code == 0 and "Usage" in out


def test_options_are_written_as_typer_writes_them():
    assert option(COMMANDS["segment"], "text_model") == "--text-model"
    assert option(COMMANDS["segment"], "paper") == "--config"
    assert option(COMMANDS["segment"], "splats") == ""


LOUD = """
import logging, sys, warnings
from functools import wraps
from ludvig_engine import cli
def loud(function):
    @wraps(function)
    def speak(**_):
        warnings.warn("overflow", RuntimeWarning)
        logging.getLogger("transformers").warning("a library")
        logging.getLogger("ludvig_engine.machine.device").warning("Diffusing on the CPU.")
    return speak
cli.checked = loud
sys.argv = ["ludvig", "info", "a.ply"]
cli.main()
"""


def test_libraries_are_not_heard_and_our_own_warnings_are_notes():
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"}
    done = subprocess.run(
        [sys.executable, "-c", LOUD], capture_output=True, text=True, env=environment
    )
    found = done.returncode, done.stdout, done.stderr
    assert found == (0, "", "Note: Diffusing on the CPU.\n")


def test_names_of_files_are_neither_markup_nor_commands_to_the_terminal(run):
    for name in ("[red]", "[/x]", ":smile:", "a\x1b[2Jb"):
        code, _, said = run(
            "render", name, "--views=a", "--view=a", "--what=rgb", f"--out={name}/a"
        )
        assert code == 0
        code, _, said = run("uplift", "a", "--views=a", f"--out={name}/a")
        assert code == 2 and name.replace("\x1b", "\N{REPLACEMENT CHARACTER}") in said
