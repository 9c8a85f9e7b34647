"""The programs in examples/ run as they are printed there, and what they write is right."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ludvig_engine.io.ply import read_ply
from service_tools import overlap

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
MASKS = ROOT / "demo" / "scene" / "masks"
MOST = 40  # lines


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """One cache for all of them, since most use the same features."""
    cache = tmp_path_factory.mktemp("cache")
    return {**os.environ, "LUDVIG_CACHE": str(cache), "PYTHONPATH": str(ROOT)}


@pytest.fixture
def run(environment, tmp_path):
    def run(name: str, before: str = "") -> str:
        script = (
            "import runpy, sys\n"
            f"{before}\n"
            f"sys.argv = [{name!r}, {str(tmp_path)!r}]\n"
            f"runpy.run_path({str(ROOT / 'examples' / name)!r}, run_name='__main__')"
        )
        command = [sys.executable, "-c", script]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def mask(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("L")) > 127


def test_select(run, tmp_path):
    said = run("01_select.py")
    assert "Scene(splats.ply, 63,652 splats, 24 photos)" in said
    assert overlap(mask(tmp_path / "mask_12.png"), mask(MASKS / "chair" / "photo_12.png")) > 0.9
    assert 5_000 < len(read_ply(tmp_path / "chair.ply").gaussians) < 20_000


def test_text(run, tmp_path):
    """With a planted text model; what real ones find in this scene is measured in test_find.py."""
    planted = (
        f"sys.path.insert(0, {str(Path(__file__).parent / 'support')!r})\n"
        "from demo_words import DemoWords\n"
        "from ludvig_engine.front import segmenting\n"
        "segmenting.load_text_extractor = lambda spec, device: DemoWords()"
    )
    said = run("02_text.py", planted)
    assert "Words were understood by planted: chair." in said
    assert overlap(mask(tmp_path / "mask_04.png"), mask(MASKS / "chair" / "photo_04.png")) > 0.9
    assert (tmp_path / "scores_04.png").is_file()


def test_text_without_a_model(run, tmp_path):
    hidden = "from ludvig_engine import weights; weights.status = lambda folder=None: {}"
    said = run("02_text.py", hidden)
    assert "No model that understands words is on this machine." in said
    assert "ludvig models fetch" in said
    assert not list(tmp_path.iterdir())


def test_your_own_features(run, tmp_path):
    assert "6 channels of lab-cells" in run("03_your_own_features.py")
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


def test_uplift_for_research(run, tmp_path):
    said = run("05_uplift_for_research.py")
    assert said.count("photo_") == 12
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
