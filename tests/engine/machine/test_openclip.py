"""OpenCLIP's files give the features that OpenCLIP computes, written here in plain torch."""

from __future__ import annotations

import copy
import json

import numpy as np
import pytest

import tiny_openclip
from extractor_battery import check, photo
from ludvig_engine.errors import EngineError
from ludvig_engine.features import load_extractor
from ludvig_engine.machine import openclip
from ludvig_engine.machine.pretrained import load_pretrained
from tiny_models import torch, transformers

IMAGES = torch.randn((3, 3, 32, 32), generator=torch.Generator().manual_seed(1))
TEXTS = ["cat", "a photo of a dog", "x" * 300]


def changed(*path, value):
    """The settings with one of them changed, or left out if the value is None."""
    config = copy.deepcopy(tiny_openclip.CONFIG)
    part = config
    for name in path[:-1]:
        part = part[name]
    if value is None:
        del part[path[-1]]
    else:
        part[path[-1]] = value
    return config


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("quick", [False, True])
def test_images_and_texts_are_those_of_openclip(quick, old, tmp_path):
    config = changed("model_cfg", "quick_gelu", value=quick)
    folder = tiny_openclip.save(tmp_path / "model", old=old, config=config)
    model = load_pretrained("AutoModel", folder, device="cpu")
    weights = tiny_openclip.weights()
    tokens = transformers.CLIPTokenizer.from_pretrained(folder)(
        TEXTS, padding=True, truncation=True, max_length=20, return_tensors="pt"
    )
    with torch.no_grad():
        found = model.get_image_features(pixel_values=IMAGES).pooler_output
        expected = tiny_openclip.image_features(weights, IMAGES, quick=quick)
        other = tiny_openclip.image_features(weights, IMAGES, quick=not quick)
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
        assert (found - other).abs().max() > 1e-3, "the test sees the activation"
        found = model.get_text_features(**tokens).pooler_output
        expected = tiny_openclip.text_features(weights, tokens["input_ids"], quick=quick)
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
    assert float(model.logit_scale.detach()) == float(weights["logit_scale"])


def test_every_weight_is_used_and_none_is_made_up(tmp_path):
    folder = tiny_openclip.save(tmp_path / "model")
    state = openclip.state_of(folder)
    model = transformers.CLIPModel(openclip.config_of(folder))
    assert {name: x.shape for name, x in state.items()} == {
        name: x.shape for name, x in model.state_dict().items()
    }
    assert sum(x.numel() for x in state.values()) == sum(
        x.numel() for x in tiny_openclip.weights().values()
    )


def test_the_published_settings(tmp_path):
    """Those of laion/CLIP-ViT-B-16-laion2B-s34B-b88K are those of openai/clip-vit-base-patch16."""
    vision = {"image_size": 224, "layers": 12, "width": 768, "patch_size": 16}
    text = {"context_length": 77, "vocab_size": 49408, "width": 512, "heads": 8, "layers": 12}
    model = {"embed_dim": 512, "vision_cfg": vision, "text_cfg": text}
    (tmp_path / "open_clip_config.json").write_text(
        json.dumps({**tiny_openclip.CONFIG, "model_cfg": model})
    )
    found = openclip.config_of(tmp_path)
    assert (found.vision_config.num_attention_heads, found.vision_config.intermediate_size) == (
        12,
        3072,
    )
    assert (found.text_config.num_attention_heads, found.text_config.intermediate_size) == (8, 2048)
    assert (found.text_config.bos_token_id, found.text_config.eos_token_id) == (49406, 49407)
    assert found.text_config.hidden_act == found.vision_config.hidden_act == "gelu"
    with torch.device("meta"):
        model = transformers.CLIPModel(found)
    # The weights of a ViT-B/16 with its text side, as published: 149.6 million.
    assert sum(x.numel() for x in model.parameters()) == 149_620_737


@pytest.mark.parametrize("mode", ["dense", "pyramid"])
def test_it_is_an_extractor_as_any_other(mode, tmp_path):
    folder = tiny_openclip.save(tmp_path / "model")
    extractor = load_extractor(f"clip:{folder},{mode}")
    check(extractor, sizes=((64, 96), (97, 61)))
    texts = extractor.encode_text(TEXTS)
    np.testing.assert_allclose(np.linalg.norm(texts, axis=1), 1, atol=1e-5)
    assert len(extractor(photo(40, 60))) == texts.shape[1] == tiny_openclip.EMBEDDING


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("model_cfg", "vision_cfg", "timm_model_name"), "vit", "timm_model_name"),
        (("model_cfg", "custom_text"), True, "custom_text"),
        (("model_cfg", "text_cfg", "hf_model_name"), "roberta-base", "hf_model_name"),
        (("model_cfg", "vision_cfg", "layers"), [3, 4, 6, 3], "does not"),
        (("model_cfg", "text_cfg"), None, "does not describe a CLIP"),
        (("model_cfg",), [1], "does not describe a CLIP"),
        (("preprocess_cfg", "mean"), [0.5, 0.5, 0.5], "wants photos with the mean"),
        (("preprocess_cfg", "std"), [1.0], "wants photos with the std"),
    ],
)
def test_what_is_another_kind_of_model_is_told(path, value, words, tmp_path):
    folder = tiny_openclip.save(tmp_path / "model", config=changed(*path, value=value))
    with pytest.raises(EngineError, match=words) as caught:
        load_pretrained("AutoModel", folder, device="cpu")
    assert caught.value.kind == "bad_file"


@pytest.mark.parametrize("old", [False, True])
def test_damaged_weights(old, tmp_path):
    folder = tiny_openclip.save(tmp_path / "model", old=old)
    path = folder / openclip.WEIGHTS[old]
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(EngineError) as caught:
        load_pretrained("AutoModel", folder, device="cpu")
    assert caught.value.kind == "bad_file"
    path.write_bytes(b"nonsense")
    with pytest.raises(EngineError) as caught:
        load_pretrained("AutoModel", folder, device="cpu")
    assert caught.value.kind == "bad_file"
