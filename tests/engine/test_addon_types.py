"""The add-on's types say what they mean: no `Any` without a reason, no property that they forget.

mypy itself runs with `python tasks.py lint`.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tools import typecheck

ROOT = Path(__file__).resolve().parents[2]
ADDON = ROOT / "ludvig_blender"
ROOMS = ("maths", "data", "engine", "viewport", "operators", "ui")
FILES = [path for room in ROOMS for path in sorted((ADDON / room).glob("*.py"))]
DATA = ADDON / "data"
REGISTERED = ("prompts.py", "properties.py", "capture.py", "features.py", "criteria.py")


def unexplained(text: str) -> list[int]:
    """The lines that use `Any` without a comment on the lines above that mentions it."""
    lines = text.splitlines()
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Name) and node.id == "Any":
            above = node.lineno - 1
            while above and lines[above - 1].lstrip().startswith("#"):
                above -= 1
            comment = " ".join(lines[above : node.lineno - 1])
            if "Any" not in comment:
                found.append(node.lineno)
    return sorted(set(found))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_any_has_a_reason(path):
    assert not unexplained(path.read_text("utf-8"))


def test_an_any_without_a_reason_is_noticed():
    said = "# Any, because the table holds answers of all types.\nanswers: dict[str, Any] = {}\n"
    silent = "def f(x: Any) -> None:\n    pass\n\n# the best\ny: list[Any] = []\n"
    assert unexplained(said) == [] and unexplained(silent) == [1, 5]


def classes(path: Path) -> dict[str, ast.ClassDef]:
    tree = ast.parse(path.read_text("utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def annotated(node: ast.ClassDef) -> list[str]:
    fields = [part for part in node.body if isinstance(part, ast.AnnAssign)]
    return [part.target.id for part in fields if isinstance(part.target, ast.Name)]


def test_the_types_know_every_property():
    registered = {
        name.removeprefix("Ludvig"): annotated(node)
        for file in REGISTERED
        for name, node in classes(DATA / file).items()
        if name.startswith("Ludvig")
    }
    declared = {name: annotated(node) for name, node in classes(DATA / "types.py").items()}
    assert len(registered) == 10
    for name, properties in registered.items():
        assert [field for field in declared[name] if field != "id_data"] == properties


def test_mypy_sees_the_repository_as_one_package(tmp_path):
    for _ in range(2):  # also over what an earlier run has left
        typecheck.lay_out(tmp_path / "package")
    assert (tmp_path / "package" / "ludvig_blender" / "data" / "types.py").is_file()
    assert (tmp_path / "package" / "__init__.py").is_file()
    assert (ADDON / "data" / "types.py").is_file()
