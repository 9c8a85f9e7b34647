"""The programs in examples/ run as they are printed there, and what they write is right."""

from __future__ import annotations

import runpy
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import ludvig_engine as ludvig
from demo_words import DemoWords
from ludvig_engine.front import segmenting
from ludvig_engine.io.ply import read_ply
from service_tools import overlap

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
MASKS = ROOT / "demo" / "scene" / "masks"
MOST = 40  # lines


@pytest.fixture
def run(demo_cache, tmp_path, monkeypatch, capsys):
    """Runs an example as Python runs a program, in this process; what it prints."""
    monkeypatch.setenv("LUDVIG_CACHE", str(demo_cache))
    monkeypatch.chdir(tmp_path)

    def run(name: str) -> str:
        monkeypatch.setattr(sys, "argv", [name, str(tmp_path)])
        try:
            runpy.run_path(str(ROOT / "examples" / name), run_name="__main__")
        except SystemExit as left:
            assert not left.code
        return capsys.readouterr().out

    return run


@pytest.fixture
def fewer_photos(monkeypatch):
    """The demo scene has every third photo, with photo_04."""
    load = ludvig.load

    def some(*arguments, **options):
        scene = load(*arguments, **options)
        return replace(scene, views=scene.views[1::3])

    monkeypatch.setattr(ludvig, "load", some)


def mask(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("L")) > 127


def test_select(run, tmp_path):
    said = run("01_select.py")
    assert "Scene(splats.ply, 63,652 splats, 24 photos)" in said
    assert overlap(mask(tmp_path / "mask_12.png"), mask(MASKS / "chair" / "photo_12.png")) > 0.9
    assert 5_000 < len(read_ply(tmp_path / "chair.ply").gaussians) < 20_000


def test_text(run, tmp_path, monkeypatch):
    """With a planted text model; what real ones find in this scene is measured in test_find.py."""
    monkeypatch.setattr(segmenting, "load_text_extractor", lambda spec, device: DemoWords())
    said = run("02_text.py")
    assert "Words were understood by planted: chair." in said
    assert overlap(mask(tmp_path / "mask_04.png"), mask(MASKS / "chair" / "photo_04.png")) > 0.9
    assert (tmp_path / "scores_04.png").is_file()


def test_text_without_a_model(run, tmp_path, monkeypatch):
    monkeypatch.setattr("ludvig_engine.weights.status", lambda folder=None: {})
    said = run("02_text.py")
    assert "No model that understands words is on this machine." in said
    assert "ludvig models fetch" in said
    assert not list(tmp_path.iterdir())


def test_your_own_features(run, fewer_photos, tmp_path):
    assert "6 channels of lab-cells, 8 photos" in run("03_your_own_features.py")
    assert overlap(mask(tmp_path / "mask_04.png"), mask(MASKS / "vase" / "photo_04.png")) > 0.9


def test_remove(run, tmp_path):
    run("04_remove.py")
    whole = read_ply(ROOT / "demo" / "scene" / "splats.ply").gaussians
    rest = read_ply(tmp_path / "without_chair.ply").gaussians
    assert 40_000 < len(rest) < len(whole) - 5_000
    left = np.asarray(Image.open(tmp_path / "without.png"), float)
    photo = np.asarray(Image.open(ROOT / "demo" / "scene" / "images" / "photo_04.jpg"), float)
    changed = np.abs(left - photo).max(2) > 40
    exact = mask(MASKS / "chair" / "photo_04.png")
    assert changed[exact].mean() > 0.5 > 0.1 > changed[~exact].mean()


def test_uplift_for_research(run, fewer_photos, tmp_path):
    said = run("05_uplift_for_research.py")
    assert said.count("photo_") == 4
    with np.load(tmp_path / "lifted.npz") as arrays:
        features, names = arrays["features"], list(arrays["names"])
    assert features.shape == (63_652, 7) and "chair" in names
    assert features.min() >= 0 and 0.99 < features.max() < 1.001


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_examples_are_short_and_in_cells(path):
    text = path.read_text("utf-8")
    assert len(text.splitlines()) < MOST and text.count("\n# %% ") >= 2
    number = path.name.partition("_")[0]
    assert number.isdecimal() and f"python examples/{path.name} " in text
    test = path.stem.partition("_")[2]
    assert f"test_{test}" in globals(), "an example has a test"


def test_the_readme_names_all_examples():
    for page in ("README.md", "docs/scripting.md"):
        text = (ROOT / page).read_text("utf-8")
        assert all(f"examples/{path.name}" in text for path in EXAMPLES), page


def test_type_checkers_of_others_see_the_annotations():
    """PEP 561: the marker is there, and packed; so is all else that is read beside the code."""
    packed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    assert (ROOT / "ludvig_engine" / "py.typed").is_file()
    package = ROOT / "ludvig_engine"
    packed = {
        path for glob in packed["package-data"]["ludvig_engine"] for path in package.glob(glob)
    }
    beside = {path for path in package.rglob("*.*") if path.suffix not in (".py", ".pyc")}
    assert packed == {path for path in beside if "__pycache__" not in path.parts}
