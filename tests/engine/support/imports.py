"""What the files of a package import, read from their text: at the top or inside functions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path


def name_of(path: Path, package: Path) -> str:
    """ "io.ply" of .../io/ply.py, "io" of .../io/__init__.py."""
    name = ".".join(path.relative_to(package).with_suffix("").parts)
    return name.removesuffix("__init__").removesuffix(".")


@cache
def imports(path: Path, package: Path) -> tuple[str, ...]:
    """Whole names of all that a file imports, such as "ludvig_engine.io.ply.read_ply".

    A file is read once, since several tests ask for all files.
    """
    return tuple(_imports(path, package))


def _imports(path: Path, package: Path) -> Iterator[str]:
    inside = path.name == "__init__.py"
    place = f"{package.name}.{name_of(path, package)}".strip(".").split(".")
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = place[: len(place) + inside - node.level] if node.level else []
            parts = [*base, *(node.module or "").split(".")]
            names = [".".join([*parts, alias.name]) for alias in node.names]
            yield from (name.strip(".").replace("..", ".") for name in names)


def modules_of(imported: str, package: Path) -> list[str]:
    """The modules of a package that an import runs, the outer ones first.

    ["io", "io.ply"] for "ludvig_engine.io.ply.read_ply"; none if it is not of this package.
    """
    top, *parts = imported.split(".")
    names = [".".join(parts[:n]) for n in range(1, len(parts) + 1)] if top == package.name else []
    return [name for name in names if is_module(name, package)]


def is_module(name: str, package: Path) -> bool:
    return package.joinpath(*name.split(".")).with_suffix(".py").is_file() or is_room(name, package)


def is_room(name: str, package: Path) -> bool:
    """Whether a module is a folder."""
    return (package.joinpath(*name.split(".")) / "__init__.py").is_file()
