"""The benchmarks on small datasets in their published layouts, with answers that are known."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage
from typer.testing import CliRunner

import small_scene
from ludvig_engine.cli import app
from ludvig_engine.errors import EngineError
from ludvig_engine.eval import lerf, metrics, nvos, report, scannet, single_view, spin
from ludvig_engine.eval import single_view as foreground_eval
from ludvig_engine.eval.datasets import splats_of
from ludvig_engine.io.load import load_scene
from ludvig_engine.io.masks import read_truth
from ludvig_engine.io.ply import read_ply, write_ply
from ludvig_engine.paper.configs import config
from ludvig_engine.rendering import render
from ludvig_engine.sam.multiview import Scheme
from planted_words import WORDS, PlantedExtractor
from region_segmenter import RegionSegmenter

VIEWS = [f"photo_{n}" for n in range(8)]
W, H = small_scene.SIZE


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return small_scene.write(tmp_path_factory.mktemp("scene"))


@pytest.fixture(scope="module")
def shown(made):
    """What is seen of each thing in each view: (view, thing) -> mask."""
    scene = load_scene(made / "splats.ply", views=made)
    names = scene.from_file(np.load(made / "names.npy"))
    share = np.stack([names == name for name in WORDS], 1).astype(np.float32)
    images = [render(scene.gaussians, view.camera, share)[0] > 0.5 for view in scene.views]
    return {
        (view, name): image[n]
        for view, image in zip(VIEWS, images, strict=True)
        for n, name in enumerate(WORDS)
    }


def save(path, mask):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(mask.astype(np.uint8) * 255).save(path)
    return path


def shifted(mask):
    return np.roll(mask, 7, axis=1)


# Foreground: NVOS, SPIn-NeRF.


@pytest.fixture
def nvos_data(made, shown, tmp_path):
    """Two tasks on one scene, as horns_center and horns_left share horns."""
    labels = tmp_path / "labels" / "llff"
    shutil.copytree(made, tmp_path / "scenes" / "horns_undistort")
    for task, thing in (("horns_center", "red"), ("horns_left", "blue")):
        (labels / "reference_image" / task).mkdir(parents=True)
        shutil.copy(made / "images" / "photo_0.png", labels / "reference_image" / task)
        x, y = small_scene.center_of(thing, 0)
        stroke = np.zeros((H, W), bool)
        stroke[y - 5 : y + 6, x - 5 : x + 6] = True
        save(labels / "scribbles" / task / f"pos_0_{task}.png", stroke)
        save(labels / "scribbles" / task / f"neg_0_{task}.png", ~stroke)
        save(labels / "masks" / task / "photo_3_mask.png", shown["photo_3", thing])
        shutil.copy(made / "images" / "photo_3.png", labels / "masks" / task)
    return tmp_path


@pytest.fixture
def spin_data(made, shown, tmp_path):
    shutil.copytree(made, tmp_path / "scenes" / "fern")
    for n in range(8):
        save(tmp_path / "fern (llff)" / f"image{n:03d}.png", shown[f"photo_{n}", "green"])
    return tmp_path


def test_nvos_layout(nvos_data):
    one, two = nvos.tasks(nvos_data)
    assert (one.name, two.name) == ("horns_center", "horns_left")
    assert one.scene == two.scene == nvos_data / "scenes" / "horns_undistort"
    assert one.reference == "photo_0" and list(one.targets) == ["photo_3"]
    assert one.prompt.name == "pos_0_horns_center.png"
    shutil.rmtree(nvos_data / "labels" / "llff" / "scribbles")
    with pytest.raises(EngineError, match=r"has no file pos_\*.png"):
        nvos.tasks(nvos_data)


def test_spin_layout(spin_data):
    (task,) = spin.tasks(spin_data)
    assert (task.name, task.reference, task.prompt.name) == ("fern", "photo_0", "image000.png")
    assert sorted(task.targets) == VIEWS[1:], "the reference is no target"


@pytest.mark.parametrize(("name", "count"), [("orchids", 14), ("fern", 15)])
def test_spin_leaves_out_the_frame_that_the_paper_does(name, count, shown, tmp_path, monkeypatch):
    """Of orchids, the 15th photo in the order of names; of other scenes none."""
    (tmp_path / "scenes" / name).mkdir(parents=True)
    views = [SimpleNamespace(name=f"photo_{n:02d}.png") for n in range(16)]
    monkeypatch.setattr(spin, "load_views", lambda *_, **__: (views, None))
    for n in range(16):
        save(tmp_path / f"{name} (llff)" / f"image{n:03d}.png", shown["photo_1", "green"])
    (task,) = spin.tasks(tmp_path)
    assert task.reference == "photo_00" and len(task.targets) == count
    assert ("photo_14" in task.targets) == (name != "orchids")
    assert {"photo_01", "photo_13", "photo_15"} <= task.targets.keys()


def test_the_reference_mask_is_drawn_by_the_sam_of_the_experiment(monkeypatch):
    asked = []
    monkeypatch.setattr(single_view, "load_segmenter", lambda spec, device: asked.append(spec))
    for name in ("dif_NVOS", "dif_SPIn"):
        single_view.predictor(config(name), extractor="colour")
    assert asked == ["sam:huge"]


@pytest.mark.parametrize(
    ("files", "views", "expected"),
    [
        (["a.png", "b.png"], ["a", "b", "c"], ["a", "b"]),
        (
            ["image000.png", "image002.png"],
            ["IMG_4038", "IMG_4026", "IMG_4031"],
            ["IMG_4026", "IMG_4038"],
        ),
        (["0_00001.png", "1_00003.png"], ["00001", "00003"], ["00001", "00003"]),
        (["000001.png", "000004.png"], ["0_00001", "1_00004"], ["0_00001", "1_00004"]),
        (["frame7_mask.png"], ["x_0007", "x_0008"], ["x_0007"]),
    ],
)
def test_masks_find_their_photos(files, views, expected):
    assert list(spin.matched([Path(f) for f in files], views, Path("scene"))) == expected


def test_a_mask_without_photo_is_an_error():
    with pytest.raises(EngineError, match=r"scene/zebra.png belongs to none"):
        spin.matched([Path("zebra.png")], ["a", "b"], Path("scene"))


@pytest.mark.parametrize("module", [nvos, spin])
def test_perfect_and_shifted_predictions(module, nvos_data, spin_data, shown):
    tasks = module.tasks(nvos_data if module is nvos else spin_data)
    if module is nvos:
        tasks = [task for task in tasks if task.name.startswith("horns")]
    truth = {task.name: {v: read_truth(p) for v, p in task.targets.items()} for task in tasks}
    rows = report.with_mean(single_view.score(tasks, lambda task: truth[task.name]))
    assert all(row["IoU"] == row["accuracy"] == 100 for row in rows.values())
    rows = single_view.score(
        tasks, lambda task: {v: shifted(m) for v, m in truth[task.name].items()}
    )
    for name, masks in truth.items():
        overlaps = [(m & shifted(m)).sum() / (m | shifted(m)).sum() for m in masks.values()]
        assert (
            rows[name]["IoU"] == pytest.approx(100 * np.mean(overlaps)) and rows[name]["IoU"] < 80
        )
        assert rows[name]["views"] == len(masks)


def test_a_square_shifted_by_a_quarter(tmp_path):
    square = np.zeros((60, 90), bool)
    square[10:50, 20:60] = True
    task = single_view.Task(
        "square", tmp_path, "a", tmp_path, {"b": save(tmp_path / "b.png", square)}
    )
    moved = np.roll(square, 10, axis=1)
    assert single_view.score([task], lambda _: {"b": moved})["square"]["IoU"] == pytest.approx(60)
    twice = np.kron(moved, np.ones((2, 2), bool))
    assert single_view.score([task], lambda _: {"b": twice})["square"]["IoU"] == pytest.approx(
        60
    ), "at any resolution"


def test_own_predictions(nvos_data, spin_data, monkeypatch):
    monkeypatch.setattr(foreground_eval, "load_segmenter", lambda spec, device: RegionSegmenter())
    task = spin.tasks(spin_data)[-1]
    # The region segmenter cannot ignore a point beside the object, so few points are drawn.
    inner = replace(config("sam_NVOS"), scheme=Scheme(share=0.1))
    for settings, floor in ((inner, 50), (config("sam_SPIn"), 80)):
        assert single_view.score([task], single_view.predictor(settings))[task.name]["IoU"] > floor
    small = {"recipe": replace(config("dif_SPIn").recipe, neighbors=30)}
    spin_tasks = [task for task in spin.tasks(spin_data) if task.name == "fern"]
    answer = single_view.predictor(replace(config("dif_SPIn"), **small), extractor="colour")
    assert single_view.score(spin_tasks, answer)["fern"]["IoU"] > 85
    monkeypatch.setattr(
        foreground_eval, "load_extractor", lambda spec, device: PlantedExtractor(0.5, (45, 60))
    )
    answer = single_view.predictor(replace(config("dif_NVOS"), **small))
    rows = single_view.score(nvos.tasks(nvos_data), answer)
    assert min(row["IoU"] for row in rows.values()) > 80


# LERF-OVS.


@pytest.fixture
def lerf_data(made, shown, tmp_path):
    shutil.copytree(made, tmp_path / "teatime")
    (tmp_path / "label" / "teatime").mkdir(parents=True)
    for view in ("photo_2", "photo_5"):
        objects = []
        for name in ("red", "green"):
            rows, columns = np.nonzero(shown[view, name])
            # Around the ball: its leftmost pixel of every row, then its rightmost ones.
            outline = []
            for row in np.unique(rows):
                outline.insert(0, [float(columns[rows == row].min()) - 0.4, float(row)])
                outline.append([float(columns[rows == row].max()) + 0.4, float(row)])
            box = [float(columns.min()), float(rows.min()), float(columns.max()), float(rows.max())]
            objects.append(
                {"category": WORDS[name], "group": 1, "segmentation": outline, "bbox": box}
            )
        about = {"info": {"name": f"{view}.jpg", "width": W, "height": H}, "objects": objects}
        (tmp_path / "label" / "teatime" / f"frame_{view}.json").write_text(json.dumps(about))
    return tmp_path


def views_named(tasks):
    """The labels are called frame_<photo>; in the published set photos are called that, too."""
    return [
        replace(
            task,
            frames={name.removeprefix("frame_"): things for name, things in task.frames.items()},
        )
        for task in tasks
    ]


def test_lerf_perfect_and_shifted(lerf_data, shown):
    (task,) = views_named(lerf.tasks(lerf_data))
    assert task.texts == ["tomato", "lime"] and sorted(task.frames) == ["photo_2", "photo_5"]
    thing = task.frames["photo_2"][0]
    assert metrics.iou(thing.mask, shown["photo_2", "red"]) > 0.85, "the outline is filled"

    def perfect(task):
        return lambda view: np.stack([thing.mask for thing in task.frames[view]]).astype(np.float32)

    def moved(task):
        return lambda view: np.roll(perfect(task)(view), 60, axis=2)

    for cutoff in (0, 0.8):
        row = lerf.score([task], perfect, cutoff=cutoff, smooth=0)["teatime"]
        assert row == {"localisation": 100, "IoU": 100, "prompts": 4}
    row = lerf.score([task], moved, cutoff=0, smooth=0)["teatime"]
    overlaps = [
        metrics.iou(t.mask, np.roll(t.mask, 60, axis=1)) for f in task.frames.values() for t in f
    ]
    assert row["IoU"] == pytest.approx(100 * np.mean(overlaps)) and row["localisation"] == 0
    smooth = lerf.score([task], perfect, cutoff=0, smooth=5)["teatime"]
    assert smooth["localisation"] == 100 and 60 < smooth["IoU"] < 100
    nothing = lerf.score(
        [task], lambda task: lambda view: np.zeros((2, H, W), np.float32), cutoff=0, smooth=0
    )
    assert nothing["teatime"]["IoU"] == 0


def test_several_outlines_of_a_text_are_one(tmp_path):
    square = [[0, 0], [0, 9], [9, 9], [9, 0]]
    other = [[x + 20, y] for x, y in square]
    objects = [
        {"category": "cup", "segmentation": s, "bbox": [s[0][0], 0, s[0][0] + 9, 9]}
        for s in (square, other)
    ]
    path = tmp_path / "frame_1.json"
    path.write_text(json.dumps({"info": {"width": 40, "height": 20}, "objects": objects}))
    (thing,) = lerf._things(path)
    assert thing.boxes.shape == (2, 4) and 150 < thing.mask.sum() < 210
    path.write_text('{"objects": []}')
    with pytest.raises(EngineError, match="not an annotation of LERF-OVS"):
        lerf._things(path)


def test_lerf_own_predictions(lerf_data, monkeypatch):
    monkeypatch.setattr(lerf, "load_text_extractor", lambda spec, device: PlantedExtractor(1.0))
    tasks = views_named(lerf.tasks(lerf_data))
    for name, floor in (("lerf", 60), ("lerf_no_diffusion", 40)):
        settings = replace(config(name), recipe=replace(config(name).recipe, neighbors=30))
        answer = lerf.predictor(settings, extractor="colour")
        row = lerf.score(tasks, answer, cutoff=settings.cutoff, smooth=settings.smooth)["teatime"]
        assert row["localisation"] == 100 and row["IoU"] > floor, name


def test_lerf_masks_redrawn_by_a_segmenter(lerf_data, shown):
    (task,) = views_named(lerf.tasks(lerf_data))
    segmenter = RegionSegmenter()
    redraw = lerf.redrawn(segmenter)
    masks = redraw(task, "photo_2", ndimage.binary_erosion(shown["photo_2", "red"], iterations=3))
    assert len(masks) == 5 and segmenter.images == 1
    assert all(metrics.iou(mask, shown["photo_2", "red"]) > 0.9 for mask in masks), (
        "grown to the whole ball"
    )
    redraw(task, "photo_2", shown["photo_2", "green"])
    redraw(task, "photo_5", shown["photo_5", "green"])
    assert segmenter.images == 2, "each photo is looked at once"

    def small(task):
        eroded = {
            v: [ndimage.binary_erosion(t.mask, iterations=3) for t in f]
            for v, f in task.frames.items()
        }
        return lambda view: np.stack(eroded[view]).astype(np.float32)

    plain = lerf.score([task], small, cutoff=0, smooth=0)["teatime"]["IoU"]
    assert (
        lerf.score([task], small, cutoff=0, smooth=0, redraw=redraw)["teatime"]["IoU"] > plain + 20
    )


# ScanNet.

LABELS = {"red": "chair", "blue": "shower curtain", "green": "sofa", "ground": "floor"}


@pytest.fixture
def scannet_data(made, shown, tmp_path):
    place = tmp_path / "scene0000_00"
    shutil.copytree(made, place)
    names = np.load(made / "names.npy")
    ids = np.array([scannet.NYU40[LABELS[name]] for name in names], np.uint16)
    ids[::50] = 39  # other furniture: not one of the classes
    header = (
        f"ply\nformat ascii 1.0\nelement vertex {len(ids)}\n"
        "property float x\nproperty ushort label\nend_header\n"
    )
    (place / "scene0000_00_vh_clean_2.labels.ply").write_text(
        header + "".join(f"0 {i}\n" for i in ids)
    )
    splats = read_ply(place / "splats.ply").gaussians
    faint = np.where(np.arange(len(ids)) % 40 == 7, 0.05, splats.opacities).astype(np.float32)
    (place / "splats.ply").unlink()
    write_ply(place / "splats.ply", replace(splats, opacities=faint))
    rng = np.random.default_rng(0)
    texts = {name: rng.normal(size=32).tolist() for name in scannet.NYU40}
    texts["showercurtain"] = texts.pop("shower curtain")
    (tmp_path / "text_features.json").write_text(json.dumps(texts))
    (place / "language_features").mkdir()
    vectors = np.array([texts[LABELS[name].replace(" ", "")] for name in WORDS])
    for view in VIEWS:
        segments = np.full((4, H, W), -1, np.int32)
        for n, name in enumerate(WORDS):
            segments[0][shown[view, name]] = n
        np.save(place / "language_features" / f"{view}_s.npy", segments)
        np.save(place / "language_features" / f"{view}_f.npy", (vectors * 3).astype(np.float16))
    return tmp_path


def test_scannet_perfect_and_wrong(scannet_data):
    (task,) = scannet.tasks(scannet_data)
    labels = scannet.read_labels(task.labels)

    def perfect(task, names):
        out = np.full(len(labels), -1)
        for n, name in enumerate(names):
            out[labels == scannet.NYU40[name]] = n
        return out

    row = scannet.score([task], perfect)[task.name]
    assert row == {f"{kind} {count}": 100 for count in (19, 15, 10) for kind in ("mIoU", "mAcc")}

    def all_floor(task, names):
        return np.full(len(labels), names.index("floor"))

    row = scannet.score([task], all_floor)[task.name]
    opaque = np.arange(len(labels)) % 40 != 7
    floor, rest = (labels == 2)[opaque].sum(), np.isin(labels, [5, 6, 28])[opaque].sum()
    assert row["mIoU 19"] == pytest.approx(100 * floor / (floor + rest) / 4) and row[
        "mAcc 19"
    ] == pytest.approx(25)
    assert row["mAcc 15"] == pytest.approx(100 / 3), "without the shower curtain"


def test_scannet_own_predictions(scannet_data):
    (task,) = scannet.tasks(scannet_data)
    answer = scannet.predictor(scannet.read_texts(scannet_data / "text_features.json"))
    row = scannet.score([task], answer)[task.name]
    assert row["mIoU 19"] > 85 and row["mAcc 10"] > 90


def test_scannet_lifts_segments_as_any_map(scannet_data):
    """Lifting one-hot maps of segments, then multiplying, equals lifting the vectors."""
    (task,) = scannet.tasks(scannet_data)
    scene = load_scene(splats_of(task.scene), views=task.scene)
    found = scannet.lift_segments(scene, task.scene / "language_features")
    from ludvig_engine.uplifting import Sight, uplift

    sights = []
    for view in scene.views:
        stem = task.scene / "language_features" / Path(view.name).stem
        ids, vectors = np.load(f"{stem}_s.npy")[0], np.load(f"{stem}_f.npy").astype(np.float32)
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        image = np.where((ids >= 0)[None], unit[ids].transpose(2, 0, 1), 0).astype(np.float32)
        sights.append(Sight(view.camera, np.ascontiguousarray(image)))
    np.testing.assert_allclose(found, uplift(scene.gaussians, sights).features, atol=2e-4)


def test_scannet_needs_one_gaussian_per_point(scannet_data):
    (task,) = scannet.tasks(scannet_data)
    short = read_ply(task.scene / "splats.ply").gaussians.take(slice(0, 100))
    (task.scene / "splats.ply").unlink()
    write_ply(task.scene / "splats.ply", short)
    with pytest.raises(EngineError, match="has 100 Gaussians, but labels for 4,000 points"):
        scannet.score([task], lambda task, names: np.zeros(100, int))


@pytest.mark.parametrize("place", ["splats.ply", "a.ply", "zz.ply", "gs/scene.ply"])
def test_scannets_own_meshes_are_no_splats(place, tmp_path):
    """A scan's folder as ScanNet publishes it, with trained splats beside the meshes."""
    for name in (
        *("scene0000_00_vh_clean.ply", "scene0000_00_vh_clean_2.ply"),
        *("scene0000_00_vh_clean_2.labels.ply", "scene0000_00.labels.ply", "points3D.ply"),
    ):
        (tmp_path / name).write_bytes(b"ply")
    with pytest.raises(EngineError, match="holds no trained splats"):
        splats_of(tmp_path)
    (tmp_path / place).parent.mkdir(exist_ok=True)
    (tmp_path / place).write_bytes(b"ply")
    assert splats_of(tmp_path) == tmp_path / place


def test_class_sets():
    assert [len(scannet.CLASSES[n]) for n in (19, 15, 10)] == [19, 15, 10]
    assert "picture" not in scannet.CLASSES[15] and "sink" not in scannet.CLASSES[10]


# Metrics, report, command.


def test_metrics():
    empty = np.zeros((3, 3), bool)
    assert metrics.iou(empty, empty) == 1 and metrics.iou(empty, ~empty) == 0
    image = np.zeros((20, 30), np.float32)
    image[4, 10] = image[15, 25] = 1
    for box, hit in (
        ([10, 4, 12, 6], True),
        ([8, 2, 10, 4], True),
        ([11, 4, 20, 9], False),
        ([25, 15, 25, 15], True),
    ):
        assert metrics.hits(image, np.array([box], float)) is hit, (
            "borders and every largest pixel count"
        )
    assert metrics.hits(image, np.array([[0, 0, 1, 1], [9, 3, 11, 5]], float)), "any box will do"
    assert not metrics.above_otsu(-image, 0).any()
    rng = np.random.default_rng(0)
    truth, said = rng.integers(-1, 5, 400), rng.integers(-1, 6, 400)
    ious, right = [], []
    for c in range(5):
        t = truth == c
        p = said == c
        counted = truth >= 0
        ious.append((t & p).sum() / ((t | p) & counted).sum())
        right.append((t & p).sum() / t.sum())
    assert metrics.class_scores(said, truth, 6) == pytest.approx((np.mean(ious), np.mean(right)))


def test_where_trained_splats_lie(tmp_path):
    with pytest.raises(EngineError, match="holds no trained splats"):
        splats_of(tmp_path)
    for name in ("points3D.ply", "x.ply", "point_cloud/iteration_7000/point_cloud.ply"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "point_cloud" / "iteration_30000").mkdir()
    (tmp_path / "point_cloud" / "iteration_30000" / "point_cloud.ply").touch()
    assert splats_of(tmp_path).parent.name == "iteration_30000"
    shutil.rmtree(tmp_path / "point_cloud")
    assert splats_of(tmp_path).name == "x.ply"


def test_command(spin_data, scannet_data, tmp_path):
    def run(*arguments):
        done = CliRunner().invoke(
            app, ["eval", *map(str, arguments)], catch_exceptions=False, env={"COLUMNS": "200"}
        )
        assert done.exit_code == 0
        return done

    out = tmp_path / "out" / "scores.json"
    out.parent.mkdir()
    shutil.move(scannet_data / "scene0000_00", out.parent / "scans" / "scene0000_00")
    said = run("scannet", spin_data, "--scenes", out.parent / "scans", "--out", out).output
    found = json.loads(out.read_text())
    assert (
        found["results"]["mean"]["mIoU 19"] > 85 and found["published"]["LUDVIG"]["mIoU 19"] == 33.9
    )
    assert "33.9" in said and "scene0000_00" in said and "LUDVIG, mean" in said
    (out.parent / "scans").rename(tmp_path.parent / "scans")
    found = json.loads(
        run(
            "spin", spin_data, "--extractor", "colour", "--no-cache", "--json", "--scene", "fern"
        ).stdout
    )
    assert found["config"] == "dif_SPIn" and found["extractor"] == "colour"
    assert found["results"]["fern"]["IoU"] > 85
    assert found["published"]["LUDVIG, SAM"]["fern"] == 97
    with pytest.raises(EngineError, match='no task "room"'):
        run("spin", spin_data, "--scene", "room", "--extractor", "colour")
    with pytest.raises(EngineError, match="does not belong to the benchmark spin"):
        run("spin", spin_data, "--config", "lerf")
