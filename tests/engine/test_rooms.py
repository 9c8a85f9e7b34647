"""The one rule of the layout: a room imports only rooms before it in the table."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# From the room that all others use down to the entry points. A name is a folder, or a file in the
# package's root.
ROOMS = {
    "ludvig_engine": (
        *("errors", "programs", "web", "arrays", "stages", "progress", "scene"),
        *("wire", "methods", "io", "machine", "cache", "rendering", "weights", "uplifting"),
        *("graph", "segmentation", "sam", "features", "pipeline", "pictures", "words"),
        *("front", "paper", "service", "eval", "bench", "cli", "__main__"),
    ),
    "ludvig_blender": ("maths", "data", "engine", "viewport", "operators", "ui"),
}  # fmt: skip


def name_of(path: Path, package: Path) -> str:
    """ "io.ply" of .../io/ply.py, "io" of .../io/__init__.py."""
    return ".".join(path.relative_to(package).with_suffix("").parts).removesuffix(".__init__")


def imports_of(path: Path, package: Path) -> set[str]:
    """The package's own modules that a file imports, wherever in it."""
    place = [package.name, *name_of(path, package).split(".")]
    if path.name == "__init__.py":
        place = [*place, ""] if path.parent != package else [package.name, ""]
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = place[: len(place) - node.level] + (node.module or "").split(".")
            found |= {module_of(package, [*base, alias.name]) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {
                module_of(package, [*(node.module or "").split("."), a.name]) for a in node.names
            }
        elif isinstance(node, ast.Import):
            found |= {module_of(package, alias.name.split(".")) for alias in node.names}
    return found - {"", name_of(path, package)}


def module_of(package: Path, parts: Sequence[str]) -> str:
    """The longest module that `parts` begin with, as "io.ply"; "" if it is not of this package."""
    names = [part for part in parts if part]
    if names[:1] != [package.name]:
        return ""
    for end in range(len(names), 1, -1):
        path = package.joinpath(*names[1:end])
        if path.with_suffix(".py").is_file() or (path / "__init__.py").is_file():
            return ".".join(names[1:end])
    return ""


def modules(package: Path) -> Mapping[str, Path]:
    return {name_of(path, package): path for path in sorted(package.rglob("*.py"))}


FILES = [(ROOT / package, path) for package in ROOMS for path in modules(ROOT / package).values()]


@pytest.mark.parametrize(
    "package, path", FILES, ids=lambda p: str(p.relative_to(ROOT)) if p.suffix else ""
)
def test_a_file_imports_only_rooms_above_its_own(package, path):
    rows = {room: row for row, room in enumerate(ROOMS[package.name])}
    own = name_of(path, package).partition(".")[0]
    # The package's own file imports everything, but only when asked.
    if own == "__init__":
        return
    for imported in imports_of(path, package):
        room = imported.partition(".")[0]
        assert room == own or rows[room] < rows[own], f"{room} is not above {own}: {imported}"


@pytest.mark.parametrize("package", ROOMS)
def test_no_two_files_import_each_other_in_a_circle(package):
    folder = ROOT / package
    arrows = {name: imports_of(path, folder) for name, path in modules(folder).items()}
    # A sibling's `from . import other` passes through the package's own file, and does not count as
    # an import of it.
    list(TopologicalSorter(arrows).static_order())


@pytest.mark.parametrize("package", ROOMS)
def test_every_room_is_in_the_table_and_there(package):
    folder = ROOT / package
    rooms = {name.partition(".")[0] for name in modules(folder)} - {"__init__"}
    assert rooms == set(ROOMS[package])


def test_the_check_itself_sees_imports(tmp_path):
    """Relative and absolute, of modules and of names, inside functions."""
    package = tmp_path / "house"
    (package / "low").mkdir(parents=True)
    (package / "low" / "__init__.py").write_text("from .thing import f\n")
    (package / "top.py").write_text("")
    thing = package / "low" / "thing.py"
    thing.write_text(
        "from ..top import g\ndef f():\n    import house.low\n    from .. import top\n"
    )
    assert imports_of(thing, package) == {"top", "low"}
    assert imports_of(package / "low" / "__init__.py", package) == {"low.thing"}
