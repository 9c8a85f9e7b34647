"""`ludvig demo`: select things in the shipped demo scene and compare with their exact masks."""

from __future__ import annotations

import json as json_
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.table import Table

from ..errors import EngineError, nearest_name
from ..io.file_names import file_names
from ..io.load import load_scene
from ..io.masks import read_truth
from ..io.targets import check_files
from ..pictures import draw
from ..pictures.sheet import sheet
from ..pipeline import prepare
from ..progress import Job
from ..scene import Scene, View
from ..segmentation import painting
from ..segmentation.prepared import Prepared
from ..segmentation.segment import Segment, segment
from ..stages import COMPARE_MASKS
from .arguments import File
from .common import AsJson, Download, Extractor, NoCache, bars, cache, cached, print_json, report
from .learned import Models

SHIPPED = Path(__file__).resolve().parents[2] / "demo" / "scene"
# A photo counts only if the thing covers this share of it: of a smaller one, the rim of one pixel
# dominates the IoU.
LEAST = 0.01
# Views shown in the picture sheet, one per row.
ROWS = 3
NEXT = (
    "ludvig segment SPLATS.ply --views COLMAP_FOLDER --click PHOTO:X,Y --out r.safetensors "
    "--keep object.ply"
)


@dataclass(frozen=True)
class Thing:
    """A thing in the scene, and a click on it in one view."""

    name: str
    view: View
    # x, y in pixels of the photo.
    click: tuple[float, float]


def command(
    thing: Annotated[
        str, typer.Argument(help='What to select: "chair", "vase", ..., or "all"')
    ] = "chair",
    scene: Annotated[
        Path, typer.Option(help="Use this scene, which has the layout of demo/README.md")
    ] = SHIPPED,
    out: Annotated[
        Path, typer.Option(help="Write the picture sheet to this .png"), File((".png",))
    ] = Path("demo.png"),
    extractor: Extractor = "auto",
    download: Download = False,
    no_cache: NoCache = False,
    json: AsJson = False,
) -> None:
    """Select a thing by one click, compare with its masks in the other photos, draw every step."""
    begin = time.monotonic()
    if not (scene / "scene.json").exists():
        raise EngineError(
            "not_found",
            f"There is no demo scene in {scene}: scene.json is missing.",
            ["Run this in a copy of the repository, or give --scene."],
        )
    loaded = load_scene(scene / "splats.ply", views=scene)
    things = _chosen(_things(loaded, scene / "scene.json"), thing)
    sheets = [out] if thing != "all" else _sheets(out, things)
    check_files(sheets, inputs=[view.photo for view in loaded.views if view.photo])
    ious: dict[str, float] = {}
    with bars(json, cached(no_cache)) as job:
        models = Models(download, job)
        prepared = prepare(loaded, models.features(extractor), cache=cache(no_cache), job=job)
        for one, path in zip(things, sheets, strict=True):
            found = segment(prepared, [painting.photo_click(one.view, *one.click)], job=job)
            ious[one.name] = _iou(prepared, found, loaded, one, scene / "masks" / one.name, job)
            clicks = {one.view.name: one.click}
            picture = sheet(prepared, found, _rows(loaded, one), clicks=clicks, job=job)
            draw.save(path, picture)
    seconds = time.monotonic() - begin
    if json:
        mean = float(np.mean(list(ious.values())))
        about = {"extractor": models.name, "iou": ious, "mean": mean}
        print_json({**about, "sheets": sheets, "seconds": seconds})
        return
    _print_results(ious, prepared.extractor, seconds)
    report(f"The steps as pictures: {', '.join(str(path) for path in sheets)}")
    report(f"Next, your own scene: {NEXT}")
    report("Or in Blender, with clicks in the viewport: see docs/blender.md.")


def _sheets(out: Path, things: list[Thing]) -> list[Path]:
    """A file beside `out` for each thing."""
    names = [re.sub(r"[/\\]", "_", f"{out.stem}_{one.name}") for one in things]
    return [out.with_name(name) for name in file_names(names, out.suffix or ".png")]


def _chosen(things: list[Thing], name: str) -> list[Thing]:
    """The thing of that name, or all of them. Raises `EngineError` "bad_input" for other names."""
    names = [one.name for one in things]
    if name not in (*names, "all"):
        raise EngineError(
            "bad_input",
            f'The scene has no "{name}".',
            [nearest_name(name, names), f"It has: {', '.join(names)}."],
        )
    return [one for one in things if name in (one.name, "all")]


def _print_results(ious: dict[str, float], extractor: str, seconds: float) -> None:
    table = Table(
        "thing",
        "IoU on the other photos",
        title=f"One click each, {extractor} features, {seconds:.0f} s",
    )
    for name, iou in ious.items():
        table.add_row(name, f"{iou:.3f}")
    if len(ious) > 1:
        table.add_row("mean", f"{np.mean(list(ious.values())):.3f}", style="bold")
    report(table)


def _things(scene: Scene, path: Path) -> list[Thing]:
    objects = json_.loads(path.read_text("utf-8"))["objects"]
    # The file stores the index of a pixel, which is what clicks are in, so that these are half a
    # pixel beside its middle. That is less than the radius of a click, and the results in the
    # documentation were measured with it.
    return [
        Thing(o["name"], scene.view(o["view"]), (o["click"][0] + 0.5, o["click"][1] + 0.5))
        for o in objects
    ]


def _iou(
    prepared: Prepared, found: Segment, scene: Scene, thing: Thing, masks: Path, job: Job
) -> float:
    """Mean IoU over the views that had no prompt and show enough of the thing (`LEAST`)."""
    ious = []
    for view in job.track(scene.views, COMPARE_MASKS):
        exact = read_truth(masks / f"{Path(view.name).stem}.png")
        if view.name == thing.view.name or exact.mean() < LEAST:
            continue
        values, raster = found.selected.astype(np.float32), prepared.raster
        selected = draw.share(prepared.gaussians, view.camera, values, raster=raster) > 0.5
        ious.append((selected & exact).sum() / (selected | exact).sum())
    return float(np.mean(ious))


def _rows(scene: Scene, thing: Thing) -> list[View]:
    """The clicked view and others, `ROWS` in all, spread evenly over the list of views."""
    start = [view.name for view in scene.views].index(thing.view.name)
    return [
        scene.views[(start + n * len(scene.views) // ROWS) % len(scene.views)] for n in range(ROWS)
    ]
