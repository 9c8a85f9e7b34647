"""What all verbs share: the options that say where a scene is, progress bars, output for people and for machines."""

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
from ..rendering import Raster

console = Console(stderr=True, highlight=False)

Splats = Annotated[Path, typer.Argument(help=f"The splat file: {names_of(FORMATS.values())}")]
Views = Annotated[
    Path | None,
    typer.Option(
        help="Cameras: a COLMAP folder (sparse/0 + images), a transforms.json or a cameras.json"
    ),
]
NeededViews = Annotated[
    Path,
    typer.Option(
        help="Cameras: a COLMAP folder (sparse/0 + images), a transforms.json or a cameras.json"
    ),
]
Photos = Annotated[
    Path | None, typer.Option(help="The folder of the photos, if it is not where the cameras say")
]
MaxSize = Annotated[
    int, typer.Option(help="Photos are scaled down to this long side, in pixels", min=16)
]
Extractor = Annotated[
    str,
    typer.Option(
        help=f"Features: {', '.join(names())}; as in files:DIR, join:A+B, everything:A@SAM, dinov2:base. "
        "auto: the best that is here"
    ),
]
Download = Annotated[
    bool, typer.Option("--download", help="Fetch what models are missing, as `ludvig models` does")
]
Refine = Annotated[
    int, typer.Option(help="Steps from LUDVIG's weighted mean towards least squares", min=0)
]
Near = Annotated[
    float,
    typer.Option(help="Near plane, scene units: 3DGS trains with 0.2, gsplat with 0.01", min=0),
]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Neither use nor keep computed features")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object for machines")]


class Bars(Job):
    """Progress bars on stderr for stages longer than a moment."""

    def __init__(self, shown: bool) -> None:
        self._progress = Progress(
            TextColumn("{task.description:38}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(compact=True),
            console=console, transient=True, disable=not shown,
        )  # fmt: skip
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
    return Bars(shown=not as_json and sys.stderr.isatty())


def cache(no_cache: bool) -> Cache | None:
    return None if no_cache else Cache(note=console.print)


def raster(near: float) -> Raster:
    return Raster(near=near)


def fail(error: EngineError) -> NoReturn:
    console.print(f"[bold red]Error:[/] {error}", markup=True, soft_wrap=True)
    sys.exit(2)


def notes(texts: tuple[str, ...]) -> None:
    for text in texts:
        console.print(f"Note: {text}", soft_wrap=True)


def print_json(values: Mapping[str, Any]) -> None:
    print(json.dumps(values, default=_plain, allow_nan=False))


def _plain(value: object) -> object:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(type(value))
