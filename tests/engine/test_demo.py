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

from ludvig_engine.pictures import grid

SHIPPED = Path(__file__).resolve().parents[2] / "demo" / "scene"


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    environment = {**os.environ, "LUDVIG_CACHE": str(folder / "cache")}

    def run(*arguments, code=0):
        command = [
            sys.executable,
            "-m",
            "ludvig_engine",
            "demo",
            "--extractor",
            "colour",
            *map(str, arguments),
        ]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            env=environment,
            cwd=folder,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        if "--json" in arguments:
            return json.loads(done.stdout)
        return " ".join(f"{done.stdout}\n{done.stderr}".split())

    return run


@pytest.fixture(scope="module")
def found(demo, tmp_path_factory):
    return demo("monkey", "--out", tmp_path_factory.mktemp("out") / "steps.png", "--json")


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
