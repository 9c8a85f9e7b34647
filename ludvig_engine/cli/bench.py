"""`ludvig bench`: measure LUDVIG's speed and memory on this machine, beside comparable software."""

from __future__ import annotations

from dataclasses import asdict
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

    start = "start"
    click = "click"
    cancel = "cancel"
    lift = "lift"
    graph = "graph"
    cuda = "cuda"
    memory = "memory"
    growth = "growth"
    wire = "wire"
    fuzz = "fuzz"
    fuzz_wire = "fuzz-wire"
    soak = "soak"
    kills = "kills"


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
    attempts: Annotated[
        int, typer.Option(help="fuzz: how often each kind of file is damaged", min=1)
    ] = 1000,
    kind: Annotated[
        list[str] | None, typer.Option(help="fuzz: only this kind of file; may be repeated")
    ] = None,
    frames: Annotated[int, typer.Option(help="Frames that fuzz-wire sends", min=1)] = 20_000,
    opens: Annotated[int, typer.Option(help="Clients that open a scene in soak", min=0)] = 200,
    clicks: Annotated[int, typer.Option(help="Clicks in soak", min=0)] = 10_000,
    minutes: Annotated[float, typer.Option(help="Random requests in soak", min=0)] = 10,
    kills: Annotated[int, typer.Option(help="How often kills ends an engine", min=1)] = 12,
    seed: Annotated[int, typer.Option(help="For fuzz-wire, soak and kills")] = 0,
    json: AsJson = False,
) -> None:
    """Print seconds, rates and ratios. Most documented figures are for `--gaussians 1000000`."""
    if subjects == [Subject.fuzz]:
        _fuzz(attempts, kind or [], json)
        return
    parts = size.split("x")
    if len(parts) != 2 or not all(part.isdecimal() and 0 < int(part) <= LARGEST for part in parts):
        raise EngineError(
            "bad_input", f'The size "{size}" is not WIDTHxHEIGHT.', ["Write it like 1000x665."]
        )
    width, height = map(int, parts)
    figures = {}
    for subject in subjects or [Subject.lift, Subject.graph]:
        if subject == Subject.fuzz:
            raise typer.BadParameter("fuzz goes alone: it has a table of its own.")
        note(f"Measuring: {subject} ...")
        if subject in (Subject.fuzz_wire, Subject.soak, Subject.kills):
            figures[subject.value] = _endure(subject, frames, opens, clicks, minutes, kills, seed)
            continue
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


def _fuzz(attempts: int, only: list[str], json: bool) -> None:
    """Damage files of every kind, print what happened, and end with 1 if anything went wrong."""
    from ..bench.fuzz.run import run  # local as in `_measure`

    rows = run(attempts, only)
    if json:
        print_json({"kinds": [asdict(row) for row in rows]})
    else:
        table = Table("kind", "attempts", "read", "uncaught", "longest, s", "peak, MB")
        for row in rows:
            counts = (row.attempts, row.read, row.uncaught)
            texts = [*(f"{count:,}" for count in counts), f"{row.longest_s:.2f}"]
            table.add_row(row.kind, *texts, f"{row.peak_mb:,.1f}")
        report(table)
        for row in rows:
            for fault in row.faults:
                note(f"{row.kind}: {fault}")
    if any(row.uncaught for row in rows):
        raise typer.Exit(1)


def _endure(
    subject: str, frames: int, opens: int, clicks: int, minutes: float, kills: int, seed: int
) -> dict[str, float]:
    from ..bench import fuzz_wire, soak
    from ..bench import kills as killing

    if subject == Subject.fuzz_wire:
        return fuzz_wire.run(frames, seed=seed, note=note)
    if subject == Subject.soak:
        return soak.run(opens, clicks, minutes, seed=seed)
    return killing.run(kills, seed=seed, note=note)


def _measure(
    subject: str,
    count: int,
    width: int,
    height: int,
    views: int,
    scene: Path | None,
    cameras: Path | None,
) -> dict[str, float]:
    # These imports are local because benchmarks import much that other commands do not need.
    if subject == Subject.cuda:
        from ..bench import cuda

        # Without a GPU this ends before a scene is made.
        return cuda.run(cuda.load(), *_scene(count, width, height, views, scene, cameras))
    from ..bench import cancel, click, graph, growth, lift, peak_memory, start, wire

    if subject == Subject.wire:
        return wire.run()
    if subject == Subject.start:
        return start.run(count, views, width, height)
    if subject == Subject.memory:
        return peak_memory.run(count, views, width, height)
    if subject == Subject.growth:
        return growth.run(count, views, width, height)
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
