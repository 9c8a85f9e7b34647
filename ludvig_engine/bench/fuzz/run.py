"""Read damaged files of all kinds in a process of its own, and count what goes wrong.

The process is watched because libraries in C++ may end it; then it is started again with the next
kind. Attempt i of a kind always damages the same way, so that each can be tried again.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from types import FrameType

from ...errors import EngineError
from .kinds import Kind, kinds
from .mutations import mutate

# What one attempt may take before it counts as a fault: a file of a few kilobytes is read.
SECONDS = 5
MEGABYTES = 300
# How many faults are told.
TOLD = 5


class _TooLongError(BaseException):
    """An attempt goes on and on. No reader can take it for an error of its own."""


@dataclass
class Row:
    """What was found for one kind."""

    kind: str
    attempts: int = 0
    read: int = 0  # files that were read in spite of the damage
    uncaught: int = 0
    longest_s: float = 0.0
    peak_mb: float = 0.0  # beyond what the process takes anyway
    faults: list[str] = field(default_factory=list)


def run(attempts: int, only: Sequence[str] = (), seed: int = 0) -> list[Row]:
    """Damage a file of each kind this many times. Raises `EngineError` for an unknown kind."""
    known = list(kinds())
    if unknown := set(only) - set(known):
        raise EngineError(
            "bad_input", f'There is no kind "{min(unknown)}".', [f"Kinds: {'; '.join(known)}."]
        )
    left = [name for name in known if name in only or not only]
    rows: list[Row] = []
    while left:
        command = [sys.executable, "-m", __name__, str(attempts), str(seed), *left]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        rows += [Row(**json.loads(line)) for line in done.stdout.splitlines()]
        left = left[len(done.stdout.splitlines()) :]
        if left:
            last = "".join(done.stderr.splitlines()[-1:])
            fault = f"the process ended with {done.returncode}: {last}"
            rows.append(Row(left.pop(0), attempts, uncaught=1, faults=[fault]))
    return rows


def try_kind(kind: Kind, attempts: int, seed: int = 0) -> Row:
    """Damage a file of one kind, in this process. Raises if it can't be read undamaged."""
    row = Row(kind.name)
    files = dict(kind.files())
    names = sorted(kind.mutated or files)
    place = Path(tempfile.mkdtemp(prefix="ludvig-fuzz-", dir=_in_memory()))
    try:
        _write(place, kind.pack(files) if kind.pack else files)
        kind.read(place)
        before = _reset_peak()
        with _guarded():
            for attempt in range(attempts):
                random = Random(f"{kind.name}/{seed}/{attempt}")
                name = random.choice(names)
                damaged = {**files, name: mutate(files[name], random)}
                _write(place, kind.pack(damaged) if kind.pack else damaged)
                _try(kind, place, row, attempt)
        row.peak_mb = round((_peak() - before) / 1e6, 1)
        if row.peak_mb > MEGABYTES:
            row.uncaught += 1
            row.faults.append(f"{row.peak_mb:,.0f} MB")
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return row


def _try(kind: Kind, place: Path, row: Row, attempt: int) -> None:
    fault = ""
    start = time.perf_counter()
    try:
        with _limited():
            kind.read(place)
        row.read += 1
    except EngineError as error:
        # It says so, but a file of a few kilobytes must not need that much.
        if error.kind == "no_memory":
            fault = f"more than {MEGABYTES} MB"
    except _TooLongError:
        fault = f"longer than {SECONDS} s: {_where()}"
    except Exception as error:  # noqa: BLE001 - these are what is looked for
        fault = f"{type(error).__name__}: {str(error)[:100]}: {_where()}"
    row.attempts += 1
    row.longest_s = max(row.longest_s, round(time.perf_counter() - start, 3))
    if fault:
        row.uncaught += 1
        if len(row.faults) < TOLD:
            row.faults.append(f"attempt {attempt}: {fault}")


def _where() -> str:
    """The last line of this package that the error came through."""
    _, _, trace = sys.exc_info()
    frames = [f for f in traceback.extract_tb(trace) if "ludvig_engine" in f.filename]
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""


def _write(place: Path, files: dict[str, bytes] | object) -> None:
    assert isinstance(files, dict)
    for name, content in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _in_memory() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


@contextlib.contextmanager
def _limited() -> Iterator[None]:
    """Interrupt what takes too long, where the system has a timer for that."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise _TooLongError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def _guarded() -> Iterator[None]:
    """Let no attempt take more memory than MEGABYTES, where the system can do that (Linux)."""
    status = Path("/proc/self/statm")
    if not status.exists():
        yield
        return
    import resource

    now = int(status.read_text().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    # Address space is taken in larger pieces than it is used in; hence twice as much.
    resource.setrlimit(resource.RLIMIT_AS, (now + 2 * MEGABYTES * 10**6, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def _reset_peak() -> float:
    """Forget the peak so far, where the system can do that (Linux); the present peak in bytes."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return _peak()


def _peak() -> float:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next(float(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def main() -> None:
    """The process that reads: prints a row as JSON for each kind."""
    attempts, seed, *names = sys.argv[1:]
    warnings.simplefilter("ignore")
    logging.disable()
    known = kinds()
    for name in names:
        print(json.dumps(asdict(try_kind(known[name], int(attempts), int(seed)))), flush=True)


if __name__ == "__main__":
    main()
