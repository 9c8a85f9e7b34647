"""Run pytest several times in parallel, each with its own environment and its own log.

At the end there is one summary of the tests that were skipped.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BLENDER = "tests/blender"
WHOLE = "tests/engine/test_*.py"
PROGRAMS = ("bench", "cli", "eval", "service", "wire")  # they take as long as the others
WAITING = "tests/engine/cluster"  # mostly for processes of Ray, so it goes with the shortest run
SLOW = f"{BLENDER}/operators/test_rendered_views.py"  # computes features with the real engine
# Each run gets one thread, because the runs and the processes they start share the cores. Bytecode
# is kept, whatever the machine is set to: a run compiles the tests for ten seconds otherwise.
QUIET = {"OMP_NUM_THREADS": "1", "PYTHONFAULTHANDLER": "1", "PYTHONDONTWRITEBYTECODE": ""}
# Pytest's exit code if a selection such as -k leaves no test.
NO_TESTS = 5


@dataclass(frozen=True)
class Suite:
    """One run of pytest."""

    name: str
    python: Path
    arguments: Sequence[str]


@dataclass(frozen=True)
class Outcome:
    """The result of a run: its exit code, and the number of skips by reason."""

    suite: Suite
    code: int
    skipped: Counter[str]


def selected(arguments: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """Split arguments into the tests of Blender, the other tests, and options for pytest.

    Without a path, all tests are selected.
    """
    paths = [one for one in arguments if (ROOT / one.partition("::")[0]).exists()]
    options = [one for one in arguments if one not in paths]
    names = [Path(one.partition("::")[0]).as_posix() for one in paths]
    if not paths or "tests" in names:
        return [BLENDER], ["tests", f"--ignore={BLENDER}"], options
    inside = [name == BLENDER or name.startswith(f"{BLENDER}/") for name in names]
    blender = [path for path, of_blender in zip(paths, inside, strict=True) if of_blender]
    return blender, [path for path in paths if path not in blender], options


def partly(blender: Sequence[str]) -> tuple[list[str], list[str]]:
    """Of all tests of Blender those in which two Blenders can differ, and the others.

    Those that ask the engine or only calculate take half of the time, and see little of Blender.
    Tests that were asked for by name are all of the first kind.
    """
    if list(blender) != [BLENDER]:
        return list(blender), []
    rooms = [f"{BLENDER}/{room}" for room in ("translation", "data", "operators", "ui", "viewport")]
    every = sorted((ROOT / BLENDER).glob("test_*.py"))
    whole = [path.relative_to(ROOT).as_posix() for path in every]
    package = f"{BLENDER}/test_package.py"
    others = [SLOW, *(path for path in whole if path != package)]
    some = [*rooms, f"--ignore={SLOW}", package]
    return some, [f"{BLENDER}/engine", f"{BLENDER}/maths", *others]


def parts(engine: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Names and arguments of the runs for the engine's tests.

    All of them are three runs: the rooms that run programs, the other rooms, and the engine as a
    whole. With one, the other core would be idle once Blender's tests have ended.
    """
    if "tests" not in engine:
        return [("engine", list(engine))]
    programs = [f"tests/engine/{room}" for room in PROGRAMS]
    others = [f"--ignore={path}" for path in (WAITING, *programs)]
    rooms = [*engine, f"--ignore-glob={WHOLE}", *others]
    whole = [WAITING, *sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob(WHOLE))]
    return [("engine, programs", programs), ("engine, rooms", rooms), ("engine, whole", whole)]


def check(planned: Sequence[Suite], left_out: Sequence[str]) -> None:
    """Run all suites, say what they skipped and what was left out, and exit if one failed."""
    outcomes = run(planned)
    for line in (*summary(outcomes), *(f"SKIPPED {what}" for what in left_out)):
        print(line, flush=True)
    wrong = [f"{one.suite.name} (exit code {one.code})" for one in failed(outcomes)]
    if wrong:
        sys.exit("FAILED: " + "; ".join(wrong))


def run(suites: Sequence[Suite]) -> list[Outcome]:
    """Run all suites. If there are several, the output of each is printed when it has ended."""
    with tempfile.TemporaryDirectory(prefix="ludvig-tests-") as name:
        folder = Path(name)
        if len(suites) == 1:
            return [_run(suites[0], folder, shown=True)]
        # Blender keeps state as long as its process lives, so its tests have one of their own.
        outcomes = []
        with ThreadPoolExecutor(len(suites)) as pool:
            futures = [pool.submit(_run, suite, folder) for suite in suites]
            for future in as_completed(futures):
                outcomes.append(future.result())
                log = folder / f"{outcomes[-1].suite.name}.log"
                sys.stdout.flush()
                sys.stdout.buffer.write(log.read_bytes())
                sys.stdout.flush()
        return outcomes


def _run(suite: Suite, folder: Path, *, shown: bool = False) -> Outcome:
    report = folder / f"{suite.name}.xml"
    command = [suite.python, "-m", "pytest", *suite.arguments, f"--junitxml={report}"]
    # Threads share stdout, so the line is written in one call.
    sys.stdout.write(" ".join(["$", *map(str, command[:-1])]) + "\n")
    sys.stdout.flush()
    begun = time.monotonic()
    with (folder / f"{suite.name}.log").open("wb") as log:
        output = {} if shown else {"stdout": log, "stderr": subprocess.STDOUT}
        done = subprocess.run(command, cwd=ROOT, check=False, env={**os.environ, **QUIET}, **output)
    print(f"{suite.name}: {time.monotonic() - begun:.0f} s", flush=True)
    return Outcome(suite, done.returncode, _skipped(report))


def _skipped(report: Path) -> Counter[str]:
    """The number of skipped tests by reason; empty if pytest wrote no report."""
    if not report.exists():
        return Counter()
    found = ElementTree.parse(report).iter("skipped")
    return Counter(one.get("message", "") for one in found)


def failed(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The runs that failed.

    A selection such as -k may leave no test in some runs, but not in all.
    """
    some = any(outcome.code != NO_TESTS for outcome in outcomes)
    return [one for one in outcomes if one.code and not (some and one.code == NO_TESTS)]


def summary(outcomes: Sequence[Outcome]) -> list[str]:
    """A line for each suite and each reason for skipping."""
    return [
        f"SKIPPED {count} of {outcome.suite.name}: {reason}"
        for outcome in outcomes
        for reason, count in sorted(outcome.skipped.items())
    ]
