"""Texts become what each family was trained on, from tokenizers in the files that are published."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import tiny_models
from ludvig_engine import weights
from ludvig_engine.errors import EngineError
from ludvig_engine.features import EXTRACTORS, load_extractor
from ludvig_engine.machine.pretrained import SENTENCEPIECE, load_tokenizer
from ludvig_engine.outside import packages
from ludvig_engine.words import lift
from tiny_models import torch, transformers

HERE = all(map(packages.has, SENTENCEPIECE))


@pytest.fixture(scope="module")
def siglip(tmp_path_factory):
    return tiny_models.siglip(tmp_path_factory.mktemp("models") / "siglip")


@pytest.fixture(scope="module")
def tips(tmp_path_factory):
    return tiny_models.tips(tmp_path_factory.mktemp("models") / "tips")


@pytest.fixture
def no_sentencepiece(monkeypatch):
    """As in an environment without the two packages."""
    for name in list(sys.modules):
        if name.partition(".")[0] in ("sentencepiece", "google"):
            monkeypatch.delitem(sys.modules, name)
    for name in SENTENCEPIECE:
        monkeypatch.setitem(sys.modules, name, None)
    has = packages.has
    monkeypatch.setattr(packages, "has", lambda name: name not in SENTENCEPIECE and has(name))


def test_siglip_2_s_own_tokenizer_keeps_the_case(siglip):
    """The reason for what the extractor does."""
    tokenizer = load_tokenizer(siglip)
    assert tokenizer(["A Cat"])["input_ids"] != tokenizer(["a cat"])["input_ids"]
    assert "attention_mask" in tokenizer(["a cat"])


@pytest.mark.parametrize("text", ["A Photo of a CAT", "Banana", "a dog"])
def test_siglip_2_gets_lower_case_padded_and_no_mask(text, siglip):
    found = load_extractor(f"siglip:{siglip}").encode_text([text])
    model = transformers.SiglipModel.from_pretrained(siglip)
    tokens = load_tokenizer(siglip)(
        [text.lower()], padding="max_length", max_length=20, return_tensors="pt"
    )
    with torch.no_grad():
        right = model.get_text_features(input_ids=tokens["input_ids"]).pooler_output
        masked = model.get_text_features(**tokens).pooler_output
    normal = torch.nn.functional.normalize
    np.testing.assert_allclose(found, normal(right), atol=1e-5)
    assert np.abs(found - normal(masked).numpy()).max() > 1e-3, "a mask is not the same"


@pytest.mark.skipif(not HERE, reason="TIPSv2's tokenizer needs sentencepiece and protobuf")
def test_tips_by_the_published_file(tips):
    extractor = load_extractor(f"tips:{tips}")
    tokens = extractor.tokenizer(["A Photo of a CAT"])["input_ids"][0]
    words = ["▁a", "▁photo", "▁of", "▁a", "▁cat"]
    assert extractor.tokenizer.convert_ids_to_tokens(tokens) == words
    found = extractor.encode_text(["A Photo of a CAT", "a photo of a cat", "banana"])
    np.testing.assert_allclose(found[0], found[1], atol=1e-6)
    assert np.abs(found[0] - found[2]).max() > 1e-3


def test_without_its_packages_tips_says_so(tips, no_sentencepiece):
    with pytest.raises(EngineError, match=r"sentencepiece and google\.protobuf is not") as caught:
        load_extractor(f"tips:{tips}")
    assert caught.value.kind == "missing_package"


@pytest.mark.parametrize(
    ("here", "packaged", "spec"),
    [
        (("tips", "clip"), True, "tips"),
        (("tips", "clip"), False, "clip"),
        (("tips", "siglip2"), False, "siglip"),
        # What is there at all says itself what it lacks.
        (("tips",), False, "tips"),
    ],
)
def test_auto_chooses_what_can_run(here, packaged, spec, monkeypatch):
    monkeypatch.setattr(
        weights, "status", lambda: {id: id in here or None for id in weights.MODELS}
    )
    monkeypatch.setattr(packages, "has", lambda name: packaged or name not in SENTENCEPIECE)
    chosen = []

    def load(spec, *, device):
        chosen.append(spec)
        raise EngineError("stop", "chosen")

    monkeypatch.setattr(lift, "load_extractor", load)
    with pytest.raises(EngineError, match="chosen"):
        lift.load_text_extractor("auto")
    assert chosen == [spec]


def test_the_menu_says_what_is_missing(monkeypatch):
    monkeypatch.setattr(packages, "has", lambda name: name not in SENTENCEPIECE)
    lacking = {spec: entry.lacking() for spec, entry in EXTRACTORS.items() if entry.lacking()}
    assert lacking == {"tips": [*SENTENCEPIECE]}
    monkeypatch.setattr(packages, "has", lambda name: False)
    assert EXTRACTORS["colour"].lacking() == [] and "torch" in EXTRACTORS["clip"].lacking()


def test_a_package_in_a_package_that_is_not_there():
    assert packages.has("json.decoder") and not packages.has("nothing.of.this")
    assert not packages.has("json.nothing")
