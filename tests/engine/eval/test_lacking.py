"""A dataset in its published layout, with one thing after the other taken away.

Everything that is missing is said at once, before a model is loaded.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import small_scene
from ludvig_engine.cli import app, eval_paper
from ludvig_engine.errors import EngineError
from ludvig_engine.eval import lacking, lerf, nvos, scannet, spin

MASK = Image.fromarray(np.full((8, 8), 255, np.uint8))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return small_scene.write(tmp_path_factory.mktemp("scene"))


def image(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    MASK.save(path)


def make_nvos(made, root):
    labels = root / "labels" / "llff"
    for task in ("fern", "horns_center", "horns_left"):
        image(labels / "reference_image" / task / "photo_0.png")
        image(labels / "scribbles" / task / f"pos_0_{task}.png")
        image(labels / "masks" / task / "photo_3_mask.png")
    for scene in ("fern", "horns"):
        shutil.copytree(made, root / "scenes" / scene)


def make_spin(made, root):
    for scene in ("fern", "orchids"):
        shutil.copytree(made, root / "scenes" / scene)
        for n in range(8):
            image(root / f"{scene} (llff)" / f"image{n:03d}.png")


def make_lerf(made, root):
    outline = [[1, 1], [1, 9], [9, 9]]
    thing = {"category": "cup", "segmentation": outline, "bbox": [1, 1, 9, 9]}
    about = {"info": {"width": 40, "height": 20}, "objects": [thing]}
    for scene in ("figurines", "teatime"):
        shutil.copytree(made, root / scene)
        photos = sorted((root / scene / "images").iterdir())
        for n, photo in enumerate(photos):
            photo.rename(photo.with_name(f"frame_{n:05d}{photo.suffix}"))
        for cameras in (root / scene).rglob("*"):
            if cameras.is_file() and cameras.suffix in (".json", ".txt"):
                text = cameras.read_text("utf-8")
                for n, photo in enumerate(photos):
                    text = text.replace(photo.name, f"frame_{n:05d}{photo.suffix}")
                cameras.write_text(text, "utf-8")
        place = root / "label" / scene / "frame_00002.json"
        place.parent.mkdir(parents=True)
        place.write_text(json.dumps(about))


def make_scannet(made, root):
    (root / "text_features.json").write_text("{}")
    for scene in ("scene0000_00", "scene0062_00"):
        shutil.copytree(made, root / scene)
        (root / scene / f"{scene}_vh_clean_2.labels.ply").write_bytes(b"ply")
        segments = root / scene / "language_features"
        segments.mkdir()
        for end in ("s", "f"):
            (segments / f"photo_0_{end}.npy").write_bytes(b"")


MAKE = {"nvos": make_nvos, "spin": make_spin, "lerf": make_lerf, "scannet": make_scannet}
MODULES = {"nvos": nvos, "spin": spin, "lerf": lerf, "scannet": scannet}


def looked_at(name, root, only=()):
    module = MODULES[name]
    tasks = module.tasks(root, None, only)
    tasks = [task for task in tasks if not only or task.name in only]
    lacking.check(tasks, root, module)
    return tasks


@pytest.mark.parametrize("name", MAKE)
def test_a_complete_folder(name, made, tmp_path):
    MAKE[name](made, tmp_path)
    assert len(looked_at(name, tmp_path)) >= 2


# What is taken away, and the words in which it is missed.
GONE = [
    ("nvos", "scenes/horns", "no folder horns or horns_undistort"),
    ("nvos", "scenes/fern/splats.ply", "fern holds no trained splats"),
    ("nvos", "labels/llff/scribbles/fern/pos_0_fern.png", "has no file pos_*.png"),
    ("nvos", "labels/llff/reference_image/horns_left", "has no file *"),
    ("nvos", "scenes/horns/images", "horns has cameras, but none of their photos"),
    ("spin", "scenes/orchids", "has no folder orchids"),
    ("spin", "scenes/fern/splats.ply", "fern holds no trained splats"),
    ("lerf", "teatime", "no folder teatime"),
    ("lerf", "figurines/splats.ply", "figurines holds no trained splats"),
    ("scannet", "scene0000_00/splats.ply", "scene0000_00 holds no trained splats"),
    ("scannet", "scene0062_00/language_features", "There is no"),
    ("scannet", "scene0062_00/language_features/photo_0_f.npy", "photo_0_f.npy"),
    ("scannet", "scene0062_00/scene0062_00_vh_clean_2.labels.ply", "has no file *labels.ply"),
    ("scannet", "text_features.json", "text_features.json"),
    ("nvos", "labels/llff/masks/fern/photo_3_mask.png", "has no file *_mask.png"),
    ("nvos", "scenes/horns/images/photo_3.png", "horns has no photo photo_3"),
    ("lerf", "label/teatime/frame_00002.json", "has no file frame_*.json"),
    ("lerf", "teatime/images/frame_00002.png", "teatime has no photo frame_00002"),
]


def remove(place: Path) -> None:
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink()


@pytest.mark.parametrize(("name", "gone", "words"), GONE)
def test_what_is_gone_is_missed(name, gone, words, made, tmp_path):
    MAKE[name](made, tmp_path)
    remove(tmp_path / gone)
    with pytest.raises(EngineError, match="is not complete") as caught:
        looked_at(name, tmp_path)
    assert caught.value.kind == "not_found" and words in caught.value.message
    lines = [fix.text for fix in caught.value.fixes]
    assert any(line.startswith("DATA/") for line in lines), "with the layout as it is published"


@pytest.mark.parametrize("name", MAKE)
def test_all_of_it_is_told_at_once(name, made, tmp_path):
    MAKE[name](made, tmp_path)
    splats = sorted(tmp_path.rglob("splats.ply"))
    for path in splats:
        path.unlink()
    with pytest.raises(EngineError) as caught:
        looked_at(name, tmp_path)
    assert caught.value.message.count("holds no trained splats") == len(splats) == 2
    assert "2 things missing" in caught.value.message


def test_many_missing_things_are_counted(tmp_path):
    lacks = lacking.Lacks(found=[f"There is no {n}." for n in range(30)])
    with pytest.raises(EngineError, match="30 things missing") as caught:
        lacks.tell(tmp_path, spin)
    assert "There is no 7." in caught.value.message and "There is no 8." not in caught.value.message
    assert "22 more." in caught.value.message


@pytest.mark.parametrize(
    ("name", "gone", "task"),
    [
        ("nvos", "scenes/horns", "fern"),
        ("spin", "scenes/orchids", "fern"),
        ("lerf", "teatime", "figurines"),
        ("scannet", "scene0062_00/scene0062_00_vh_clean_2.labels.ply", "scene0000_00"),
    ],
)
def test_one_complete_scene_of_several_can_be_evaluated(name, gone, task, made, tmp_path):
    MAKE[name](made, tmp_path)
    remove(tmp_path / gone)
    assert [one.name for one in looked_at(name, tmp_path, [task])] == [task]


def test_a_scene_of_spin_without_masks(made, tmp_path):
    make_spin(made, tmp_path)
    for mask in (tmp_path / "fern (llff)").iterdir():
        mask.unlink()
    with pytest.raises(EngineError, match=r"fern \(llff\) has no masks"):
        looked_at("spin", tmp_path)


def test_a_photo_that_labels_name_and_cameras_do_not(made, tmp_path):
    make_lerf(made, tmp_path)
    labels = tmp_path / "label" / "teatime" / "frame_00002.json"
    labels.rename(labels.with_name("frame_09999.json"))
    with pytest.raises(EngineError, match='No view is called "frame_09999"'):
        looked_at("lerf", tmp_path)


@pytest.mark.parametrize("name", MAKE)
def test_the_command_says_it_before_a_model_is_loaded(name, made, tmp_path, monkeypatch):
    from typer.testing import CliRunner

    MAKE[name](made, tmp_path)
    next(tmp_path.rglob("splats.ply")).unlink()
    for module in (lerf, scannet, nvos, spin):
        if hasattr(module, "predictor"):
            monkeypatch.setattr(module, "predictor", lambda *_, **__: pytest.fail("it started"))
    monkeypatch.setattr(eval_paper, "load_segmenter", lambda *_, **__: pytest.fail("it started"))
    with pytest.raises(EngineError, match="holds no trained splats"):
        CliRunner().invoke(app, ["eval", name, str(tmp_path)], catch_exceptions=False)
