"""The engine as a child process: start it, find its port, notice its death, end it.

Standard library only: this also runs inside Blender.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import subprocess
import tempfile
import time
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import EngineError, Fix
from ..outside import system
from ..outside.programs import NOT_HERE, find
from .connection_file import read_connection_file

# The first start after an installation reads gigabytes of libraries from a cold disk.
START_SECONDS = 60.0
END_SECONDS = 2.0
# The folder that holds this package.
CODE = Path(__file__).resolve().parents[2]


class EngineProcess:
    """A running engine. It ends when `end` is called or this process ends, for whatever reason."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        log: str | os.PathLike[str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start `command`, to which `--connection-file PATH` is added, and return at once.

        What the engine prints goes unchanged to the file `log`. `environment` is added to the
        variables that the engine inherits. Raises `EngineError` "not_found" if the command does not
        exist.
        """
        self._command = command
        self._log = log
        # A bare name is looked for here, because Windows would look in the current folder first.
        program = command[0] if Path(command[0]).name != command[0] else find(command[0])
        if program is None:
            raise EngineError(
                "not_found",
                f"The engine does not start: there is no program {command[0]} on PATH.",
                [Fix("Choose another Python, or install the engine.", "choose_python")],
            )
        self._environment = environment or {}
        folder = Path(tempfile.mkdtemp(prefix="ludvig-"))  # accessible to its owner only
        self.token = secrets.token_hex(32)
        self.log = Path(log) if log else folder / "engine.log"
        self._connection_file = folder / "connection.json"
        try:
            with self.log.open("wb") as output:
                self._child = subprocess.Popen(
                    [program, *command[1:], "--connection-file", str(self._connection_file)],
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env={**child_environment(), **self._environment},
                    creationflags=system.hidden(),
                )
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise EngineError(
                "not_found",
                f"The engine does not start: {error}.",
                [Fix("Choose another Python, or install the engine.", "choose_python")],
            ) from error
        self.end = weakref.finalize(self, _end, self._child, folder)  # also called at exit
        assert self._child.stdin is not None
        # The secret goes neither on the command line nor into the environment, which other users of
        # the machine may see. An OSError means that the engine has died already, which `address`
        # reports.
        with contextlib.suppress(OSError):
            self._child.stdin.write(f"{self.token}\n".encode())
            self._child.stdin.flush()

    def address(self) -> tuple[str, int]:
        """Host and port of the engine, as soon as it is ready.

        Raises `EngineError` "engine_failed" if the engine ends before, or is not ready in time.
        """
        deadline = time.monotonic() + START_SECONDS
        while True:
            # In this order: of an engine that has written its file and died, the port may be
            # another program's by now.
            with contextlib.suppress(EngineError):
                found = read_connection_file(self._connection_file)
                if self.alive:
                    return found
            if not self.alive:
                raise EngineError(
                    "engine_failed", f"The engine did not start: {self.ending()}", self.fixes
                )
            if time.monotonic() > deadline:
                message = f"The engine did not start within {START_SECONDS:.0f} seconds."
                raise EngineError("engine_failed", message, self.fixes)
            time.sleep(0.01)

    def again(self) -> EngineProcess:
        """Start another engine in the same way."""
        return EngineProcess(self._command, log=self._log, environment=self._environment)

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def alive(self) -> bool:
        return self._child.poll() is None

    @property
    def fixes(self) -> list[Fix]:
        """What the user can do when the engine has died."""
        return [
            Fix("Restart the engine.", "restart_engine"),
            Fix(f"Look at its log, {self.log}.", "show_log"),
        ]

    def ending(self) -> str:
        """How the process ended, as the last words of a sentence."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            # The engine's socket closes a moment before the process has ended.
            self._child.wait(0.5)
        code = self._child.returncode
        if code is None:
            return "it runs, but does not answer."
        if code < 0:  # by a signal
            return f"{system.ending(code)}."
        lines = []
        # `end` may be removing the log at this moment.
        with contextlib.suppress(OSError), self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - 2000))
            lines = file.read().decode(errors="replace").split("\n")
        return " ".join(
            [
                f"{system.ending(code)}.",
                *[line.strip()[:300] for line in lines if line.strip()][-1:],
            ]
        )


def engine_command(python: str | os.PathLike[str]) -> list[str]:
    """The command that starts the engine of the environment with this Python."""
    return [os.fspath(python), "-m", "ludvig_engine", "serve"]


def child_environment() -> dict[str, str]:
    """Our environment without the variables for our own Python; the child's may be another one."""
    environment = {
        name: value for name, value in os.environ.items() if not name.upper().startswith("PYTHON")
    }
    # Let the child run this very code, so that the two ends never differ in version. But never
    # give it the site-packages of another Python, whose compiled modules it cannot load.
    if CODE.name not in ("site-packages", "dist-packages"):
        environment["PYTHONPATH"] = str(CODE)
    # PYTHONSAFEPATH: a numpy.py in the current folder must not be imported in place of NumPy.
    own = {"PYTHONUTF8": "1", "PYTHONNOUSERSITE": "1", "PYTHONSAFEPATH": "1"}
    # glibc keeps freed memory in a pool for each thread. In one pool, the first click on a million
    # splats takes 135 MB less, and as long.
    return {"MALLOC_ARENA_MAX": "1"} | environment | own | NOT_HERE


def _end(child: subprocess.Popen[bytes], folder: Path) -> None:
    """Close the engine's stdin, at which it exits, and kill it if it does not.

    Keep a crash's log.
    """
    crashed = child.poll()
    assert child.stdin is not None
    with contextlib.suppress(OSError):
        child.stdin.close()
    try:
        child.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    if not crashed:
        shutil.rmtree(folder, ignore_errors=True)
