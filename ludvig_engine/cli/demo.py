"""`ludvig demo`: the main job on the scene that ships with the repository, measured against its exact masks."""

from __future__ import annotations

import json as json_
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from PIL import Image
from rich.table import Table

from ..arrays import Array, Bool
from ..errors import EngineError, nearest_name
from ..io.load import load_scene
from ..pictures import draw
from ..pictures.sheet import sheet
from ..pipeline import prepare
from ..progress import Job
from ..scene import Scene, View
from ..segmentation import painting
from ..segmentation.prepared import Prepared
from ..segmentation.segment import Segment, segment
from ..stages import COMPARE_MASKS
from .common import AsJson, Download, Extractor, NoCache, bars, cache, console, print_json
from .learned import Models

SHIPPED = Path(__file__).resolve().parents[2] / "demo" / "scene"
LEAST = 0.01  # of a photo; where less of a thing shows, its rim of one pixel decides over the IoU
ROWS = 3  # of the picture sheet
NEXT = "ludvig segment SPLATS.ply --views COLMAP_FOLDER --click PHOTO:X,Y --out r.safetensors --keep object.ply"


@dataclass(frozen=True)
class Thing:
    """A thing in the scene, and a click on it."""

    name: str
    view: View
    click: tuple[float, float]  # x, y of the photo


def command(
    thing: Annotated[
        str, typer.Argument(help='What to select: "chair", "vase", ..., or "all"')
    ] = "chair",
    scene: Annotated[Path, typer.Option(help="A scene in the layout of demo/README.md")] = SHIPPED,
    out: Annotated[Path, typer.Option(help="The picture sheet, .png")] = Path("demo.png"),
    extractor: Extractor = "auto",
    download: Download = False,
    no_cache: NoCache = False,
    json: AsJson = False,
) -> None:
    """Select a thing from one click, compare with its exact masks on the other photos, draw every step."""
    begin = time.monotonic()
    if not (scene / "scene.json").exists():
        raise EngineError(
            "not_found",
            f"There is no demo scene in {scene}.",
            ["Run this in a copy of the repository, or give --scene."],
        )
    loaded = load_scene(scene / "splats.ply", views=scene)
    things = _things(loaded, scene / "scene.json")
    names = [one.name for one in things]
    if thing not in (*names, "all"):
        raise EngineError(
            "bad_input",
            f'The scene has no "{thing}".',
            [nearest_name(thing, names), f"It has: {', '.join(names)}."],
        )
    ious: dict[str, float] = {}
    sheets: list[Path] = []
    with bars(json) as job:
        models = Models(download, job)
        prepared = prepare(loaded, models.features(extractor), cache=cache(no_cache), job=job)
        for one in things:
            if thing in (one.name, "all"):
                found = segment(prepared, [painting.photo_click(one.view, *one.click)], job=job)
                ious[one.name] = _iou(prepared, found, loaded, one, scene / "masks" / one.name, job)
                picture = sheet(
                    prepared, found, _rows(loaded, one), clicks={one.view.name: one.click}, job=job
                )
                path = out if thing != "all" else out.with_stem(f"{out.stem}_{one.name}")
                sheets.append(path)
                draw.save(path, np.asarray(picture, np.float32) / 255)
    seconds = time.monotonic() - begin
    if json:
        mean = float(np.mean(list(ious.values())))
        print_json(
            {
                "extractor": models.name,
                "iou": ious,
                "mean": mean,
                "sheets": sheets,
                "seconds": seconds,
            }
        )
        return
    _tell(ious, prepared.extractor, seconds)
    console.print(
        f"The steps as pictures: [bold]{', '.join(str(path) for path in sheets)}[/]", soft_wrap=True
    )
    console.print(f"Next, your own scene: [bold]{NEXT}[/]", soft_wrap=True)
    console.print("Or in Blender, with clicks in the viewport: see docs/blender.md.")


def _tell(ious: dict[str, float], extractor: str, seconds: float) -> None:
    table = Table(
        "thing",
        "IoU on the other photos",
        title=f"One click each, {extractor} features, {seconds:.0f} s",
    )
    for name, iou in ious.items():
        table.add_row(name, f"{iou:.3f}")
    if len(ious) > 1:
        table.add_row("mean", f"{np.mean(list(ious.values())):.3f}", style="bold")
    console.print(table)


def _things(scene: Scene, path: Path) -> list[Thing]:
    objects = json_.loads(path.read_text("utf-8"))["objects"]
    # A pixel's number is its corner, a click is on its middle.
    return [
        Thing(o["name"], scene.view(o["view"]), (o["click"][0] + 0.5, o["click"][1] + 0.5))
        for o in objects
    ]


def _iou(
    prepared: Prepared, found: Segment, scene: Scene, thing: Thing, masks: Path, job: Job
) -> float:
    """Mean over the views that carried no prompt and show the thing."""
    ious = []
    for view in job.track(scene.views, COMPARE_MASKS):
        exact = _mask(masks / f"{Path(view.name).stem}.png")
        if view.name == thing.view.name or exact.mean() < LEAST:
            continue
        selected = (
            draw.share(prepared.gaussians, view.camera, found.selected.astype(np.float32)) > 0.5
        )
        ious.append((selected & exact).sum() / (selected | exact).sum())
    return float(np.mean(ious))


def _mask(path: Path) -> Bool[Array, "H W"]:
    with Image.open(path) as image:
        return np.asarray(image.convert("L")) > 127


def _rows(scene: Scene, thing: Thing) -> list[View]:
    """The clicked view and, evenly spread around the scene, a few others."""
    start = [view.name for view in scene.views].index(thing.view.name)
    return [
        scene.views[(start + n * len(scene.views) // ROWS) % len(scene.views)] for n in range(ROWS)
    ]
