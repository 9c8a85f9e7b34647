"""Bring docs/recipes/*.diff up to date with the code around them: `python tools/recipes.py`.

Each is merged, as git merges a branch, into the last commit. If one conflicts, the script says
where to mend it and what to run then.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RECIPES = ROOT / "docs" / "recipes"


def main() -> None:
    if len(sys.argv) == 3:
        name, folder = sys.argv[1:]
        write(name, Path(folder))
        git(ROOT, "worktree", "remove", "--force", folder)
        return
    for path in sorted(RECIPES.glob("*.diff")):
        folder = tempfile.mkdtemp(prefix=f"recipe-{path.stem}-")
        git(ROOT, "worktree", "add", "--quiet", "--detach", folder, "HEAD")
        merged = subprocess.run(["git", "apply", "--3way", path], cwd=folder, check=False)
        if merged.returncode:
            sys.exit(
                f"{path.name} conflicts with the code. Mend the files of {folder} that "
                f"`git status` names there, then run: python tools/recipes.py {path.stem} {folder}"
            )
        write(path.stem, Path(folder))
        git(ROOT, "worktree", "remove", "--force", folder)


def write(name: str, folder: Path) -> None:
    """Make the recipe of what has been changed in this working tree."""
    git(folder, "add", "--all")
    # Whole names of the blobs are what a later merge finds the code by.
    made = git(folder, "diff", "--cached", "--unified=1", "--full-index", "HEAD")
    (RECIPES / f"{name}.diff").write_text(made, "utf-8", newline="\n")


def git(folder: Path, *command: str) -> str:
    return subprocess.run(
        ["git", *command], cwd=folder, check=True, stdout=subprocess.PIPE, encoding="utf-8"
    ).stdout


if __name__ == "__main__":
    main()
