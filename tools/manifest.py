"""The list of the extension's files, `[build] paths` in blender_manifest.toml, written by a rule.

Blender's builder takes either a list of files or patterns of what to leave out. With patterns, any
other file in the folder would end up in the zip, so the manifest has a list. `python tasks.py
manifest` writes it, and a test fails when it is out of date.
"""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any  # values of the manifest are texts, lists and tables

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ("demo/scene/splats.ply", "demo/scene/images", "demo/scene/sparse")
INSIDE = ("__init__.py", "LICENSE", "ludvig_blender", "ludvig_engine", *SAMPLE)
# The paper's benchmarks and the measurements are left out: Blender never runs them, and the command
# line works without them.
OUTSIDE = ("ludvig_engine/bench/", "ludvig_engine/eval/")
REMEDY = "Run `python tasks.py manifest`."


def main() -> None:
    """Rewrite the list if it is out of date."""
    path = ROOT / "blender_manifest.toml"
    wanted = files()
    if wanted == listed():
        print(f"{path.name} lists all {len(wanted)} files already.")
        return
    path.write_text(rewritten(path.read_text("utf-8"), wanted), "utf-8", newline="\n")
    print(f"{path.name} now lists {len(wanted)} files.")


def read() -> dict[str, Any]:
    """The manifest."""
    return tomllib.loads((ROOT / "blender_manifest.toml").read_text("utf-8"))


def listed() -> list[str]:
    return read()["build"]["paths"]


def files() -> list[str]:
    """The files of the rule: those in INSIDE that git tracks, and modules that are not added."""
    tracked = git_files("--cached")
    new = [name for name in git_files("--others", "--exclude-standard") if name.endswith(".py")]
    # Git tracks a file that was moved away until its removal is added.
    present = {name for name in (*tracked, *new) if (ROOT / name).is_file()}
    return sorted(name for name in present if not name.startswith(OUTSIDE))


def git_files(*options: str) -> list[str]:
    command = ["git", "ls-files", "-z", *options, "--", *INSIDE]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in done.stdout.split("\0") if name]


def problems() -> list[str]:
    """The differences between the list and the rule.

    Without git, as in a source archive, only missing files are found.
    """
    present = listed()
    if not (ROOT / ".git").exists():
        return [f"{name} is listed but missing" for name in present if not (ROOT / name).is_file()]
    wanted = files()
    missing = [f"{name} is not listed" for name in sorted(set(wanted) - set(present))]
    left = [f"{name} is listed but gone" for name in sorted(set(present) - set(wanted))]
    return missing + left


def rewritten(text: str, names: list[str]) -> str:
    """The manifest's text with these names as its list."""
    lines = "".join(f'    "{name}",\n' for name in names)
    new, count = re.subn(
        r"^paths = \[\n.*?^\]$", f"paths = [\n{lines}]", text, flags=re.MULTILINE | re.DOTALL
    )
    if count != 1:
        raise ValueError(f"{count} lists called `paths` in blender_manifest.toml; there must be 1")
    return new
