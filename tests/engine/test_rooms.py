"""The one rule of the layout: a room imports only rooms before it in the table."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from imports import imports, modules_of, name_of

ROOT = Path(__file__).resolve().parents[2]

# From the room that all others use down to the entry points. A name is a folder, or a file in the
# package's root.
ROOMS = {
    "ludvig_engine": (
        *("errors", "arrays", "outside", "stages", "progress", "scene"),
        *("wire", "methods", "io", "machine", "cache", "rendering", "planning", "weights"),
        *("uplifting", "graph", "segmentation", "sam", "features", "pipeline", "pictures"),
        *("removal", "words", "paper", "front", "cluster", "service", "eval", "bench", "cli"),
        "__main__",
    ),
    "ludvig_blender": ("translation", "maths", "data", "engine", "viewport", "operators", "ui"),
}  # fmt: skip


def imports_of(path: Path, package: Path) -> set[str]:
    """The package's own modules that a file imports, each as the innermost one."""
    found = (modules_of(imported, package)[-1:] for imported in imports(path, package))
    return {name for names in found for name in names} - {name_of(path, package)}


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
    if not own:
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
    rooms = {name.partition(".")[0] for name in modules(folder)} - {""}
    assert rooms == set(ROOMS[package])
