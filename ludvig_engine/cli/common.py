"""What the commands share: options for a scene, progress bars, output for people and programs."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, NoReturn

import numpy as np
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

from ..cache.store import Cache
from ..errors import EngineError
from ..features import names
from ..io.formats import FORMATS
from ..io.formats import names as names_of
from ..progress import Job

console = Console(stderr=True, highlight=False)

Splats = Annotated[Path, typer.Argument(help=f"The splat file: {names_of(FORMATS.values())}")]
_CAMERAS = "Cameras: a COLMAP folder (sparse/0 + images), a transforms.json or a cameras.json"
Views = Annotated[Path | None, typer.Option(help=_CAMERAS)]
NeededViews = Annotated[Path, typer.Option(help=_CAMERAS)]
Photos = Annotated[
    Path | None,
    typer.Option(help="The folder of the photos, if it is not the one the camera file names"),
]
MaxSize = Annotated[
    int, typer.Option(help="Scale photos down to this long side, in pixels", min=16)
]
Extractor = Annotated[
    str,
    typer.Option(
        help=f"Features: {', '.join(names())}; as in files:DIR, join:A+B, everything:A@SAM, "
        "dinov2:base. auto: the best one on this machine"
    ),
]
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
    """A progress bar on stderr, shown once a stage has run for 0.3 seconds."""

    def __init__(self, shown: bool) -> None:
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

    def __exit__(self, *_: object) -> None:
        self._progress.stop()


def bars(as_json: bool) -> Bars:
    """Progress bars, hidden if the output is JSON or stderr is not a terminal."""
    return Bars(shown=not as_json and sys.stderr.isatty())


def cache(no_cache: bool) -> Cache | None:
    """This user's cache, whose notes go to stderr; None with `--no-cache`."""
    return None if no_cache else Cache(note=console.print)


def fail(error: EngineError) -> NoReturn:
    """Print the error to stderr and exit with code 2."""
    console.print(f"[bold red]Error:[/] {error}", markup=True, soft_wrap=True)
    sys.exit(2)


def notes(texts: tuple[str, ...]) -> None:
    """Print notes to stderr, one line each."""
    for text in texts:
        console.print(f"Note: {text}", soft_wrap=True)


def print_json(values: Mapping[str, Any]) -> None:
    """Print one JSON object to stdout; arrays become lists and paths become strings."""
    print(json.dumps(values, default=_plain, allow_nan=False))


def _plain(value: object) -> object:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(type(value))
