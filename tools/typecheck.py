"""Type-check the engine and the add-on together, as the one package that they are in Blender.

The repository's root is the extension's package, whatever the folder of the checkout is called, and
the add-on imports the engine relative to it (`from ...ludvig_engine.errors import EngineError`).
mypy needs a name for that package, so a folder with one is laid out under build/, with links to the
sources.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "ludvig_extension"
PARTS = ("__init__.py", "ludvig_engine", "ludvig_blender")


def run(python: Path) -> int:
    """mypy's exit code. Its messages name files from the repository's root."""
    folder = ROOT / "build" / "typecheck"
    lay_out(folder / PACKAGE)
    command = [python, "-m", "mypy", "--config-file", ROOT / "pyproject.toml", "-p", PACKAGE]
    done = subprocess.run(
        [*map(str, command), "--cache-dir", str(folder / "cache")],
        cwd=folder,
        env={**os.environ, "MYPYPATH": str(folder)},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    print(done.stdout.replace(f"{PACKAGE}{os.sep}", ""), end="", flush=True)
    return done.returncode


def lay_out(package: Path) -> None:
    """Make the package anew: of links, or of copies where the system allows no links."""
    shutil.rmtree(package, ignore_errors=True)
    package.mkdir(parents=True)
    for name in PARTS:
        source = ROOT / name
        try:
            (package / name).symlink_to(source, target_is_directory=source.is_dir())
        except OSError:  # Windows without the developer mode
            copy = shutil.copytree if source.is_dir() else shutil.copy2
            copy(source, package / name)
