"""Every model from a stand-in for its hub, with the files that its repository has published.

The files have the published names; the weights are tiny, random, and of the published layout. Each
model is fetched with a broken connection on the way, verified, loaded by the name that users write,
and run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import tiny_models
import tiny_openclip
import tiny_sams
from extractor_battery import photo
from ludvig_engine.cli import app
from ludvig_engine.errors import EngineError
from ludvig_engine.features import load_extractor
from ludvig_engine.machine.pretrained import SENTENCEPIECE
from ludvig_engine.outside import packages
from ludvig_engine.sam import load_segmenter
from ludvig_engine.weights import MODELS, status, table
from ludvig_engine.weights.model import File
from tiny_models import torch, transformers

PAGE = (".gitattributes", "README.md")


@dataclass(frozen=True)
class Published:
    """What the repositories of a family hold."""

    ids: tuple[str, ...]
    spec: Callable[[str], str]  # what users write, by the model's id
    make: Callable[[Path], object]  # writes config, tokenizer and weights
    weights: str
    # What is fetched besides weights, settings and tokenizer, and what is left on the hub.
    also: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    # Keys of the published config.json that decide how the model is read.
    keys: tuple[str, ...] = ()


def as_torch_saves(make: Callable[[Path], object]) -> Callable[[Path], object]:
    """The weights of a tiny model in `pytorch_model.bin`, as the older repositories have them."""

    def made(folder: Path) -> None:
        make(folder)
        model = transformers.AutoModel.from_pretrained(folder)
        torch.save(model.state_dict(), folder / "pytorch_model.bin")
        (folder / "model.safetensors").unlink()

    return made


SIZES = ("small", "base", "large", "giant")
VIT = ("hidden_size", "num_hidden_layers", "num_attention_heads", "patch_size", "model_type")
TWO = ("text_config", "vision_config", "model_type")
SAM = ("vision_config", "prompt_encoder_config", "mask_decoder_config", "model_type")
PROCESSOR = ("preprocessor_config.json",)
CLIP_TOKENS = ("special_tokens_map.json", "vocab.json", "merges.txt")
OTHER_FORMATS = ("flax_model.msgpack", "tf_model.h5")

FAMILIES = (
    Published(
        tuple(f"dinov2-{size}" for size in SIZES),
        lambda id: id.replace("-", ":"),
        tiny_models.dinov2_with_registers,
        "model.safetensors",
        also=PROCESSOR,
        keys=(*VIT, "num_register_tokens", "layerscale_value", "image_size"),
    ),
    Published(
        tuple(f"dinov3-{size}" for size in SIZES[:3]),
        lambda id: id.replace("-", ":"),
        tiny_models.dinov3,
        "model.safetensors",
        also=(*PROCESSOR, "LICENSE.md"),
        keys=(*VIT, "num_register_tokens", "rope_theta"),
    ),
    Published(
        ("clip",),
        lambda id: "clip",
        as_torch_saves(tiny_models.clip),
        "pytorch_model.bin",
        also=(*PROCESSOR, *CLIP_TOKENS),
        left=OTHER_FORMATS,
        keys=(*TWO, "projection_dim"),
    ),
    Published(
        ("clip-laion",),
        lambda id: "clip:laion",
        tiny_openclip.save,
        "open_clip_model.safetensors",
        also=CLIP_TOKENS,
    ),
    Published(
        ("siglip2",),
        lambda id: "siglip",
        tiny_models.siglip,
        "model.safetensors",
        also=(*PROCESSOR, "special_tokens_map.json"),
        keys=TWO,
    ),
    Published(
        ("tips",),
        lambda id: "tips",
        tiny_models.tips,
        "model.safetensors",
        left=("configuration_tips.py", "modeling_tips.py"),
        keys=TWO,
    ),
    Published(
        ("sam", "sam-huge"),
        lambda id: id.replace("-", ":"),
        tiny_sams.sam,
        "model.safetensors",
        also=PROCESSOR,
        left=("pytorch_model.bin", "tf_model.h5"),
        keys=SAM,
    ),
    Published(
        tuple(f"sam2-{size}" for size in ("tiny", "small", "base", "large")),
        lambda id: id.replace("-", ":"),
        tiny_sams.sam2,
        "model.safetensors",
        also=("processor_config.json", "video_preprocessor_config.json", *PROCESSOR),
        left=("sam2.1_hiera.pt", "sam2.1_hiera.yaml"),
        keys=SAM,
    ),
    Published(
        ("sam3",),
        lambda id: "sam3",
        tiny_sams.sam3,
        "model.safetensors",
        also=("LICENSE", "processor_config.json", *CLIP_TOKENS),
        left=("sam3.pt",),
        keys=SAM,
    ),
)
CASES = [(id, family) for family in FAMILIES for id in family.ids]


@pytest.fixture(scope="module")
def contents(tmp_path_factory):
    """The files of each family, written once."""
    made: dict[str, dict[str, bytes]] = {}

    def of(family: Published) -> dict[str, bytes]:
        if family.weights + family.ids[0] not in made:
            folder = tmp_path_factory.mktemp("made") / family.ids[0]
            folder.mkdir()
            torch.manual_seed(0)
            family.make(folder)
            found = {path.name: path.read_bytes() for path in folder.iterdir()}
            others = (*PAGE, *family.also, *family.left)
            found |= {name: found.get(name, b"{}") for name in others}
            made[family.weights + family.ids[0]] = found
        return made[family.weights + family.ids[0]]

    return of


def put(id: str, family: Published, files: dict[str, bytes], site, monkeypatch) -> None:
    """Serve the files as the model's repository, and let the table know the tiny weights' hash."""
    model, weights = MODELS[id], files[family.weights]
    known = File(family.weights, len(weights), hashlib.sha256(weights).hexdigest())
    tiny = replace(model, files=(known,) if model.files else ())
    monkeypatch.setitem(MODELS, id, tiny)
    rows = tuple(tiny if row.id == id else row for row in table._TABLE)
    monkeypatch.setattr(table, "_TABLE", rows)
    site.add_repository(model.source, files, commit=model.commit or "c0ffee")


def run(id: str, family: Published) -> None:
    """Load the model by the name that users write, and look whether it computes."""
    if MODELS[id].role == "masks":
        segmenter = load_segmenter(family.spec(id))
        segmenter.set_image(photo(40, 60).pixels)
        masks, scores = segmenter.predict(np.array([[20.0, 30.0]]))
        assert masks.shape == (3, 40, 60) and np.isfinite(scores).all()
        return
    extractor = load_extractor(family.spec(id))
    features = extractor(photo(56, 70))
    assert features.ndim == 3 and np.isfinite(features).all() and features.std() > 0
    assert extractor.licence == MODELS[id].licence
    if MODELS[id].role == "text":
        texts = extractor.encode_text(["a cat", "banana"])
        assert texts.shape == (2, len(features)) and np.abs(texts[0] - texts[1]).max() > 1e-4


@pytest.mark.parametrize(("id", "family"), CASES, ids=[id for id, _ in CASES])
def test_from_the_hub_to_features(id, family, contents, site, monkeypatch, tmp_path):
    if id == "tips" and not all(map(packages.has, SENTENCEPIECE)):
        pytest.skip("TIPSv2's tokenizer needs sentencepiece and protobuf")
    files = contents(family)
    put(id, family, files, site, monkeypatch)
    weights = f"/{MODELS[id].source}/resolve/{MODELS[id].commit or 'c0ffee'}/{family.weights}"
    site.breaks[weights] = [2000, 3000]
    if MODELS[id].gated:
        site.token = "hf_right"
        with pytest.raises(EngineError, match="Accept the model's license"):
            CliRunner().invoke(app, ["models", "fetch", id], catch_exceptions=False)
        monkeypatch.setenv("HF_TOKEN", "hf_right")
    done = CliRunner().invoke(app, ["models", "fetch", id, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    place = tmp_path / "models" / id
    assert json.loads(done.stdout)["place"] == str(place) and status()[id] == place
    # All that is needed came, in three pieces, and nothing else.
    wanted = files.keys() - {*PAGE, *family.left}
    assert {path.name for path in place.iterdir()} == {*wanted, "ludvig.json"}
    assert (place / family.weights).read_bytes() == files[family.weights]
    pieces = [headers.get("Range", "") for path, headers in site.seen if path == weights]
    assert pieces == ["", "bytes=2000-", "bytes=5000-"]
    run(id, family)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.ids[0])
def test_the_tiny_settings_have_the_published_keys(family, contents):
    files = contents(family)
    if family.keys:
        assert set(family.keys) <= json.loads(files["config.json"]).keys()
    else:
        assert "config.json" not in files, "it has OpenCLIP's settings alone"


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.ids[0])
def test_weights_that_are_not_the_published_ones_are_refused(family, contents, site, monkeypatch):
    id = next((id for id in family.ids if MODELS[id].files), "")
    if not id:
        pytest.skip("no hash of its weights is published")
    files = contents(family)
    put(id, family, files, site, monkeypatch)
    whole = files[family.weights]
    other = whole[:-1] + bytes([whole[-1] ^ 1])
    site.add_repository(
        MODELS[id].source, {**files, family.weights: other}, commit=MODELS[id].commit
    )
    site.token = ""
    with pytest.raises(EngineError) as caught:
        CliRunner().invoke(app, ["models", "fetch", id], catch_exceptions=False)
    assert caught.value.kind == "wrong_hash" and status()[id] is None


def test_all_models_of_hubs_are_here():
    assert {id for id, _ in CASES} == {id for id, model in MODELS.items() if model.kind == "hub"}
    for id, family in CASES:
        pinned = [file.name for file in MODELS[id].files]
        assert pinned in ([], [family.weights]), "the table fetches the published file"
