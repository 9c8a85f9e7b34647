"""Texts to segments, with a planted text model: known vectors plus noise."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import small_scene
from ludvig_engine import weights
from ludvig_engine.cache.store import Cache
from ludvig_engine.errors import EngineError
from ludvig_engine.features.colour import Colour
from ludvig_engine.io.load import load_scene
from ludvig_engine.io.masks import read_mask
from ludvig_engine.pictures.draw import share
from ludvig_engine.pipeline import prepare
from ludvig_engine.words import lift
from ludvig_engine.words.find import Spread, text_scores, united
from ludvig_engine.words.lift import lift_text, load_text_extractor
from planted_words import WORDS, PlantedExtractor, iou

ABSENT = ["unicorn", "excavator", "dog", "zeppelin"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = small_scene.write(tmp_path_factory.mktemp("scene"))
    scene = load_scene(folder / "splats.ply", views=folder)
    names = scene.from_file(np.load(folder / "names.npy"))
    return scene, names, prepare(scene, Colour())


def test_every_object_is_found_and_nothing_else(made):
    scene, names, prepared = made
    encoder = PlantedExtractor(1.0)
    lifted = lift_text(scene, encoder)
    words = [*list(WORDS.values())[:3], *ABSENT]
    found = text_scores(prepared, lifted, encoder, words)
    for name, one in zip(WORDS, found[:3], strict=False):
        assert one.finding.found, one.text
        assert iou(one.segment.selected, names == name, lifted.seen) >= 0.9, one.text
        assert one.segment.scores.min() >= 0 and one.segment.scores.max() <= 1
    for one in found[3:]:
        assert not one.finding.found and not one.segment.selected.any(), one.text
        assert f'"{one.text}" is not found' in one.segment.notes[0]
        assert one.segment.scores.max() > 0, "the best guess can still be looked at"
    alone = text_scores(prepared, lifted, encoder, ["marble"])[0]
    np.testing.assert_allclose(alone.segment.scores, found[1].segment.scores, atol=1e-5)
    np.testing.assert_array_equal(alone.segment.selected, found[1].segment.selected)


def test_objects_are_found_where_relevancy_is_noisy(made):
    scene, names, prepared = made
    encoder = PlantedExtractor(6.0)
    lifted = lift_text(scene, encoder)
    gains = []
    for name in ("red", "blue", "green"):
        truth = names == name
        spread, plain = (
            text_scores(prepared, lifted, encoder, [WORDS[name]], spread=Spread(diffusion=on))[0]
            for on in (True, False)
        )
        best = max(
            iou(plain.relevancy > cut, truth, lifted.seen)
            for cut in np.quantile(plain.relevancy, np.r_[0.3:1:60j])
        )
        gains.append(iou(spread.segment.selected, truth, lifted.seen) - best)
        assert iou(spread.segment.selected, truth, lifted.seen) >= 0.9, name
    assert min(gains) >= 0.05, f"beyond the best threshold of the relevancy alone: {gains}"


def test_negatives_take_away(made):
    scene, _, prepared = made
    encoder = PlantedExtractor(0.5)
    lifted = lift_text(scene, encoder)
    plain, without = (
        text_scores(prepared, lifted, encoder, ["tomato"], negatives=negatives)[0]
        for negatives in (("object", "stuff"), ("object", "stuff", "tomato"))
    )
    assert plain.finding.found and not without.finding.found
    assert (without.relevancy <= plain.relevancy + 1e-6).all()
    with pytest.raises(EngineError, match="empty prompt"):
        text_scores(prepared, lifted, encoder, ["tomato", " "])


def test_given_threshold_and_nothing_seen(made):
    scene, _, prepared = made
    encoder = PlantedExtractor(0.5)
    lifted = lift_text(scene, encoder)
    one = text_scores(prepared, lifted, encoder, ["lime"], spread=Spread(threshold=0.9))[0]
    assert one.segment.threshold == 0.9 and one.segment.how == "given"
    blind = type(lifted)(
        np.zeros_like(lifted.features), np.zeros_like(lifted.weights), lifted.views
    )
    one = text_scores(prepared, blind, encoder, ["lime"])[0]
    assert not one.finding.found and not one.segment.scores.any() and not one.relevancy.any()


def test_several_texts_together(made):
    scene, _, prepared = made
    encoder = PlantedExtractor(1.0)
    found = text_scores(
        prepared, lift_text(scene, encoder), encoder, ["tomato", "lime", "zeppelin"]
    )
    union = united(found)
    each = [one.segment.selected for one in found]
    np.testing.assert_array_equal(union.selected, each[0] | each[1] | each[2])
    assert union.threshold == 0.5 and len(union.notes) == 1 and "zeppelin" in union.notes[0]
    assert united(found[:1]) is found[0].segment


def test_features_are_kept(made, tmp_path, monkeypatch):
    scene, _, _ = made
    encoder, cache = PlantedExtractor(1.0), Cache(tmp_path)
    first = lift_text(scene, encoder, cache=cache)
    assert first.features.shape == (len(scene), encoder.size)
    monkeypatch.setattr(PlantedExtractor, "__call__", lambda *_: pytest.fail("computed again"))
    np.testing.assert_array_equal(lift_text(scene, encoder, cache=cache).features, first.features)


def test_which_text_model(monkeypatch, tmp_path):
    asked = []

    def load(spec, *, device):
        asked.append(spec)
        return PlantedExtractor.__new__(PlantedExtractor)

    monkeypatch.setattr(lift, "load_extractor", load)
    here = {}
    monkeypatch.setattr(weights, "status", lambda: here)
    with pytest.raises(weights.MissingWeights, match="ludvig models fetch clip"):
        load_text_extractor()
    here |= {"effnet": tmp_path, "minilm": tmp_path, "imagenet-names": tmp_path, "clip": None}
    load_text_extractor()
    here["siglip2"] = tmp_path
    load_text_extractor()
    here["clip"] = tmp_path
    load_text_extractor()
    assert asked == ["conse", "siglip", "clip"]
    monkeypatch.undo()
    with pytest.raises(EngineError, match='cannot be compared with the features of "colour"'):
        load_text_extractor("colour")


@pytest.fixture(scope="module")
def conse():
    """The packaged stand-in for CLIP."""
    pytest.importorskip("torch")
    if missing := [id for id in ("effnet", "minilm", "imagenet-names") if not weights.status()[id]]:
        missing = ", ".join(missing)
        pytest.skip(f"the packages of {missing} are not installed: learned features are NOT tested")
    return load_text_extractor("conse")


SHIPPED = Path(__file__).resolve().parents[3] / "demo" / "scene"


def test_words_on_the_shipped_scene(conse):
    """With color features and photos of half the size, it finds whole things and no others."""
    scene, encoder = load_scene(SHIPPED / "splats.ply", views=SHIPPED, max_size=480), conse
    prepared = prepare(scene, Colour())
    things = {"vase": "vase", "chair": "chair", "potted plant": "plant"}
    found = text_scores(
        prepared, lift_text(scene, encoder), encoder, [*things, "car", "dog", "piano", "person"]
    )
    for one, folder in zip(found, things.values(), strict=False):
        overlaps = []
        for view in scene.views[::4]:
            truth = (
                read_mask(SHIPPED / "masks" / folder / f"{Path(view.name).stem}.png", view) > 0.5
            )
            seen = (
                share(scene.gaussians, view.camera, one.segment.selected.astype(np.float32)) > 0.5
            )
            overlaps.append((seen & truth).sum() / max((seen | truth).sum(), 1))
        assert one.finding.found and np.mean(overlaps) >= 0.85, (one.text, overlaps)
    assert not any(one.finding.found or one.segment.selected.any() for one in found[3:])


DATA = Path(os.environ.get("LUDVIG_DATA", "")) / "banana"


@pytest.mark.skipif(
    not os.environ.get("LUDVIG_DATA"), reason="LUDVIG_DATA is not set: real photos are NOT tested"
)
def test_words_on_real_photos_and_with_shuffled_weights(conse):
    """The packaged stand-in for CLIP finds "banana" and no dog; with shuffled weights, nothing."""
    import torch

    from ludvig_engine.features.convolution import read_weights
    from ludvig_engine.features.effnet import load_network

    scene = load_scene(DATA / "gs" / "point_cloud.ply", views=DATA, max_size=540)
    views = {Path(view.name).stem: view for view in scene.views}
    masks = {
        path.stem: read_mask(path, views[path.stem]) > 0.5
        for path in (DATA / "masks" / "bananas").glob("*.png")
    }
    scene = replace(scene, views=scene.views[::4])  # of which one has a mask
    encoder, prepared = conse, prepare(scene, Colour())

    def overlap(segment):
        pictures = {
            n: share(scene.gaussians, views[n].camera, segment.selected.astype(np.float32)) > 0.5
            for n in masks
        }
        return np.mean(
            [(pictures[n] & masks[n]).sum() / (pictures[n] | masks[n]).sum() for n in masks]
        )

    banana, dog = text_scores(prepared, lift_text(scene, encoder), encoder, ["banana", "dog"])
    assert banana.finding.found and overlap(banana.segment) >= 0.94
    assert not dog.finding.found and not dog.segment.selected.any()
    torch.manual_seed(0)
    tensors = {
        name: x.flatten()[torch.randperm(x.numel())].reshape(x.shape) if x.dim() > 1 else x
        for name, x in read_weights(weights.path("effnet"), "cpu").items()
    }
    shuffled = replace(encoder, network=load_network(tensors))
    (banana,) = text_scores(prepared, lift_text(scene, shuffled), shuffled, ["banana"])
    assert not banana.finding.found
