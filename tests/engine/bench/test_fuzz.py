"""Damaged files of every kind are read or refused; and the harness sees what it looks for."""

import json
import sys
import time
from random import Random

import numpy as np
import pytest

from ludvig_engine.bench.fuzz import run
from ludvig_engine.bench.fuzz.kinds import Kind, kinds
from ludvig_engine.bench.fuzz.mutations import mutate
from ludvig_engine.errors import EngineError
from ludvig_engine.io.formats import FORMATS

# Attempts per kind. More are a matter of `ludvig bench fuzz`.
ATTEMPTS = 30


def test_every_splat_format_has_a_kind():
    for format in FORMATS.values():
        assert any(name.startswith(format.name) for name in kinds()), format.name


def test_no_reader_raises_anything_but_its_own_error():
    """In a process of its own, which a library in C++ may end."""
    rows = run.run(ATTEMPTS)
    assert [row.kind for row in rows] == list(kinds())
    assert all(row.attempts == ATTEMPTS for row in rows)
    assert not [(row.kind, row.faults) for row in rows if row.uncaught]


def test_the_same_damage_each_time():
    content = bytes(range(256)) * 4
    found = [mutate(content, Random(f"a/{i}")) for i in range(300)]
    assert found == [mutate(content, Random(f"a/{i}")) for i in range(300)]
    assert len(set(found)) > 250
    assert all(isinstance(mutate(b"", Random(i)), bytes) for i in range(300))


def fault_of(read, monkeypatch, **limits):
    for name, value in limits.items():
        monkeypatch.setattr(run, name, value)
    calls = iter(range(10))

    def later(folder):
        """The first call is for the undamaged file."""
        if next(calls):
            read(folder)

    row = run.try_kind(Kind("a", lambda: {"a": b"abc"}, later), 2)
    return row.uncaught, " ".join(row.faults)


def test_uncaught_errors_are_seen(monkeypatch):
    def fail(folder):
        raise ZeroDivisionError("by nothing")

    def refuse(folder):
        raise EngineError("bad_file", "It is damaged.", ["Export it again."])

    count, text = fault_of(fail, monkeypatch)
    assert count == 2 and "ZeroDivisionError: by nothing" in text
    assert fault_of(refuse, monkeypatch) == (0, "")
    with pytest.raises(EngineError):
        run.try_kind(Kind("a", lambda: {"a": b"abc"}, refuse), 1)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process")
def test_much_memory_is_seen(monkeypatch):
    count, text = fault_of(lambda folder: np.ones(1 << 27), monkeypatch, MEGABYTES=50)
    assert count >= 2 and "MemoryError" in text


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no timers that interrupt")
def test_endless_loops_are_seen(monkeypatch):
    count, text = fault_of(lambda folder: time.sleep(60), monkeypatch, SECONDS=0.05)
    assert count == 2 and "longer than" in text


def test_a_process_that_dies_is_seen(monkeypatch):
    """The kinds after the one that ended the process are tried in another one."""
    row = json.dumps({"kind": "PLY", "attempts": 5})
    outputs = [(row, 0, ""), ("", -6, "terminate called")]

    def start(command, **options):
        text, code, error = outputs.pop(0)
        return run.subprocess.CompletedProcess(command, code, text, error)

    monkeypatch.setattr(run.subprocess, "run", start)
    rows = run.run(5, ["PLY", ".splat"])
    assert [(row.kind, row.uncaught) for row in rows] == [("PLY", 0), (".splat", 1)]
    assert "ended with -6: terminate called" not in rows[0].faults
    with pytest.raises(EngineError, match='no kind "nope"'):
        run.run(5, ["nope"])
