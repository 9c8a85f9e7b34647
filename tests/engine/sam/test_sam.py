"""Segmenters.

The real loading code runs on tiny random weights; the geometry is tested on networks whose
answers are known.
"""

from __future__ import annotations

import json
import re
import shutil
import sys

import numpy as np
import pytest
from safetensors.torch import save_file

import tiny_sams
from color_segmenter import color_segmenter
from extractor_battery import photo
from ludvig_engine.errors import EngineError
from ludvig_engine.machine.images import IMAGENET, UNIT, to_tensor
from ludvig_engine.sam import Segmenter, load_segmenter
from ludvig_engine.sam.everything import distinct, everything, grid_points, paint, stability
from ludvig_engine.sam.segmenter import Frame
from ludvig_engine.weights import MissingWeights
from single_precision import SinglePrecision
from tiny_models import torch, transformers

SIZES = [(97, 61), (61, 97), (128, 128), (300, 420)]


@pytest.fixture(scope="module")
def segment_anything():
    return tiny_sams.import_segment_anything()


@pytest.fixture(scope="module")
def checkpoint(segment_anything, tmp_path_factory):
    return tiny_sams.save_original(segment_anything, tmp_path_factory.mktemp("models") / "tiny.pth")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    return {family: getattr(tiny_sams, family)(root / family) for family in ("sam", "sam2", "sam3")}


@pytest.fixture(params=["sam", "sam2", "sam3", "sam-pth"])
def segmenter(request, folders, monkeypatch):
    if request.param != "sam-pth":
        return load_segmenter(f"{request.param}:{folders[request.param]}")
    package, path = (
        request.getfixturevalue("segment_anything"),
        request.getfixturevalue("checkpoint"),
    )
    monkeypatch.setitem(package.sam_model_registry, "vit_b", lambda: tiny_sams.original(package))
    return load_segmenter(f"sam-pth:{path}")


# --- the battery of all of them ---


@pytest.mark.parametrize("size", SIZES)
def test_battery(segmenter, size):
    picture = photo(*size).pixels
    before = picture.copy()
    points, labels = np.array([[20.0, 30.0], [50.5, 60.5]]), np.array([1, 0])
    segmenter.set_image(picture)
    masks, scores = segmenter.predict(points, labels)
    assert (
        masks.shape == (3, *size)
        and masks.dtype == bool
        and scores.shape == (3,)
        and scores.dtype == np.float32
    )
    assert np.isfinite(scores).all() and 0 < masks.mean() < 1
    single, _ = segmenter.predict(points, labels, multimask=False)
    assert single.shape == (1, *size)
    segmenter.set_image(photo(80, 60, seed=9).pixels)
    other, _ = segmenter.predict(points, labels)
    assert other.shape == (3, 80, 60)
    segmenter.set_image(picture)
    again = segmenter.predict(points, labels)
    np.testing.assert_array_equal(again[0], masks)
    np.testing.assert_array_equal(again[1], scores)
    np.testing.assert_array_equal(picture, before)


def test_all_that_is_asked_works_without_float64(segmenter):
    """NumPy's numbers are float64, which Apple's GPUs do not have."""
    point, box = np.array([[20.0, 30.0]]), np.array([5.0, 6.0, 40.0, 50.0])
    with SinglePrecision():
        segmenter.set_image(photo(97, 61).pixels)
        segmenter.predict(point)
        segmenter.predict(point, np.array([1]), box)
        segmenter.predict(None, None, box)
        masks, scores = segmenter.predict_many(point[None], np.array([[1]]))
    assert masks.shape[-2:] == (97, 61) and np.isfinite(scores).all()


def test_single_precision_notices():
    with SinglePrecision(), pytest.raises(TypeError, match="float64"):
        torch.tensor(np.zeros(2)).float()


def test_prompts_matter(segmenter):
    segmenter.set_image(photo(97, 61).pixels)
    here, there = np.array([[10.0, 20.0]]), np.array([[50.0, 80.0]])
    answers = [
        segmenter.predict(here)[1],
        segmenter.predict(there)[1],
        segmenter.predict(here, np.array([0]))[1],
        segmenter.predict(box=np.array([5.0, 5, 40, 60]))[1],
        segmenter.predict(here, box=np.array([5.0, 5, 40, 60]))[1],
        segmenter.predict(np.concatenate([here, there]))[1],
    ]
    assert len(np.unique(np.round(answers, 5), axis=0)) == len(answers)


def test_many_prompts_at_once_are_the_same_as_one_by_one(segmenter):
    segmenter.set_image(photo(97, 61).pixels)
    points, labels = np.random.default_rng(0).uniform(0, 60, (5, 3, 2)), np.array([[1, 1, 0]] * 5)
    masks, scores = segmenter.predict_many(points, labels)
    assert masks.shape == (5, 3, 97, 61)
    for i in range(5):
        one, score = segmenter.predict(points[i], labels[i])
        assert (one != masks[i]).mean() < 1e-3
        np.testing.assert_allclose(score, scores[i], atol=1e-4)


def test_mistakes(segmenter):
    with pytest.raises(EngineError, match="has not seen an image"):
        segmenter.predict(np.array([[1.0, 2.0]]))
    segmenter.set_image(photo(40, 50).pixels)
    for points in (None, np.zeros((0, 2))):
        with pytest.raises(EngineError, match="neither a point nor a box"):
            segmenter.predict(points)


# --- the input is what the models' own code would make of a photo ---


@pytest.mark.parametrize("size", SIZES)
def test_preprocessing_of_sam_1_is_its_processor_s(size, folders):
    segmenter, seen = load_segmenter(f"sam:{folders['sam']}"), []
    embed = segmenter.network.model.get_image_embeddings
    segmenter.network.model.get_image_embeddings = lambda image: seen.append(image) or embed(image)
    picture = np.round(photo(*size).pixels * 255)
    segmenter.set_image(picture.astype(np.float32) / 255)
    processor = transformers.SamImageProcessorPil(
        size={"longest_edge": 128},
        pad_size={"height": 128, "width": 128},
        mask_size={"longest_edge": 32},
    )
    out = processor(picture.astype(np.uint8), return_tensors="pt")
    assert tuple(out["reshaped_input_sizes"][0].tolist()) == Frame(*size, 128, True).shown
    difference = (seen[0] - out["pixel_values"]).abs()
    assert seen[0].shape == out["pixel_values"].shape
    # The processor rounds to 8 bits.
    assert difference.max() < 3 / 255 / 0.22 and difference.mean() < 1 / 255 / 0.22


@pytest.mark.parametrize("family", ["sam", "sam2", "sam3"])
def test_masks_are_the_model_s_own(family, folders):
    """An image that fills the square is not resized, and its logits are only enlarged."""
    segmenter = load_segmenter(f"{family}:{folders[family]}")
    side = segmenter.network.side
    picture = photo(side, side).pixels
    segmenter.set_image(picture)
    masks, scores = segmenter.predict(np.array([[30.5, 40.5]]))
    kind = {"sam": "SamModel", "sam2": "Sam2Model", "sam3": "Sam3TrackerModel"}[family]
    model = getattr(transformers, kind).from_pretrained(folders[family])
    with torch.no_grad():
        out = model(
            to_tensor(picture, (side, side), segmenter.network.statistics, device="cpu"),
            input_points=torch.tensor([[[[30.0, 40.0]]]]),  # the index of that pixel
            input_labels=torch.tensor([[[1]]]),
        )
    expected = torch.nn.functional.interpolate(out.pred_masks[0], (side, side), mode="bilinear") > 0
    assert (masks != expected[0].numpy()).mean() < 1e-3
    np.testing.assert_allclose(scores, out.iou_scores[0, 0], atol=1e-5)


def test_sam_2_as_it_is_published(tmp_path):
    """The settings on the hub are those of the video model, of which this is a part."""
    folder, scores = tiny_sams.sam2(tmp_path / "tiny"), []
    config = json.loads((folder / "config.json").read_text())
    for kind in (config["model_type"], "sam2_video"):
        (folder / "config.json").write_text(json.dumps({**config, "model_type": kind}))
        segmenter = load_segmenter(f"sam2:{folder}")
        segmenter.set_image(photo(50, 60).pixels)
        scores.append(segmenter.predict(np.array([[30.0, 40.0]]))[1])
    np.testing.assert_array_equal(*scores)


def test_sam_3_as_it_is_published(folders, tmp_path):
    """The file on the hub has the detector and the tracker, whose image encoder is the former's.

    Its settings are those of the video model, and it has the weights of the tracker's memory.
    """
    new = {
        r"^vision_encoder\.backbone\.": "detector_model.vision_encoder.backbone.",
        r"^vision_encoder\.neck\.": "tracker_neck.",
        r"^(?!detector_model|tracker_neck)": "tracker_model.",
    }
    folder, state = shutil.copytree(folders["sam3"], tmp_path / "sam3"), {}
    model = transformers.Sam3TrackerModel.from_pretrained(folder)
    for name, tensor in model.state_dict().items():
        for pattern, replacement in new.items():
            name = re.sub(pattern, replacement, name)
        state[name] = tensor
    state["detector_model.text_encoder.embedding.weight"] = torch.zeros(3, 3)
    state["tracker_model.memory_temporal_positional_encoding"] = torch.zeros(7, 1, 1, 64)
    tracker = json.loads((folder / "config.json").read_text())
    video = {
        "model_type": "sam3_video",
        "tracker_config": {**tracker, "model_type": "sam3_tracker"},
    }
    (folder / "config.json").write_text(json.dumps(video))
    save_file(state, folder / "model.safetensors")
    scores = []
    for place in (folders["sam3"], folder):
        segmenter = load_segmenter(f"sam3:{place}")
        segmenter.set_image(photo(50, 60).pixels)
        scores.append(segmenter.predict(np.array([[30.0, 40.0]]))[1])
    np.testing.assert_array_equal(*scores)


@pytest.mark.parametrize("size", SIZES)
def test_both_implementations_of_sam_1_agree(
    size, segment_anything, checkpoint, monkeypatch, tmp_path
):
    """The same weights, through the original package and through transformers."""
    monkeypatch.setitem(
        segment_anything.sam_model_registry, "vit_b", lambda: tiny_sams.original(segment_anything)
    )
    original = load_segmenter(f"sam-pth:{checkpoint}")
    other = load_segmenter(f"sam:{tiny_sams.same_in_transformers(checkpoint, tmp_path / 'same')}")
    prompts = (
        {"points": np.array([[20.3, 30.7], [40.0, 11.0]]), "labels": np.array([1, 0])},
        {"box": np.array([5.0, 7.0, 44.0, 50.0])},
        {
            "points": np.array([[20.3, 30.7]]),
            "box": np.array([5.0, 7.0, 44.0, 50.0]),
            "multimask": False,
        },
    )
    for segmenter in (original, other):
        segmenter.set_image(photo(*size).pixels)
    for prompt in prompts:
        (masks, scores), (again, others) = original.predict(**prompt), other.predict(**prompt)
        assert 0 < masks.mean() < 1 and (masks != again).mean() < 1e-3
        np.testing.assert_allclose(scores, others, atol=1e-4)


# --- geometry, on networks whose answers are known ---


class Discs:
    """Its mask is a disc around the first point, or the box, in the pixel indices it is given."""

    statistics = UNIT

    def __init__(self, padded, side=256):
        self.padded, self.side = padded, side

    def embed(self, image):
        assert image.shape == (1, 3, self.side, self.side)
        return image

    def decode(self, embedding, points, labels, boxes, multimask):
        # Pixel indices of the centers of the cells.
        index = (torch.arange(self.side // 4) + 0.5) * 4 - 0.5
        y, x = index[:, None], index
        if boxes is not None:
            left, top, right, bottom = boxes[0]
            logits = torch.minimum(
                torch.minimum(x - left, right - x), torch.minimum(y - top, bottom - y)
            )
        else:
            logits = 12 - torch.hypot(x - points[0, 0, 0], y - points[0, 0, 1])
        return logits[None, None], torch.ones(1, 1)


@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("size", [(200, 301), (311, 97), (640, 480), (1000, 1500)])
def test_prompts_and_masks_go_there_and_back(size, padded):
    segmenter = Segmenter(Discs(padded), "discs", "discs", "CC0-1.0", "cpu")
    segmenter.set_image(np.zeros((*size, 3), np.float32))
    height, width = size
    pixel = max(size) / 256  # of the square, in the photo
    for x, y in ((0.5, 0.5), (0.37, 0.62), (0.8, 0.25)):
        masks, _ = segmenter.predict(np.array([[x * width, y * height]]))
        rows, columns = np.nonzero(masks[0])
        assert columns.mean() + 0.5 == pytest.approx(x * width, abs=0.3 * pixel)
        assert rows.mean() + 0.5 == pytest.approx(y * height, abs=0.3 * pixel)
    box = np.array([0.2 * width, 0.3 * height, 0.7 * width, 0.9 * height])
    rows, columns = np.nonzero(segmenter.predict(box=box)[0][0])
    found = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    np.testing.assert_allclose(found, box, atol=1.5 * pixel)


def test_points_of_pixel_centers_are_pixel_indices():
    frame = Frame(256, 256, 256, True)
    np.testing.assert_allclose(
        frame.to_square(np.array([[0.5, 0.5], [100.5, 7.5]])), [[0, 0], [100, 7]]
    )
    assert Frame(1199, 1600, 1024, True).shown == (767, 1024) and Frame(
        1199, 1600, 1024, False
    ).shown == (1024, 1024)


def test_everything():
    truth = np.zeros((180, 250), int)
    truth[20:90, 30:100] = 1
    truth[100:170, 140:240] = 2
    truth[32:76, 42:90] = 3
    colours = np.array(
        [[0.1, 0.1, 0.1], [0.9, 0.2, 0.2], [0.2, 0.9, 0.2], [0.2, 0.2, 0.9]], np.float32
    )
    segmenter = color_segmenter()
    segmenter.set_image(colours[truth])
    labels = paint(everything(segmenter, grid=16), truth.shape)
    assert labels.shape == truth.shape and labels.dtype == np.int32
    for region in range(4):
        found = np.bincount(labels[truth == region]).argmax()
        common = ((labels == found) & (truth == region)).sum()
        assert found > 0 and common / ((labels == found) | (truth == region)).sum() > 0.85
    assert (np.bincount(labels.ravel(), minlength=2)[1:] > 1000).sum() == 4, (
        "a region found by many points is one label"
    )
    assert np.bincount(labels[truth == 0]).argmax() == 1, "the largest comes first"
    assert (paint(everything(segmenter, grid=16, least_score=0.99), truth.shape) == 0).all()


def test_everything_runs_on_a_real_architecture(folders):
    segmenter = load_segmenter(f"sam2:{folders['sam2']}")
    segmenter.set_image(photo(97, 61).pixels)
    masks = everything(segmenter, grid=4, least_score=-9, least_stability=0, least_area=0)
    labels = paint(masks, (97, 61))
    assert labels.shape == (97, 61) and labels.max() > 0


def test_grid_points_are_spread_evenly():
    points = grid_points(480, 720, 12)
    assert (
        len(points) == 12 * 8
        and points.min(0).tolist() == [30, 30]
        and points.max(0).tolist() == [690, 450]
    )


def test_stability():
    logits = torch.tensor([[[5.0, -5, 5, -5]], [[0.5, -0.5, 5, -5]], [[-5.0] * 4]])
    np.testing.assert_allclose(stability(logits), [1, 1 / 3, 0])


def test_distinct_keeps_the_best_of_its_kind():
    masks = np.zeros((4, 10, 10), bool)
    masks[0, :5] = True
    masks[1, :5, :9] = True
    masks[2, 6:] = True
    masks[3, :2] = True
    assert distinct(masks, np.array([0.9, 0.95, 0.8, 0.7], np.float32)).tolist() == [1, 2, 3]


# --- mistakes ---


def test_unknown_and_missing():
    with pytest.raises(EngineError, match=r'no segmenter "sam4"'):
        load_segmenter("sam4")
    with pytest.raises(EngineError, match=r'no model "gigantic"'):
        load_segmenter("sam2:gigantic")


SPECS = {
    "sam2": "sam2-small",
    "sam": "sam",
    "sam:huge": "sam-huge",
    "sam3": "sam3",
    "sam-pth:huge": "sam-huge-pth",
}


@pytest.mark.parametrize(("spec", "id"), SPECS.items())
def test_names_mean_the_models_of_the_table(spec, id, monkeypatch, tmp_path):
    monkeypatch.setenv("LUDVIG_MODELS", str(tmp_path))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(MissingWeights) as caught:
        load_segmenter(spec)
    assert caught.value.model.id == id


def test_segment_anything_is_not_there(monkeypatch, tmp_path):
    torch.save({"image_encoder.pos_embed": torch.zeros(1, 8, 8, 768)}, tmp_path / "a.pth")
    monkeypatch.setitem(sys.modules, "segment_anything", None)
    with pytest.raises(EngineError, match=r"pip install --no-deps segment-anything") as caught:
        load_segmenter(f"sam-pth:{tmp_path / 'a.pth'}")
    assert caught.value.kind == "missing_package"


@pytest.mark.parametrize("content", ["nonsense", "pickle", "other"])
def test_a_checkpoint_that_is_none(content, tmp_path, segment_anything):
    path = tmp_path / "a.pth"
    if content == "nonsense":
        path.write_bytes(b"nonsense")
    else:
        torch.save(
            {"image_encoder.pos_embed": print}
            if content == "pickle"
            else {"weight": torch.zeros(3)},
            path,
        )
    message = "not a checkpoint of SAM 1" if content == "other" else "cannot be read"
    with pytest.raises(EngineError, match=message) as caught:
        load_segmenter(f"sam-pth:{path}")
    assert caught.value.kind == "bad_file"


def test_statistics_of_the_families(folders):
    assert load_segmenter(f"sam:{folders['sam']}").network.statistics == IMAGENET
    assert load_segmenter(f"sam3:{folders['sam3']}").network.side == 112
