"""CLIP, SigLIP and TIPSv2 through transformers' own loading code, on tiny random weights."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

import tiny_models
from extractor_battery import check, check_places, photo
from ludvig_engine.errors import EngineError
from ludvig_engine.features import load_extractor
from ludvig_engine.machine.images import CLIP, SIGNED, to_tensor
from ludvig_engine.words.text import NEGATIVES, TextEncoder, encode, relevancy
from tiny_models import torch, transformers

FAMILIES = {
    "clip": tiny_models.clip,
    "siglip": tiny_models.siglip,
    "tips": partial(tiny_models.tips, published=False),
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    return {family: make(root / family) for family, make in FAMILIES.items()}


@pytest.mark.parametrize("mode", ["dense", "pyramid"])
@pytest.mark.parametrize("family", FAMILIES)
def test_battery(family, mode, folders):
    extractor = load_extractor(f"{family}:{folders[family]},{mode}")
    assert extractor.name == f"{family} ({mode})"
    check(extractor, sizes=((64, 96), (97, 61), (50, 50))[: 3 if mode == "dense" else 2])
    np.testing.assert_allclose(np.linalg.norm(extractor(photo(60, 80)), axis=0), 1, atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_places(family, folders):
    check_places(load_extractor(f"{family}:{folders[family]},pyramid"))


def test_dense_values_are_the_last_attention_s(folders):
    """The output of the last attention if each token attended to itself alone."""
    picture = photo(32, 48)
    model = transformers.CLIPModel.from_pretrained(folders["clip"], attn_implementation="eager")
    attention = model.vision_model.encoder.layers[-1].self_attn
    caught = []
    attention.register_forward_hook(
        lambda module, inputs, options, output: caught.append(options), with_kwargs=True
    )
    with torch.no_grad():
        image = to_tensor(picture.pixels, (32, 48), CLIP, device="cpu")
        model.vision_model(image, interpolate_pos_encoding=True)
        # Each token is a sequence of its own.
        alone = attention(caught[0]["hidden_states"][0, 1:, None])[0][:, 0]
        expected = model.visual_projection(model.vision_model.post_layernorm(alone))
    expected = torch.nn.functional.normalize(expected).T.reshape(16, 4, 6)
    np.testing.assert_allclose(
        load_extractor(f"clip:{folders['clip']}")(picture), expected, atol=1e-5
    )


def test_dense_siglip_of_one_patch_is_its_embedding(folders):
    """A photo that is a single patch has one token, and its own pooling can see nothing else."""
    picture = photo(8, 8)
    model = transformers.SiglipModel.from_pretrained(folders["siglip"])
    with torch.no_grad():
        image = to_tensor(picture.pixels, (8, 8), SIGNED, device="cpu")
        expected = model.get_image_features(image, interpolate_pos_encoding=True).pooler_output
    found = load_extractor(f"siglip:{folders['siglip']}")(picture)
    np.testing.assert_allclose(
        found[:, 0, 0], torch.nn.functional.normalize(expected)[0], atol=1e-5
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_text(family, folders):
    extractor = load_extractor(f"{family}:{folders[family]}")
    assert isinstance(extractor, TextEncoder)
    prompts = ["cat", "a photo of a dog", "cat", "x" * 300]
    found = extractor.encode_text(prompts)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(found[0], found[2], atol=1e-6)
    assert np.abs(found[0] - found[1]).max() > 1e-3
    alone = np.concatenate([extractor.encode_text([prompt]) for prompt in prompts])
    np.testing.assert_allclose(alone, found, atol=1e-5)
    features = extractor(photo(60, 80))
    assert len(features) == found.shape[1]
    flat = np.ascontiguousarray(features.reshape(len(features), -1).T)
    scores = relevancy(flat, encode(extractor, prompts), encode(extractor, NEGATIVES))
    assert scores.shape == (features[0].size, 4) and 0 < scores.min() and scores.max() < 1


def test_text_is_the_model_s_own(folders):
    model = transformers.CLIPModel.from_pretrained(folders["clip"])
    tokens = transformers.AutoTokenizer.from_pretrained(folders["clip"])(
        ["a dog"], return_tensors="pt"
    )
    with torch.no_grad():
        expected = model(**tokens, pixel_values=torch.zeros(1, 3, 32, 32)).text_embeds
    np.testing.assert_allclose(
        load_extractor(f"clip:{folders['clip']}").encode_text(["a dog"]), expected, atol=1e-5
    )


def test_size_and_key(folders):
    folder = folders["clip"]
    assert load_extractor(f"clip:{folder},size=80")(photo(96, 192)).shape == (16, 5, 10)
    keys = {
        load_extractor(f"clip:{folder}{options}").key
        for options in ("", ",dense", ",size=80", ",pyramid", ",stretched")
    }
    assert len(keys) == 4


def test_mistakes(folders, tmp_path):
    with pytest.raises(EngineError, match="exclude each other"):
        load_extractor(f"clip:{folders['clip']},dense,pyramid")
    with pytest.raises(EngineError, match="exclude each other"):
        load_extractor(f"clip:{folders['clip']},dense,stretched")
    with pytest.raises(EngineError, match=r"kind .dinov2., which this extractor cannot read"):
        load_extractor(f"clip:{tiny_models.dinov2(tmp_path / 'dino')}")
