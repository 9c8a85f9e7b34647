"""`ludvig demo` on the scene that ships: its figures are measured, its pictures show them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from commands import ended
from ludvig_engine.pictures import grid

SHIPPED = Path(__file__).resolve().parents[2] / "demo" / "scene"


def line(*arguments):
    return ["demo", "--extractor", "colour", *map(str, arguments)]


@pytest.fixture(scope="module")
def found(demo_cache, tmp_path_factory):
    """What a process of its own says of the monkey."""
    folder = tmp_path_factory.mktemp("demo")
    asked = line("monkey", "--out", folder / "steps.png", "--json")
    done = subprocess.run(
        [sys.executable, "-m", "ludvig_engine", *asked],
        capture_output=True,
        text=True,
        env={**os.environ, "LUDVIG_CACHE": str(demo_cache)},
        cwd=folder,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def demo(demo_cache, tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("LUDVIG_CACHE", str(demo_cache))
    monkeypatch.chdir(tmp_path)

    def run(*arguments, code=0):
        left, report, notes = ended(line(*arguments), monkeypatch, capfd)
        assert left == code, notes
        assert "Traceback" not in notes
        return " ".join(f"{report}\n{notes}".split())

    return run


def test_selects_from_one_click(found):
    assert found["iou"].keys() == {"monkey"} and found["mean"] == found["iou"]["monkey"] > 0.9
    assert found["seconds"] > 0 and found["extractor"] == "colour"


def test_the_picture_shows_every_step(found):
    with Image.open(found["sheets"][0]) as image:
        width, height = grid.WIDTH, grid.WIDTH * 640 // 960
        assert image.size == (
            5 * (width + grid.GAP) + grid.GAP,
            grid.CAPTION + 3 * (height + grid.GAP),
        )
        pixels = np.asarray(image.convert("RGB"), float)
    columns = [
        pixels[grid.CAPTION : grid.CAPTION + height, left : left + width]
        for left in range(grid.GAP, pixels.shape[1], width + grid.GAP)
    ]
    objects = json.loads((SHIPPED / "scene.json").read_text("utf-8"))["objects"]
    click = next(thing["click"] for thing in objects if thing["name"] == "monkey")
    x, y = (round(value * width / 960) for value in click)
    photo, _, scores, selected, removed = (
        column[y - 3 : y + 4, x - 3 : x + 4].mean((0, 1)) for column in columns
    )
    assert photo[1] > photo[0]  # the monkey is green
    assert scores.sum() > 500  # the light end of the ramp
    assert selected[0] > selected[1] > selected[2]  # tinted orange
    assert removed[0] > removed[1]  # the red books behind


def test_compares_with_the_masks_and_says_where_to_go_on(demo, found, tmp_path):
    """The same selection against the vase's masks: nothing of it is right."""
    scene = shutil.copytree(SHIPPED, tmp_path / "scene")
    shutil.rmtree(scene / "masks" / "monkey")
    shutil.copytree(scene / "masks" / "vase", scene / "masks" / "monkey")
    said = demo("monkey", "--scene", scene, "--out", tmp_path / "wrong.png")
    assert "One click each, colour features" in said and (tmp_path / "wrong.png").exists()
    assert float(re.search(r"monkey\W+(\d\.\d+)", said)[1]) < 0.05 < found["mean"]
    assert "ludvig segment SPLATS.ply" in said and "docs/blender.md" in said


def test_a_thing_that_is_not_there(demo):
    assert 'Did you mean "monkey"?' in demo("monky", code=2)


def test_no_scene(demo, tmp_path):
    assert f"There is no demo scene in {tmp_path}" in demo("--scene", tmp_path, code=2)
