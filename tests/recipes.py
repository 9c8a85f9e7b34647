"""A copy of both packages that recipes were applied to, and programs that run in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "recipes"
PACKAGES = ("ludvig_engine", "ludvig_blender")


def names() -> list[str]:
    """All recipes."""
    return sorted(path.stem for path in FOLDER.glob("*.diff"))


def copied(folder: Path) -> Path:
    """The packages in a new folder. Compiled files come along: nothing is compiled twice."""
    copy = folder / "copy"
    for package in PACKAGES:
        shutil.copytree(ROOT / package, copy / package)
    return copy


def apply(name: str, copy: Path) -> str:
    """Apply a recipe; what is wrong if that cannot be done."""
    done = _git_apply(name, copy)
    remedy = "If the code around it has changed, commit and run: python tools/recipes.py"
    return f"{name}.diff does not apply.\n{done.stderr}{remedy}" if done.returncode else ""


def files(name: str) -> list[str]:
    """The files that a recipe touches or adds."""
    listed = _git_apply(name, ROOT, "--numstat").stdout
    return [line.split("\t")[2] for line in listed.splitlines()]


def _git_apply(name: str, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    # Inside of another repository git would apply nothing, and say nothing.
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(folder.parent)}
    return subprocess.run(
        ["git", "apply", *options, str(FOLDER / f"{name}.diff")],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def run(program: Path, copy: Path, *arguments: str) -> str:
    """What a program says that runs with the packages of the copy."""
    own = ROOT / "tests" / "engine" / "support", ROOT / "tests"
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, (copy, *own))),
        "LUDVIG_CACHE": str(copy.parent / "cache"),
        "BLENDER_USER_RESOURCES": str(copy.parent),
        "COLUMNS": "200",
    }
    command = [sys.executable, str(program), *arguments]
    done = subprocess.run(
        command, cwd=copy.parent, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
