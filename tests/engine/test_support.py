"""What several test files share is in a support folder: no file imports from a test file."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]


def imported(source: str) -> Iterator[str]:
    """The parts of all names that a file imports: "a", "b", "c" of `from a.b import c`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names]
            if isinstance(node, ast.ImportFrom) and node.module:
                names.append(node.module)
            yield from (part for name in names for part in name.split("."))


def from_tests(source: str) -> list[str]:
    return [part for part in imported(source) if part.startswith("test_")]


@pytest.mark.parametrize(
    "path", sorted(TESTS.rglob("*.py")), ids=lambda path: path.relative_to(TESTS).as_posix()
)
def test_no_file_imports_from_a_test_file(path):
    assert from_tests(path.read_text("utf-8")) == []


@pytest.mark.parametrize("folder", ["engine/support", "blender/support"])
def test_a_name_is_of_one_support_module(folder):
    """Both folders are on the path, where the first of two modules of one name hides the other."""
    names = [path.stem for path in sorted((TESTS / folder).glob("*.py"))]
    others = [path.stem for path in TESTS.glob("*/support/*.py") if path.parent != TESTS / folder]
    assert names and not set(names) & set(others)


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        ("import test_a", True),
        ("from test_a import b", True),
        ("def f():\n    from room.test_a import b", True),
        ("from . import test_a", True),
        ("import latest_a", False),
        ("from contest import b", False),
    ],
)
def test_the_check_sees_what_it_is_for(line, seen):
    assert bool(from_tests(line)) == seen
