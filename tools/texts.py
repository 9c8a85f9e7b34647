"""The texts of Blender's user interface, found in the source of the extension.

They are found by how they look, wherever they stand, so that a new one is found without a mark:
words with a capital, or several words. What looks so and is never shown is named below by the place
where it stands.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ADDON = ROOT / "ludvig_blender"
# The engine's tables whose texts the extension shows: in which call, and which argument it is.
TABLES = {"ludvig_engine/stages.py": ("Stage", 1), "ludvig_engine/features/table.py": ("Entry", 1)}
SAYING = {"say", "say_tip", "say_report"}

# Functions whose arguments are names in Blender or in Python, or messages for developers.
UNSHOWN_CALLS = {
    *("cast", "hasattr", "getattr", "setattr", "type", "get", "new", "error", "warning"),
    *("ValueError", "TypeError", "RuntimeError", "Thread"),
    # Names and tooltips of node groups, which are stored in the .blend file.
    *("node", "socket", "new_socket", "set_input", "get_input"),
    "add",  # what segments are called, which is stored too
}
UNSHOWN_KEYWORDS = {"replaces", "kind", "default", "socket_type"}
# Constants: the names of what is stored, of requests and of contexts.
UNSHOWN_NAMES = {
    "GROUP",
    "NAME",
    "IMAGE",
    "CONTEXTS",
    "request",
    "tree.description",
    "MARK",
    "LIGHT",
}
UNSHOWN_FILES = {"viewport/shaders.py", "viewport/overlay.py", "translation/po.py"}
# Copy Report is read by developers; and a name that is stored.
UNSHOWN_TEXTS = {
    "LUDVIG {}, Blender {}",
    "engine: {}, installation: {}",
    "Error",
    "Accept",
    "User-Agent",
}


@dataclass(frozen=True)
class Found:
    """A string in a source file. One that is composed has "{}" where its values are."""

    text: str
    place: str  # "ludvig_blender/ui/tools.py"
    line: int
    composed: bool = False


def texts() -> dict[str, str]:
    """All texts of the user interface, each with the first file that says it."""
    found: dict[str, str] = {}
    for one in (*strings(), *_tables()):
        if not one.composed:
            found.setdefault(one.text, one.place)
    return found


def composed() -> list[Found]:
    """Texts that are put together without `say`, which no catalogue can have."""
    return [one for one in strings() if one.composed]


def strings() -> Iterator[Found]:
    """What looks like a text in the source of the extension."""
    for path in sorted(ADDON.rglob("*.py")):
        if path.relative_to(ADDON).as_posix() not in UNSHOWN_FILES:
            place = path.relative_to(ROOT).as_posix()
            yield from strings_of(ast.parse(path.read_text("utf-8")), place)


def strings_of(node: ast.AST, place: str) -> Iterator[Found]:
    """The texts of a part of a source file, in their order."""
    if (
        isinstance(node, ast.ClassDef)
        and _told_by_docstring(node)
        and (tip := ast.get_docstring(node))
    ):
        yield Found(tip, place, node.lineno)
    if isinstance(node, ast.JoinedStr):
        text = "".join(
            part.value if isinstance(part, ast.Constant) else "{}" for part in node.values
        )
        if is_text(text):
            yield Found(text, place, node.lineno, composed=True)
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and is_text(node.value):
        yield Found(node.value, place, node.lineno)
    if isinstance(node, ast.Call) and _name(node.func) in SAYING:
        for said in _chosen(node.args[0]):
            yield Found(said.value, place, said.lineno)
    for child in _shown(node):
        yield from strings_of(child, place)


def _shown(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a node whose strings may be shown."""
    match node:
        case ast.FunctionDef():
            yield from node.body
        case ast.Expr(value=ast.Constant()) | ast.Subscript() | ast.Compare() | ast.arguments():
            return
        case ast.AnnAssign():
            # Blender's properties are annotations.
            yield from (
                part for part in (node.annotation, node.value) if isinstance(part, ast.Call)
            )
            if node.value is not None and not isinstance(node.value, ast.Call):
                yield node.value
        case ast.Assign() if {ast.unparse(target) for target in node.targets} & UNSHOWN_NAMES:
            return
        case ast.Dict():
            yield from node.values
        case ast.DictComp():
            yield node.value
        case ast.Call() if _name(node.func) in UNSHOWN_CALLS or _is_unnamed_property(node):
            yield node.func
        case ast.keyword() if node.arg in UNSHOWN_KEYWORDS:
            return
        case _:
            yield from ast.iter_child_nodes(node)


def _chosen(node: ast.expr) -> Iterator[ast.Constant]:
    """The strings that an argument may be: itself, or both of "one if ... else other"."""
    if isinstance(node, ast.IfExp):
        yield from (*_chosen(node.body), *_chosen(node.orelse))
    elif isinstance(node, ast.Constant):
        yield node


def _told_by_docstring(node: ast.ClassDef) -> bool:
    """Whether a class is an operator whose docstring is its tooltip."""
    bases = {ast.unparse(base) for base in node.bases}
    described = "bl_description" in {ast.unparse(t) for a in node.body for t in _targets(a)}
    return "bpy.types.Operator" in bases and not described


def _targets(node: ast.stmt) -> list[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else []


def _is_unnamed_property(node: ast.Call) -> bool:
    """Whether this makes a property that no panel shows: those that are shown have a name."""
    return _name(node.func).endswith("Property") and "name" not in {k.arg for k in node.keywords}


def _name(function: ast.expr) -> str:
    return ast.unparse(function).rpartition(".")[2]


def _tables() -> Iterator[Found]:
    for place, (name, number) in TABLES.items():
        for node in ast.walk(ast.parse((ROOT / place).read_text("utf-8"))):
            if not isinstance(node, ast.Call) or _name(node.func) != name:
                continue
            shown = node.args[number] if "argument" not in {k.arg for k in node.keywords} else None
            if isinstance(shown, ast.Constant) and is_text(shown.value):
                yield Found(shown.value, place, node.lineno)


def is_text(string: str) -> bool:
    """Whether a string looks like words for people, and not like a name for programs."""
    if string in UNSHOWN_TEXTS:
        return False
    words = re.sub(r"\{[^}]*\}", "{}", string).split()
    if len(words) == 1:
        return re.fullmatch(r"[A-Z][a-z]+\W*", words[0]) is not None
    return any(re.search(r"[A-Za-z][a-z]", word) for word in words)
