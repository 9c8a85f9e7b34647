"""`auto` chooses among the installed models and never downloads."""

from __future__ import annotations

import pytest

from ludvig_engine import weights
from ludvig_engine.errors import EngineError
from ludvig_engine.features import load_extractor
from ludvig_engine.features.auto import best, wanted


def has(monkeypatch, *ids):
    monkeypatch.setattr(weights, "status", lambda: {id: id in ids or None for id in weights.MODELS})


def test_without_torch_it_is_colour(monkeypatch):
    has(monkeypatch, *weights.MODELS)
    monkeypatch.setattr("ludvig_engine.features.auto.find_spec", lambda name: None)
    assert best("cpu") == "colour"
    assert load_extractor("auto").name == "colour", "it says what it is"


@pytest.mark.parametrize(
    ("ids", "device", "spec"),
    [
        ((), "cpu", "colour"),
        (("effnet", "minilm"), "cpu", "effnet"),
        (("imgfocus", "effnet"), "cpu", "imgfocus"),
        (("imgfocus", "xfeat"), "cpu", "imgfocus+xfeat"),
        (("imgfocus", "xfeat", "dinov2-small", "dinov2-large"), "cpu", "dinov2:small"),
        (("imgfocus", "dinov2-small", "dinov2-large"), "cuda", "dinov2:large"),
        (("clip", "sam2-small", "dinov3-small"), "cuda", "colour"),
    ],
)
def test_choice(ids, device, spec, monkeypatch):
    has(monkeypatch, *ids)
    monkeypatch.setattr("ludvig_engine.features.auto.find_spec", lambda name: True)
    monkeypatch.setattr("ludvig_engine.features.auto.choose", lambda device: device)
    assert best(device) == spec


def test_it_does_not_wait_for_torch_to_say_that_nothing_is_there(monkeypatch):
    monkeypatch.setattr("ludvig_engine.features.auto.find_spec", lambda name: True)
    monkeypatch.setattr(
        "ludvig_engine.features.auto.choose", lambda device: pytest.fail("torch was asked")
    )
    for ids in ((), ("imgfocus", "xfeat"), ("clip",)):
        has(monkeypatch, *ids)
        assert best("auto") == {0: "colour", 1: "colour", 2: "imgfocus+xfeat"}[len(ids)]


@pytest.mark.parametrize(("device", "spec"), [("cpu", "dinov2:small"), ("cuda", "dinov2:large")])
def test_wanted(device, spec, monkeypatch):
    monkeypatch.setattr("ludvig_engine.features.auto.choose", lambda device: device)
    assert wanted(device) == spec


def test_no_argument():
    with pytest.raises(EngineError, match="takes no argument"):
        load_extractor("auto:best")
