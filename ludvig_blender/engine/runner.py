"""Runs uv and the engine for an installation, with their output in a log.

This module does not use `bpy`, because it runs in a thread.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ...ludvig_engine.errors import EngineError, Fix
from ...ludvig_engine.outside import system
from ...ludvig_engine.wire.process import child_environment
from ..translation.say import say_report
from . import uv

REPORT = 0.2  # seconds between two checks of a program

Command = Sequence[str | Path]


class Work(Protocol):
    """Who is told of the progress: see `waiting.Work`."""

    def report(self, stage: str, done: int, total: int) -> None: ...
    def report_bytes(self, stage: str, done: int, total: int) -> None: ...
    def check(self) -> None: ...


@dataclass
class Runner:
    """Runs programs with their output in the log, and reports progress by the bytes on the disk."""

    folder: Path  # which grows by what the programs download and write
    log: Path
    work: Work
    environment: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, command: Command, stage: str, size: int | None = None) -> None:
        """Run a program. `size` are the bytes that it installs; 0: unknown; None: none."""
        before = size_of(self.folder)

        def report() -> None:
            if size is None:
                self.work.report(stage, 0, 100)
                return
            # Until the end, packages are both in the cache and in the environment. The size is that
            # on Linux, and what is there at the end may be more.
            grown = size_of(self.folder) - before
            self.work.report_bytes(stage, min(max(grown, 0), 2 * size or grown), 2 * size)

        report()
        self.work.check()  # also for a program that ends before it is looked at
        process = self._started(command)
        try:
            looked = time.monotonic()
            while process.poll() is None:
                self.work.check()
                if size is not None and time.monotonic() - looked > 1:
                    report()
                    looked = time.monotonic()
                try:
                    process.wait(REPORT)
                except subprocess.TimeoutExpired:
                    continue
        finally:
            process.kill()
            process.wait()
        if process.returncode:
            reason = self._reason() or say_report("exit code {code}", code=process.returncode)
            what = say_report("{stage} failed: {reason}", stage=say_report(stage), reason=reason)
            raise EngineError("install_failed", what, self._fixes())

    def _started(self, command: Command) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            log.write(f"\n$ {' '.join(map(str, command))}\n".encode())
            log.flush()
            try:
                return subprocess.Popen(
                    list(map(str, command)), env=self._variables(), cwd=self.folder,
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    creationflags=system.hidden(),
                )  # fmt: skip
            except OSError as error:
                raise EngineError(
                    "install_failed",
                    say_report(
                        "{program} could not be started: {error}.", program=command[0], error=error
                    ),
                    self._fixes(),
                ) from error

    def _variables(self) -> dict[str, str]:
        own = {**child_environment(), **uv.environment(), **self.environment}
        return own | {
            "UV_CACHE_DIR": str(self.folder / "cache"),
            "UV_NO_PROGRESS": "1",
            "UV_CONCURRENT_DOWNLOADS": "4",
            # The engine fetches models with uv if its environment has no pip.
            "PATH": os.pathsep.join([str(self.folder / "uv"), own.get("PATH", "")]),
        }

    def _reason(self) -> str:
        lines = self.log.read_text("utf-8", errors="replace").splitlines()
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


def size_of(folder: Path) -> int:
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
