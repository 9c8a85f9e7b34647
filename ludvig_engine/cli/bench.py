"""`ludvig bench`: measure LUDVIG's speed and memory on this machine, beside comparable software."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from ..bench import synthetic
from ..errors import EngineError
from ..io.load import load_scene
from ..scene import Camera, Gaussians
from .common import AsJson, Views, note, print_json, report

LARGEST = 20_000  # pixels of a side of a synthetic photo; twice that of the largest cameras


class Subject(StrEnum):
    """What the command can measure."""

    click = "click"
    cancel = "cancel"
    lift = "lift"
    graph = "graph"
    memory = "memory"
    growth = "growth"
    wire = "wire"


def command(
    subjects: Annotated[
        list[Subject] | None, typer.Argument(help="Default: lift and graph")
    ] = None,
    gaussians: Annotated[
        int | None,
        typer.Option(
            help="Gaussians of the synthetic scene; default: 200,000, for click and cancel "
            "1,000,000",
            min=100,
        ),
    ] = None,
    size: Annotated[
        str, typer.Option(help="Size of the synthetic photos, WIDTHxHEIGHT")
    ] = "1000x665",
    views: Annotated[int, typer.Option(help="Number of photos", min=1)] = 4,
    scene: Annotated[
        Path | None, typer.Option(help="Measure on this splat file instead of a synthetic scene")
    ] = None,
    cameras: Views = None,
    json: AsJson = False,
) -> None:
    """Print seconds, rates and ratios. Most documented figures are for `--gaussians 1000000`."""
    parts = size.split("x")
    if len(parts) != 2 or not all(part.isdecimal() and 0 < int(part) <= LARGEST for part in parts):
        raise EngineError(
            "bad_input", f'The size "{size}" is not WIDTHxHEIGHT.', ["Write it like 1000x665."]
        )
    width, height = map(int, parts)
    figures = {}
    for subject in subjects or [Subject.lift, Subject.graph]:
        note(f"Measuring: {subject} ...")
        count = gaussians or (1_000_000 if subject in (Subject.click, Subject.cancel) else 200_000)
        figures[subject.value] = _measure(subject, count, width, height, views, scene, cameras)
    if json:
        print_json(figures)
        return
    for title, values in figures.items():
        table = Table("figure", "value", title=title, title_justify="left")
        for name, value in values.items():
            table.add_row(
                name.replace("_", " "), f"{value:,.4g}" if value < 1e4 else f"{value:,.0f}"
            )
        report(table)


def _measure(
    subject: str,
    count: int,
    width: int,
    height: int,
    views: int,
    scene: Path | None,
    cameras: Path | None,
) -> dict[str, float]:
    # This import is local because benchmarks import much that other commands do not need.
    from ..bench import cancel, click, graph, lift, peak_memory, wire

    if subject == Subject.wire:
        return wire.run()
    if subject == Subject.memory:
        return peak_memory.run(count, views, width, height)
    if subject == Subject.growth:
        return peak_memory.growth(count, views, width, height)
    cloud, shots = _scene(count, width, height, views, scene, cameras)
    if subject == Subject.click:
        return click.run(cloud, shots[0])
    if subject == Subject.cancel:
        return cancel.run(cloud, shots)
    return lift.run(cloud, shots) if subject == Subject.lift else graph.run(cloud)


def _scene(
    count: int, width: int, height: int, views: int, scene: Path | None, cameras: Path | None
) -> tuple[Gaussians, list[Camera]]:
    if scene is None:
        return synthetic.gaussians(count), synthetic.cameras(views, width, height)
    loaded = load_scene(scene, views=cameras, need_photos=False)
    return loaded.gaussians, [view.camera for view in loaded.views[:views]]
