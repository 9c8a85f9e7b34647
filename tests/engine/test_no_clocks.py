"""No test asserts how long something took: on a busy machine it would fail without a reason.

Readings of the clocks of the module `time` are followed through assignments, attributes and
functions of the same file. A reading may be asserted only beside another one: which of two things
of the same run is quicker. Scripts that a test starts in a process of their own are strings, and
are not looked into.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
CLOCKS = {
    f"time.{name}{unit}"
    for name in ("time", "monotonic", "perf_counter", "process_time", "thread_time")
    for unit in ("", "_ns")
}


def name_of(node: ast.expr) -> str:
    """ "start" of `start`, ".deadline" of `self.deadline`, "" of anything else."""
    if isinstance(node, ast.Name):
        return node.id
    return f".{node.attr}" if isinstance(node, ast.Attribute) else ""


def reads_clock(node: ast.AST, timed: set[str]) -> bool:
    """Whether a clock is read in an expression, or a name in it holds such a reading."""
    for part in ast.walk(node):
        if isinstance(part, ast.Call) and ast.unparse(part.func) in CLOCKS:
            return True
        if isinstance(part, ast.Name | ast.Attribute) and name_of(part) in timed:
            return True
    return False


def timed_names(scope: ast.AST) -> set[str]:
    """Names in a file or function that hold what a clock has told, and functions that return it."""
    timed: set[str] = set()
    while True:
        found = {name for node in ast.walk(scope) for name in given_time(node, timed)}
        if found <= timed:
            return timed
        timed |= found


def given_time(node: ast.AST, timed: set[str]) -> set[str]:
    """The names that a statement gives such a value to."""
    if isinstance(node, ast.FunctionDef):
        returned = [part for part in ast.walk(node) if isinstance(part, ast.Return) and part.value]
        told = any(reads_clock(part.value, timed) for part in returned)
        return {node.name, f".{node.name}"} if told else set()
    if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.NamedExpr):
        if node.value is None or not reads_clock(node.value, timed):
            return set()
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return {name_of(part) for target in targets for part in ast.walk(target)} - {"", "self"}
    added = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    if added and node.func.attr in ("append", "add", "extend") and reads_clock(node, timed):
        return {name_of(node.func.value)} - {""}
    return set()


def clock_assertions(source: str) -> list[int]:
    """The lines of assertions that hold a reading of a clock against something that is none."""
    if not any(clock in source for clock in CLOCKS):
        return []  # without reading on, as in most files
    tree = ast.parse(source)
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    shared = {
        name
        for node in functions
        if isinstance(node, ast.FunctionDef)
        for name in given_time(node, timed_names(node))
    }
    lines = []
    for function in functions:
        timed = timed_names(function) | shared
        asserted = [node for node in ast.walk(function) if isinstance(node, ast.Assert)]
        lines += [node.lineno for node in asserted if bounds_time(node.test, timed)]
    return lines


def bounds_time(test: ast.expr, timed: set[str]) -> bool:
    compared = [node for node in ast.walk(test) if isinstance(node, ast.Compare)]
    sides = [
        [reads_clock(one, timed) for one in (node.left, *node.comparators)] for node in compared
    ]
    return any(any(one) and not all(one) for one in sides)


@pytest.mark.parametrize("path", sorted(TESTS.rglob("*.py")), ids=lambda path: path.stem)
def test_nothing_is_asserted_of_a_clock(path):
    lines = clock_assertions(path.read_text("utf-8"))
    assert not lines, f"{path.name}, lines {lines}: see tests/waiting.py for what to do instead"


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ("start = time.monotonic()\n    act()\n    assert time.monotonic() - start < 2", True),
        ("took = []\n    took.append(time.process_time())\n    assert min(took) < 1", True),
        (
            "best = min(1, time.perf_counter())\n    found = best\n    assert found == 0 or False",
            True,
        ),
        ("assert act() and helper() < 3", True),
        ("self.end = time.time()\n    assert self.end > 4", True),
        ("a = time.thread_time()\n    b = time.thread_time()\n    assert a < b", False),
        ("end = time.monotonic() + 60\n    while time.monotonic() < end:\n        act()", False),
        ("count = len(calls)\n    assert count < 2", False),
    ],
)
def test_the_check_sees_what_it_is_for(body, refused):
    helper = "def helper():\n    start = time.time()\n    return time.time() - start\n"
    assert bool(clock_assertions(f"{helper}def test():\n    {body}\n")) == refused
