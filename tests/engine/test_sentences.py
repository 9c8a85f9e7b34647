"""A sentence is for people.

No logic compares, searches or takes apart the text of an error, a verdict or a stage.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = [
    *sorted((ROOT / "ludvig_engine").rglob("*.py")),
    *sorted((ROOT / "ludvig_blender").rglob("*.py")),
    ROOT / "tasks.py",
]
SENTENCES = {
    "message",
    "verdict",
    "stage",
    "stage_name",
    "label",
    "note",
    "notes",
    "needs",
    "fixes",
}
ERRORS = {"error", "reason", "missing", "caught", "exception"}
# torch has no other way to tell that the computer, rather than a GPU, lacks memory.
FOREIGN = {"'allocate' in str(error)", "'out of memory' in str(error)"}
READING = {
    *("startswith", "endswith", "partition", "rpartition", "split", "rsplit", "removeprefix"),
    *("removesuffix", "find", "rfind", "index", "count", "lower", "casefold"),
    *("match", "search", "fullmatch", "findall", "finditer"),
}


def is_sentence(node: ast.expr) -> bool:
    """`answer.verdict`, `str(error)`, the `text` of a fix."""
    if isinstance(node, ast.Attribute):
        owner = node.value.id if isinstance(node.value, ast.Name) else ""
        return node.attr in SENTENCES or (node.attr == "text" and owner in {"fix", "message"})
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "str":
        return any(isinstance(a, ast.Name) and a.id in ERRORS for a in node.args)
    return False


def read(tree: ast.AST) -> Iterator[ast.AST]:
    """Where a sentence decides something."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            empty = any(isinstance(s, ast.Constant) and s.value in ("", None) for s in sides)
            if any(map(is_sentence, sides)) and not empty:
                yield node
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            parts = [node.func.value, *node.args]
            if node.func.attr in READING and any(map(is_sentence, parts)):
                yield node
        elif (isinstance(node, ast.Subscript) and is_sentence(node.slice)) or (
            isinstance(node, ast.Match) and is_sentence(node.subject)
        ):
            yield node


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_logic_reads_a_sentence(path):
    found = {ast.unparse(node) for node in read(ast.parse(path.read_text("utf-8")))}
    assert found <= FOREIGN, "ask for a value beside the text"


READINGS = """
"do not fit" in answer.verdict
news.stage.partition(" (")
any(task.label == INSTALLING for task in tasks)
"torchvision" in str(error)
FETCH.match(fix.text)
re.search("Run", error.message)
seconds[progress.stage]
error.fixes[0] == "a" or "Restart" in error.fixes
"""
HARMLESS = """
answer.fits
error.kind == "not_found"
print(error.message, news.stage)
task.label != ""
seconds[stage.id]
"""


@pytest.mark.parametrize("line", READINGS.strip().splitlines())
def test_the_check_itself_sees_readings(line):
    assert list(read(ast.parse(line)))


@pytest.mark.parametrize("line", HARMLESS.strip().splitlines())
def test_the_check_itself_lets_values_pass(line):
    assert not list(read(ast.parse(line)))
