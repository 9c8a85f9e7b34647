"""Which build of PyTorch this computer gets, and what makes sure that it is the right file.

The package index has one build for each system: for NVIDIA GPUs on Linux, for the CPU on Windows,
for Apple's chips on macOS. Others are on indexes of PyTorch's own. Their hashes are known for the
builds of `requirements-torch-*.txt`. What an older driver or an AMD card takes is pinned by its
version only, and comes from PyTorch's index over https; so does what the user chose by setting
UV_TORCH_BACKEND. An index of the user's own may have any build, so it is asked before anything
of PyTorch is downloaded.

This module does not use `bpy`, because it runs in a thread.
"""

from __future__ import annotations

import functools
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ...ludvig_engine.outside import programs, system
from . import uv

FOLDER = Path(__file__).parent
INDEXED = FOLDER / "requirements-torch.txt"
CUDA = FOLDER / "requirements-cuda.txt"
# Bytes on the disk, measured on Linux in 2026: with and without the packages for NVIDIA GPUs.
LARGE = 5_500_000_000
SMALL = 900_000_000
# CUDA 13.0, which the build is made with, needs NVIDIA's driver 580 or newer.
DRIVER = 580


@dataclass(frozen=True)
class Build:
    """A build of PyTorch."""

    backend: str  # uv's name of it; "" is what the package index has
    requirement: Path  # with hashes, if they are known
    known: bool
    size: int  # bytes on the disk, with what comes with it; at most, if `unseen`

    @property
    def unseen(self) -> bool:
        """Whether it comes from an index of the user's own, which may have any build."""
        return not (self.known or self.backend)

    @property
    def least(self) -> int:
        """Bytes on the disk at least, with what comes with it."""
        return SMALL if self.unseen else self.size

    @property
    def arguments(self) -> list[str | Path]:
        """What uv is told to install. Without known hashes, only the version is certain."""
        return ["--require-hashes", "-r", self.requirement] if self.known else [pinned()]


def choose(environment: Mapping[str, str]) -> Build:
    """The build for this computer, given the variables that uv gets."""
    if asked := environment.get("UV_TORCH_BACKEND"):
        return Build(asked, INDEXED, False, SMALL if asked == "cpu" else LARGE)
    if any(map(environment.get, uv.INDEXES)):
        return Build("", INDEXED, False, SMALL if system.is_macos() else LARGE)
    driver = nvidia_driver()
    if 0 < driver < DRIVER or (system.is_linux() and Path("/dev/kfd").exists()):  # AMD's
        return Build("auto", INDEXED, False, LARGE)
    if driver:
        # The package index has the same build for Linux, and hashes of what it takes besides.
        return own("cu130", LARGE) if system.is_windows() else Build("", INDEXED, True, LARGE)
    return own("cpu", SMALL) if system.is_linux() else Build("", INDEXED, True, SMALL)


def own(backend: str, size: int) -> Build:
    """A build of PyTorch's own indexes whose hashes are known."""
    return Build(backend, FOLDER / f"requirements-torch-{backend}.txt", True, size)


def pinned() -> str:
    """PyTorch's version as a requirement."""
    lines = INDEXED.read_text("utf-8").splitlines()
    return next(line for line in lines if line.startswith("torch==")).removesuffix(" \\")


def resolved_size(packages: str) -> int:
    """Bytes on the disk of what an index offers for `pinned`, by what uv resolved that to.

    A build for GPUs brings NVIDIA's libraries or AMD's as packages, or says in its version what it
    has within. An index for Windows with such a build under a plain version is taken for small.
    """
    for line in packages.splitlines():
        name, _, version = line.partition("==")
        label = version.partition("+")[2].split()
        if name.startswith(("nvidia-", "rocm")) or (name == "torch" and label not in ([], ["cpu"])):
            return LARGE
    return SMALL


@functools.cache
def nvidia_driver() -> int:
    """The first number of the version of NVIDIA's driver; 0 if there is none that works."""
    program = programs.find("nvidia-smi")
    if program is None or system.is_macos():
        return 0
    try:
        done = subprocess.run(
            [program, "--query-gpu=driver_version", "--format=csv,noheader"],
            env={**os.environ, **programs.NOT_HERE},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=10,  # seconds; without a running driver it may wait for one
            check=True,
            creationflags=system.hidden(),
        )
        return int(done.stdout.split(".")[0])
    except (OSError, ValueError, subprocess.SubprocessError):
        return 0
