"""What each recipe of docs/recipes is meant to add is there. Runs with the packages that the
recipes were applied to:

python recipe_checks.py NAME ...

It prints, as JSON, what is wrong by name.
"""

from __future__ import annotations

import ast
import importlib
import json
import sys
import tempfile
import traceback
import types
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

import ludvig_engine
import small_scene
from ludvig_engine.cli.segment import command
from ludvig_engine.errors import EngineError
from ludvig_engine.eval.ablation import CHANGES
from ludvig_engine.features import listing, load_extractor
from ludvig_engine.graph.neighbors import build, nearest
from ludvig_engine.io import formats
from ludvig_engine.io.export import export
from ludvig_engine.io.load import load_scene
from ludvig_engine.scene import Photo, Scene
from ludvig_engine.segmentation.prepared import Prepared
from ludvig_engine.segmentation.segment import segment
from ludvig_engine.segmentation.settings import DEFAULT_SETTINGS
from ludvig_engine.service import canvas, points
from ludvig_engine.uplifting import Uplifted
from ludvig_engine.wire import codec, methods, methods_table, prompt_kinds
from service_tools import Service

COPY = Path(ludvig_engine.__file__).parents[1]
ROOT = Path(__file__).resolve().parents[3]


def extractor(folder: Path) -> None:
    """It is listed, documented, named in the help of the command, and makes maps."""
    listed = Service(folder)(methods.ListFeatures()).extractors
    (info,) = [info for info in listed if info.spec == "brightness"]
    assert info.ready
    assert info.title == "Brightness"
    assert "`brightness`" in listing.table()
    assert "`brightness`" in listing.summary()
    verb = typer.Typer()
    verb.command()(command)
    assert "brightness" in CliRunner().invoke(verb, ["--help"]).output
    half = np.zeros((32, 48, 3), np.float32)
    half[:, 24:] = 1
    (light,) = load_extractor("brightness")(Photo("a", half))
    np.testing.assert_allclose(light, np.tile([0, 0, 0, 1, 1, 1], (4, 1)), atol=0.2)
    with pytest.raises(EngineError, match="takes no argument"):
        load_extractor("brightness:2")


def format(folder: Path) -> None:
    """It is written by its ending, recognized by its first bytes, and refused if it is damaged."""
    made = small_scene.gaussians()[0]
    path = folder / "splats.npy"
    formats.writer(path)(path, made, extras={"scores": made.opacities})
    scene = load_scene(path)
    order = scene.rows
    for name in ("means", "quats", "scales", "opacities", "sh0", "shN"):
        found = getattr(scene.gaussians, name)
        np.testing.assert_allclose(found, getattr(made, name)[order], atol=1e-6)
    assert np.load(path)["scores"].dtype == np.float32
    export(path, folder / "part.ply", made.means[:, 0] > 0)
    assert len(load_scene(folder / "part.ply")) == (made.means[:, 0] > 0).sum()
    export(folder / "part.ply", folder / "part.npy", made.means[made.means[:, 0] > 0, 1] > 0)
    assert 0 < len(np.load(folder / "part.npy")) < len(load_scene(folder / "part.ply"))
    renamed = path.rename(folder / "splats.dat")
    assert formats.recognize(renamed).name == "NumPy records"
    renamed.write_bytes(renamed.read_bytes()[:100])
    with pytest.raises(EngineError, match="cannot be read"):
        load_scene(renamed)
    np.save(path, np.zeros(3))
    with pytest.raises(EngineError, match="has no means, quats"):
        load_scene(path)
    (folder / "other.txt").write_text("hello")
    with pytest.raises(EngineError, match="NumPy records"):
        load_scene(folder / "other.txt")


def prompt_kind(folder: Path) -> None:
    """It is sent and checked, painted by the engine, and drawn in Blender."""
    looking = methods.Viewport(
        np.eye(4), np.array([[50.0, 0, 50], [0, 50, 40], [0, 0, 1]]), 100, 80
    )
    pixels = np.array([[30, 40], [40, 40]], np.float32)
    prompt = methods.Prompt("circle", viewport=looking, pixels=pixels)
    prompt = codec.decode(methods.Prompt, *codec.encode(prompt))
    with pytest.raises(EngineError, match="A circle prompt needs a middle and a rim"):
        methods.Prompt("circle", viewport=looking, pixels=pixels[:1])
    assert "`circle`" in methods_table.table()
    cloud = small_scene.gaussians()[0]
    ((paint,), placed) = canvas.read_prompts(
        Scene(cloud, np.arange(len(cloud)), len(cloud)), [prompt]
    )
    assert placed is None
    rows, columns = np.mgrid[:80, :100]
    inside = np.hypot(columns - 30, rows - 40) < 9
    outside = np.hypot(columns - 30, rows - 40) > 12
    assert (paint.perhaps[inside] == 1).all()
    assert (paint.negative[outside] == 1).all()
    assert not paint.positive.any()
    kinds = in_package("ludvig_blender.maths.kinds")
    circle = kinds.drawn_as("CIRCLE")
    assert circle in kinds.drawn()
    assert circle.wire in prompt_kinds.KINDS
    places: list[tuple[float, float]] = []
    for place in ((30, 40), (33, 40), (40, 40)):
        circle.extend(places, place)
    assert circle.complete(np.array(places))
    around, _, _ = circle.stroke(places, 1.0)
    np.testing.assert_allclose(np.hypot(*(np.array(around) - (30, 40)).T), 10)
    numbers = [kind.number for kind in kinds.KINDS.values()]
    assert len(set(numbers)) == len(numbers)


def wire_method(folder: Path) -> None:
    """It is documented, checked, and answered."""
    assert "`segment/measure`" in methods_table.table()
    made = small_scene.gaussians()[0]
    fields = ("means", "quats", "scales", "opacities", "sh0", "shN")
    service = Service(folder)
    cloud = methods.Cloud(**{name: getattr(made, name) for name in fields})
    scene = service(methods.OpenScene(cloud=cloud)).scene
    selected = made.means[:, 0] > 0.5
    bounds = service(methods.MeasureSegment(scene, selected)).bounds
    np.testing.assert_array_equal(bounds[0], made.means[selected].min(0))
    np.testing.assert_array_equal(bounds[1], made.means[selected].max(0))
    with pytest.raises(EngineError, match="No splat is selected"):
        service(methods.MeasureSegment(scene, selected & False))


def button(folder: Path) -> None:
    """The operator is registered and the panel shows it. tests/blender presses it."""
    operators = ast.parse((COPY / "ludvig_blender/operators/editing.py").read_text("utf-8"))
    assigned = {
        ast.unparse(node.targets[0]): ast.unparse(node.value)
        for node in ast.walk(operators)
        if isinstance(node, ast.Assign)
    }
    assert "CropSplats" in assigned["CLASSES"]
    assert "'ludvig.crop'" in ast.unparse(operators)
    panel = ast.parse((COPY / "ludvig_blender/ui/segment_panel.py").read_text("utf-8"))
    (drawn,) = [
        node
        for node in panel.body
        if isinstance(node, ast.ClassDef) and node.name == "SelectionPanel"
    ]
    assert "row.operator('ludvig.crop')" in ast.unparse(drawn)


def number(folder: Path) -> None:
    """It has its value, the ablation knows it, and changing it changes an answer."""
    assert DEFAULT_SETTINGS.raised_by == 4
    assert DEFAULT_SETTINGS.raised_by not in CHANGES["raised_by"]
    cloud = small_scene.gaussians()[0]
    seen = np.ones(len(cloud), np.float32)
    uplifted = Uplifted(cloud.sh0[:, 0], seen, seen)
    graph = build(nearest(cloud.means, 16)).with_features(uplifted.features)
    prepared = Prepared(cloud, uplifted, graph, "colors")
    place = np.array([[2, 2, -small_scene.RADIUS]], np.float32)
    said = points.click(cloud, place, radius=0.1, positive=True)
    # So much is never left that λ is not raised.
    before = replace(DEFAULT_SETTINGS, kept=2.0)
    settings = [before, *(replace(before, raised_by=value) for value in CHANGES["raised_by"])]
    first, *others = [segment(prepared, [], placed=said, settings=one).scores for one in settings]
    for other in others:
        assert (other != first).any()


def in_package(name: str) -> types.ModuleType:
    """A module of the add-on without Blender: its packages are not run, they only have a place."""
    for package, path in (
        ("recipe_extension", COPY),
        ("recipe_extension.ludvig_blender", COPY / "ludvig_blender"),
    ):
        made = types.ModuleType(package)
        made.__path__ = [str(path)]  # type: ignore[attr-defined]
        sys.modules[package] = made
    return importlib.import_module(f"recipe_extension.{name}")


CHECKS = {
    check.__name__: check for check in (extractor, format, prompt_kind, wire_method, button, number)
}


def main() -> None:
    assert COPY != ROOT, "this is not the copy"
    wrong = {}
    for name in sys.argv[1:]:
        with tempfile.TemporaryDirectory(prefix="recipe-") as made:
            try:
                CHECKS[name](Path(made))
            except Exception:  # noqa: BLE001 - it is reported, whatever it is
                wrong[name] = traceback.format_exc()
    print(json.dumps(wrong))


if __name__ == "__main__":
    main()
