"""SAM 1's own files run in the installed environment, which has no torchvision."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import tiny_sams
from extractor_battery import photo
from ludvig_engine.sam import load_segmenter
from ludvig_engine.sam.without_torchvision import ASKED, _forget, import_segment_anything
from tiny_models import torch, transformers

LAYERS = {"vit_b": (768, 12), "vit_l": (1024, 24), "vit_h": (1280, 32)}


@pytest.fixture
def fresh():
    """Nothing is imported of the two packages, before and after."""
    tiny_sams.import_segment_anything()
    kept = {
        name: module
        for name, module in sys.modules.items()
        if name.partition(".")[0] in ("segment_anything", "torchvision")
    }
    for package in ("segment_anything", "torchvision"):
        _forget(package)
    yield
    for package in ("segment_anything", "torchvision"):
        _forget(package)
    sys.modules.update(kept)


BROKEN = {
    "none": None,
    "another build": "raise RuntimeError('operator torchvision::nms does not exist')",
    "half of one": "import torchvision.missing",
}


@pytest.mark.parametrize("kind", BROKEN)
def test_without_a_torchvision_that_fits(kind, fresh, tmp_path, monkeypatch):
    if BROKEN[kind]:
        (tmp_path / "torchvision").mkdir()
        (tmp_path / "torchvision" / "__init__.py").write_text(BROKEN[kind])
        monkeypatch.syspath_prepend(tmp_path)
    package = import_segment_anything()
    assert set(package.sam_model_registry) >= set(LAYERS)
    assert not [name for name in sys.modules if name.partition(".")[0] == "torchvision"]
    assert transformers.SamModel, "transformers still finds no torchvision"


def test_a_torchvision_that_fits_is_used(fresh, tmp_path, monkeypatch):
    for name, functions in ASKED.items():
        folder = tmp_path.joinpath(*name.split("."))
        folder.mkdir(exist_ok=True)
        (folder / "__init__.py").write_text(
            "\n".join(f"def {function}(*_, **__): return 'real'" for function in functions)
        )
    monkeypatch.syspath_prepend(tmp_path)
    import_segment_anything()
    assert sys.modules["segment_anything.utils.transforms"].resize() == "real"
    assert "torchvision" in sys.modules


def test_the_functions_are_all_that_it_asks_for(fresh):
    """A newer release may ask for more; then the import would fail, and this says it first."""
    package = import_segment_anything()
    lines = [
        line.strip()
        for path in Path(package.__file__).parent.rglob("*.py")
        for line in path.read_text("utf-8").splitlines()
        if "torchvision" in line and "import" in line
    ]
    named = {
        (line.split()[1], name.split(" as ")[0].strip())
        for line in lines
        for name in line.partition(" import ")[2].partition("#")[0].split(",")
    }
    assert named == {(module, name) for module, names in ASKED.items() for name in names}


@pytest.mark.parametrize("kind", LAYERS)
def test_the_published_checkpoints_have_these_shapes(kind, fresh):
    """What tells the three files apart is the width of the encoder."""
    registry = import_segment_anything().sam_model_registry
    width, layers = LAYERS[kind]
    with torch.device("meta"):
        model = registry[kind]()
    shapes = {name: tuple(x.shape) for name, x in model.state_dict().items()}
    assert shapes["image_encoder.pos_embed"] == (1, 64, 64, width)
    assert f"image_encoder.blocks.{layers - 1}.attn.qkv.weight" in shapes
    assert f"image_encoder.blocks.{layers}.attn.qkv.weight" not in shapes


def test_clicks_and_boxes_on_a_pth_file(fresh, tmp_path, monkeypatch):
    package = import_segment_anything()
    path = tiny_sams.save_original(package, tmp_path / "sam_vit_b_01ec64.pth")
    monkeypatch.setitem(package.sam_model_registry, "vit_b", lambda: tiny_sams.original(package))
    segmenter = load_segmenter(f"sam-pth:{path}")
    assert segmenter.name == "sam_vit_b_01ec64"
    segmenter.set_image(photo(60, 90).pixels)
    for prompt in ({"points": np.array([[20.0, 30.0]])}, {"box": np.array([5.0, 7, 44, 50])}):
        masks, scores = segmenter.predict(**prompt)
        assert masks.shape == (3, 60, 90) and len(scores) == 3 and 0 < masks.mean() < 1
