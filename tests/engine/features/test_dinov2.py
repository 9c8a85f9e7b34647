"""DINOv2 and DINOv3 through transformers' own loading code, on tiny random weights."""

from __future__ import annotations

import numpy as np
import pytest

import tiny_models
from extractor_battery import check, check_places, photo
from ludvig_engine.errors import EngineError
from ludvig_engine.features import load_extractor
from ludvig_engine.machine.images import IMAGENET, to_tensor
from ludvig_engine.scene import Photo
from tiny_models import torch, transformers


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_models.dinov2_with_registers(tmp_path_factory.mktemp("models") / "tiny-dinov2")


@pytest.mark.parametrize(
    "make", [tiny_models.dinov2, tiny_models.dinov2_with_registers, tiny_models.dinov3]
)
def test_battery(make, tmp_path):
    family = "dinov3" if make is tiny_models.dinov3 else "dinov2"
    extractor = load_extractor(f"{family}:{make(tmp_path / 'tiny')}")
    assert (extractor.name, extractor.licence) == ("tiny", "LicenseRef-own")
    check(extractor)


@pytest.mark.parametrize("options", ["", ",windows", ",layer=1"])
def test_battery_with_options(folder, options):
    extractor = load_extractor(f"dinov2:{folder}{options}")
    check(extractor)


def test_places(folder):
    check_places(load_extractor(f"dinov2:{folder},layer=1"), 140, 196)


def test_tokens_are_the_model_s_own(folder):
    """Registers and class token are left out, even where position embeddings are stretched."""
    picture = photo(84, 112)
    model = transformers.AutoModel.from_pretrained(folder)
    assert type(model).__name__ == "Dinov2WithRegistersModel"
    with torch.no_grad():
        out = model(
            to_tensor(picture.pixels, (84, 112), IMAGENET, device="cpu"), output_hidden_states=True
        )
    tokens = out.last_hidden_state[0, 5:].T.reshape(24, 6, 8)
    np.testing.assert_allclose(load_extractor(f"dinov2:{folder}")(picture), tokens, atol=1e-6)
    earlier = model.layernorm(out.hidden_states[2])[0, 5:].T.reshape(24, 6, 8).detach()
    np.testing.assert_allclose(
        load_extractor(f"dinov2:{folder},layer=2")(picture), earlier, atol=1e-6
    )


def test_size_limit(folder):
    assert load_extractor(f"dinov2:{folder},size=100")(photo(96, 192)).shape == (24, 3, 7)
    assert load_extractor(f"dinov2:{folder}")(photo(480, 720)).shape == (24, 33, 50)
    assert load_extractor(f"dinov2:{folder},windows")(photo(96, 192)).shape == (24, 12, 26)


def test_one_window_is_the_whole_photo(folder):
    """If the square is no larger than the crop, both see the same; one has cells half as large."""
    picture = photo(98, 98)
    whole, cut = (
        load_extractor(f"dinov2:{folder}{options}")(picture) for options in ("", ",windows")
    )
    fine = torch.nn.functional.interpolate(
        torch.from_numpy(whole)[None], scale_factor=2, mode="bilinear"
    )[0]
    np.testing.assert_allclose(cut, fine, atol=1e-5)


def test_key_follows_what_the_maps_depend_on(folder, tmp_path):
    specs = [f"dinov2:{folder}{options}" for options in ("", ",size=800", ",windows", ",layer=2")]
    specs.append(f"dinov2:{tiny_models.dinov2_with_registers(tmp_path / 'same')}")
    specs.append(f"dinov2:{tiny_models.dinov2(tmp_path / 'other')}")
    keys = [load_extractor(spec).key for spec in specs]
    assert keys[0] == keys[4] and len(set(keys)) == 5


def test_threads_do_not_disturb_each_other(folder):
    from concurrent.futures import ThreadPoolExecutor

    extractor, pictures = (
        load_extractor(f"dinov2:{folder}"),
        [photo(70, 98, seed) for seed in range(8)],
    )
    expected = [extractor(picture) for picture in pictures]
    with ThreadPoolExecutor(4) as pool:
        for one, other in zip(expected, pool.map(extractor, pictures), strict=True):
            np.testing.assert_array_equal(one, other)


def test_photo_that_is_a_view_of_another_array(folder):
    pixels = photo(70, 98).pixels
    extractor = load_extractor(f"dinov2:{folder}")
    flipped = Photo("a", pixels[:, ::-1])
    np.testing.assert_array_equal(extractor(flipped), extractor(Photo("a", flipped.pixels.copy())))


def test_folder_that_is_no_model(tmp_path):
    with pytest.raises(EngineError, match="does not hold a model") as caught:
        load_extractor(f"dinov2:{tmp_path}")
    assert caught.value.kind == "bad_file"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_no_gpu(folder):
    with pytest.raises(EngineError, match="finds no NVIDIA GPU"):
        load_extractor(f"dinov2:{folder}", device="cuda")


def test_released_takes_registers_out_and_stretches_positions_as_dinov2_did(folder):
    """Expected: a transformer without registers, with the same weights and the older positions.

    This is a quirk of LUDVIG's published code.
    """
    picture = photo(84, 112)
    model = transformers.AutoModel.from_pretrained(folder)
    plain = load_extractor(f"dinov2:{folder}")(picture)
    found = load_extractor(f"dinov2:{folder},released")
    assert (
        found.name.endswith("as released") and found.key != load_extractor(f"dinov2:{folder}").key
    )
    positions = model.embeddings.position_embeddings.detach()
    side = round((positions.shape[1] - 1) ** 0.5)
    grid = positions[:, 1:].reshape(1, side, side, -1).permute(0, 3, 1, 2)
    stretched = torch.nn.functional.interpolate(
        grid, scale_factor=(6.1 / side, 8.1 / side), mode="bicubic"
    )
    assert stretched.shape[2:] == (6, 8)
    with torch.no_grad():
        patches = model.embeddings.patch_embeddings(
            to_tensor(picture.pixels, (84, 112), IMAGENET, device="cpu")
        )
        x = torch.cat([model.embeddings.cls_token, patches], 1)
        x = x + torch.cat([positions[:, :1], stretched.flatten(2).transpose(1, 2)], 1)
        tokens = model.layernorm(model.encoder(x).last_hidden_state)[0, 1:]
    np.testing.assert_allclose(found(picture), tokens.T.reshape(24, 6, 8), atol=1e-5)
    assert np.abs(found(picture) - plain).max() > 1e-2


def test_only_dinov2_can_be_as_released(tmp_path):
    with pytest.raises(EngineError, match="works with DINOv2 only"):
        load_extractor(f"dinov3:{tiny_models.dinov3(tmp_path / 'three')},released")
