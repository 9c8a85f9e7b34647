"""What the commands share: options for a scene, progress bars, output for people and programs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from ..cache.store import Cache
from ..features import names
from ..io.formats import FORMATS
from ..io.formats import names as names_of
from ..io.plain_json import to_json
from ..progress import Job
from .ending import Stopped, printable

# Reports go to stdout, all else to stderr. Nothing is markup: names of files may hold anything.
console = Console(stderr=True, highlight=False, markup=False, emoji=False)
_reports = Console(highlight=False, markup=False, emoji=False)

Splats = Annotated[Path, typer.Argument(help=f"The splat file: {names_of(FORMATS.values())}")]
Views = Annotated[
    Path | None,
    typer.Option(
        help="Cameras: a COLMAP folder (sparse/0 + images), a transforms.json or a cameras.json. "
        "Without, views are planned from the splats and rendered: `ludvig info` lists them"
    ),
]
Photos = Annotated[
    Path | None,
    typer.Option(help="The folder of the photos, if it is not the one the camera file names"),
]
MaxSize = Annotated[
    int, typer.Option(help="Scale photos down to this long side, in pixels", min=16)
]
EXTRACTORS = (
    f"Features: {', '.join(names())}; as in files:DIR, join:A+B, everything:A@SAM, "
    "dinov2:base. auto: the best one on this machine"
)
Extractor = Annotated[str, typer.Option(help=EXTRACTORS)]
Download = Annotated[
    bool, typer.Option("--download", help="Fetch missing models, as `ludvig models fetch` does")
]
Refine = Annotated[
    int, typer.Option(help="Steps from LUDVIG's weighted mean towards least squares", min=0)
]
Near = Annotated[
    float | None,
    typer.Option(
        help="Near plane, scene units: 3DGS trains with 0.2, gsplat with 0.01. Otherwise the "
        "scene's size and photos decide",
        min=0,
    ),
]
NoCache = Annotated[
    bool, typer.Option("--no-cache", help="Neither read nor write the cache of features")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object, for programs")]


class Bars(Job):
    """A progress bar on stderr, shown once a stage has run for 0.3 seconds.

    As a context, it turns Ctrl-C into `Stopped` with the sentence that `kept` returns.
    """

    def __init__(self, shown: bool, kept: Callable[[], str]) -> None:
        self._progress = Progress(
            TextColumn("{task.description:38}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
            disable=not shown,
        )
        self._task: TaskID | None = None
        self._stage, self._started = "", 0.0
        self._kept = kept

    def report(self, stage: str, done: int, total: int) -> None:
        if stage != self._stage:
            self._stage, self._started = stage, time.monotonic()
            if self._task is not None:
                self._progress.remove_task(self._task)
                self._task = None
        if self._task is None and done < total and time.monotonic() - self._started > 0.3:
            self._task = self._progress.add_task(stage, total=total)
            self._progress.start()
        if self._task is not None:
            self._progress.update(self._task, completed=done)

    def __enter__(self) -> Bars:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._progress.stop()
        if kind is KeyboardInterrupt:
            raise Stopped(self._kept()) from None


def bars(as_json: bool, kept: Callable[[], str]) -> Bars:
    """Progress bars, hidden if the output is JSON or stderr is not a terminal."""
    return Bars(not as_json and sys.stderr.isatty(), kept)


def nothing_kept() -> str:
    """What is kept, after Ctrl-C, of work that writes nothing."""
    return "Nothing was computed that could be kept."


def cached(no_cache: bool) -> Callable[[], str]:
    """What is kept of work whose steps go through the cache, after Ctrl-C."""
    if no_cache:
        return lambda: "Nothing is kept, because of --no-cache."
    return lambda: "Finished steps are cached; run the same command again to continue."


def cache(no_cache: bool) -> Cache | None:
    """This user's cache, whose notes go to stderr; None with `--no-cache`."""
    return None if no_cache else Cache(note=note)


def report(what: str | Table = "", style: str | None = None) -> None:
    """Print a part of what the user asked for, to stdout."""
    if isinstance(what, Table):
        _reports.print(what)
    else:
        _reports.print(printable(what), style=style, soft_wrap=True)


def note(text: str) -> None:
    """Print to stderr what the user should know beside the report."""
    console.print(printable(text), soft_wrap=True)


def notes(texts: Iterable[str]) -> None:
    """Print notes to stderr, one line each."""
    for text in texts:
        note(f"Note: {text}")


def print_json(values: Mapping[str, Any]) -> None:
    """Print one JSON object to stdout; arrays become lists and paths become strings."""
    print(to_json(values))
