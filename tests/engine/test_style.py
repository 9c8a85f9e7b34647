"""One assignment a line: `a, b, c = x, y, z` hides which name gets what."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("ludvig_engine", "ludvig_blender", "tests", "tools", "demo", "examples")
FILES = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]


def parallel(text: str) -> list[int]:
    """The lines that assign three or more names from as many values side by side."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple | ast.List):
            targets = [t for t in node.targets if isinstance(t, ast.Tuple | ast.List)]
            if any(len(target.elts) >= 3 for target in targets):
                found.append(node.lineno)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_three_assignments_stand_side_by_side(path):
    assert not parallel(path.read_text("utf-8"))


def test_the_check_itself_sees_them():
    assert parallel("a, b = 1, 2\nx, y, z = f()\na, b, c = 1, 2, 3\n") == [3]
