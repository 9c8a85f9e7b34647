"""Masks from files of every encoding, for the camera of their photo."""

import re

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from ludvig_engine.errors import EngineError
from ludvig_engine.io.masks import read_mask, read_prompt_mask, read_truth
from photo_views import H, W, picture, plain_view, save


@pytest.mark.parametrize("encode", [
    lambda m: np.uint8(m) * 255,
    lambda m: np.uint8(m),
    lambda m: m,
    # White, transparent outside.
    lambda m: np.dstack([np.full((H, W, 3), 255, np.uint8), np.uint8(m) * 255]),
    lambda m: np.dstack([np.uint8(m) * 255] * 3),
    lambda m: np.uint16(m) * 65535,
], ids=["0/255", "0/1", "1 bit", "alpha", "RGB", "16 bit"])  # fmt: skip
def test_masks_of_every_kind(tmp_path, encode):
    painted = np.zeros((H, W), bool)
    painted[40:90, 100:200] = True
    Image.fromarray(encode(painted)).save(tmp_path / "m.png")
    np.testing.assert_array_equal(read_mask(tmp_path / "m.png", plain_view()), painted)


def test_black_masks_are_empty(tmp_path):
    assert not read_mask(save(tmp_path / "m.png", np.zeros((H, W))), plain_view()).any()


def test_masks_of_another_shape_are_refused(tmp_path):
    path = save(tmp_path / "m.png", np.ones((100, 100, 3)))
    with pytest.raises(
        EngineError, match=r"m.png is 100x100, but the photo a.png is 300x200"
    ) as caught:
        read_mask(path, plain_view())
    assert caught.value.kind == "bad_input"


def painted():
    inside = np.zeros((H, W), bool)
    inside[40:90, 100:200] = True
    return inside


def rgba(color, alpha):
    return np.dstack([np.broadcast_to(color, (H, W, 3)).astype(np.uint8), np.uint8(alpha)])


def palette(ids, colors, path, **options):
    image = Image.fromarray(np.uint8(ids), "P")
    image.putpalette(np.uint8(colors).ravel().tolist())
    image.save(path, **options)
    return path


DAVIS = [(0, 0, 0), (128, 0, 0), (0, 128, 0)]
PHOTO = np.uint8(picture() * 255)


@pytest.mark.parametrize("encode", [
    lambda m: 2 * np.uint8(m),
    lambda m: 37 * np.uint8(m),
    lambda m: 3 * np.uint16(m),
    lambda m: 300 * np.uint16(m),
    lambda m: np.where(m, 235, 16).astype(np.uint8),
    lambda m: np.where(m, 255, 254 * 0).astype(np.uint8),
    lambda m: np.dstack([np.uint8(m) * 255, np.zeros((H, W, 2), np.uint8)]),
    lambda m: np.dstack([np.uint8(m), np.zeros((H, W, 2), np.uint8)]),
    lambda m: rgba(0, m * 255),
    lambda m: rgba(0, m * 1),
    lambda m: rgba(255, m * 255),
    lambda m: rgba(PHOTO, m * 255),
    lambda m: np.where(m[..., None], rgba(PHOTO, m * 255), 0).astype(np.uint8),
    lambda m: rgba(np.uint8(m)[..., None] * 255, np.full((H, W), 255)),
    lambda m: rgba(np.uint8(m)[..., None] * 255, (np.arange(H)[:, None] < 150) * np.ones(W) * 255),
    lambda m: np.dstack([np.uint8(m) * 255, np.full((H, W), 255, np.uint8)]),
    lambda m: np.dstack([np.full((H, W), 7, np.uint8), np.uint8(m) * 255]),
], ids=[
    "id 2", "id 37", "16 bit id 3", "16 bit id 300", "video black and white", "254",
    "red on black", "color of id 1", "black with alpha", "alpha of 1", "white with alpha",
    "photo with alpha", "cut out", "opaque RGBA", "white and black, partly erased",
    "opaque gray", "gray with alpha",
])  # fmt: skip
def test_the_object_is_what_is_not_zero(tmp_path, encode):
    Image.fromarray(encode(painted())).save(tmp_path / "m.png")
    np.testing.assert_array_equal(read_mask(tmp_path / "m.png", plain_view()), painted())


@pytest.mark.parametrize("colors", [
    DAVIS,
    [(0, 0, 0), (1, 1, 1)],
    [(0, 0, 0), (0, 0, 0)],
    [(0, 0, 0), (200, 200, 10)],
], ids=["DAVIS", "ramp", "no colors", "color"])  # fmt: skip
@pytest.mark.parametrize("suffix", ["png", "gif"])
def test_ids_of_a_palette_count_and_not_their_colors(tmp_path, colors, suffix):
    path = palette(painted(), colors, tmp_path / f"m.{suffix}")
    np.testing.assert_array_equal(read_mask(path, plain_view()), painted())


@pytest.mark.parametrize("colors", [
    [(255, 255, 255), (0, 0, 0)],
    [(250, 10, 10), (0, 0, 0)],
], ids=["white first", "color first"])  # fmt: skip
def test_palettes_in_the_order_of_an_editor_are_read_by_color(tmp_path, colors):
    path = palette(~painted(), colors, tmp_path / "m.png")
    np.testing.assert_array_equal(read_mask(path, plain_view()), painted())


def test_transparent_entries_of_a_palette(tmp_path):
    ids = np.where(painted(), np.arange(W) % 60 + 1, 0)
    path = palette(ids, [(n, 99, 200 - n) for n in range(61)], tmp_path / "m.png", transparency=0)
    np.testing.assert_array_equal(read_mask(path, plain_view()), painted())


@pytest.mark.parametrize("mode", ["I", "F", "I;16", "I;16B"])
def test_masks_in_deep_tiffs(tmp_path, mode):
    for value in (1, 2, 255, 1000) if mode != "F" else (1, 0.5, 255, 3e5):
        values = painted() * np.float64(value)
        kind = {"I": "<i4", "F": "<f4", "I;16": "<u2", "I;16B": ">u2"}[mode]
        Image.frombytes(mode, (W, H), values.astype(kind).tobytes()).save(tmp_path / "m.tif")
        np.testing.assert_array_equal(read_mask(tmp_path / "m.tif", plain_view()), painted())


@pytest.mark.parametrize("quality", [30, 60, 90])
@pytest.mark.parametrize("color", [(255, 255, 255), (255, 0, 0), (0, 200, 0)])
def test_the_noise_of_jpegs_is_no_object(tmp_path, quality, color):
    image = Image.fromarray(np.uint8(painted()[..., None] * np.array(color)))
    image.save(tmp_path / "m.jpg", quality=quality)
    found = read_mask(tmp_path / "m.jpg", plain_view()) > 0.5
    assert (found & painted()).sum() / (found | painted()).sum() > 0.97
    # The same noise, saved without loss.
    Image.open(tmp_path / "m.jpg").save(tmp_path / "m.png")
    np.testing.assert_array_equal(read_mask(tmp_path / "m.png", plain_view()) > 0.5, found)


def test_a_jpeg_without_an_object_is_empty(tmp_path):
    noise = np.random.default_rng(0).integers(0, 6, (H, W)).astype(np.uint8)
    Image.fromarray(noise).save(tmp_path / "m.jpg")
    with pytest.raises(EngineError, match=r"is empty: its brightest value is .* of noise"):
        read_prompt_mask(tmp_path / "m.jpg", plain_view())


@pytest.mark.parametrize("soften", [
    lambda image: image.resize((W // 2, H // 2), Image.Resampling.LANCZOS),
    lambda image: image.resize((W * 4, H * 4), Image.Resampling.BICUBIC),
    lambda image: image.resize((W // 4, H // 4)).resize((W, H), Image.Resampling.BILINEAR),
    lambda image: image.filter(ImageFilter.GaussianBlur(3)),
    lambda image: image.filter(ImageFilter.GaussianBlur(8)),
    lambda image: image.point(lambda v: v * 100 // 255).filter(ImageFilter.GaussianBlur(2)),
], ids=["half", "4x", "from a quarter", "blurred", "feathered", "dim"])  # fmt: skip
def test_soft_rims_are_no_ids(tmp_path, soften):
    soften(Image.fromarray(np.uint8(painted() * 255))).save(tmp_path / "m.png")
    found = read_mask(tmp_path / "m.png", plain_view()) > 0.5
    assert (found & painted()).sum() / (found | painted()).sum() > 0.93


def test_soft_thin_things(tmp_path):
    wires = Image.new("L", (4 * W, 4 * H))
    for n in range(6):
        ImageDraw.Draw(wires).line((50 * n, 0, 900 - 50 * n, 4 * H), 255, 7)
    wires.resize((W, H), Image.Resampling.LANCZOS).save(tmp_path / "m.png")
    exact = np.asarray(wires).reshape(H, 4, W, 4).mean((1, 3)) > 127
    found = read_mask(tmp_path / "m.png", plain_view()) > 0.5
    assert (found & exact).sum() / (found | exact).sum() > 0.9


def labels(*ids):
    """Things of these values side by side, on 0."""
    values = np.zeros((H, W), int)
    for n, one in enumerate(ids):
        values[30:150, 10 + 30 * n : 32 + 30 * n] = one
    return values


@pytest.mark.parametrize("ids", [
    (1, 2), (1, 255), (128, 255), (100, 200), (254, 10), (1, 2, 3, 4, 5, 6, 7, 8, 9),
    (11, 250, 37, 180, 90, 200, 60, 140, 20),
])  # fmt: skip
def test_masks_of_several_things_are_asked_about(tmp_path, ids):
    Image.fromarray(labels(*ids).astype(np.uint8)).save(tmp_path / "m.png")
    np.save(tmp_path / "m.npy", labels(*ids))
    palette(labels(*ids), np.random.default_rng(0).integers(1, 255, (256, 3)) * (
        np.arange(256)[:, None] > 0), tmp_path / "p.png")  # fmt: skip
    for path in (tmp_path / "m.png", tmp_path / "m.npy", tmp_path / "p.png"):
        with pytest.raises(EngineError, match=rf"several things in it: .*{ids[0]} .2,640 pix") as e:
            read_mask(path, plain_view())
        assert e.value.kind == "bad_input" and "--mask-value" in str(e.value)
        for one in ids:
            found = read_mask(path, plain_view(), value=one)
            np.testing.assert_array_equal(found > 0.5, labels(*ids) == one)
        with pytest.raises(EngineError, match=r"has no pixel of the value 77. It has 0 "):
            read_mask(path, plain_view(), value=77)


def test_thin_ids_beside_a_thick_one_are_asked_about(tmp_path):
    values = labels(2)
    values[10, 100:250] = 1
    Image.fromarray(values.astype(np.uint8)).save(tmp_path / "m.png")
    with pytest.raises(EngineError, match=r"1 \(150 pixels\), 2 \(2,640 pixels\)"):
        read_mask(tmp_path / "m.png", plain_view())


def test_colors_of_several_things_are_asked_about(tmp_path):
    colors = np.uint8([(0, 0, 0), (255, 0, 0), (0, 0, 255)])[labels(1, 2)]
    Image.fromarray(colors).save(tmp_path / "m.png")
    with pytest.raises(EngineError, match=r"#0000ff \(2,640 pixels\), #ff0000 \(2,640 pixels\)"):
        read_mask(tmp_path / "m.png", plain_view())
    found = read_mask(tmp_path / "m.png", plain_view(), value=0xFF0000)
    np.testing.assert_array_equal(found, labels(1, 2) == 1)
    # The same on transparency.
    Image.fromarray(np.dstack([colors, np.uint8(labels(1, 2) > 0) * 255])).save(tmp_path / "a.png")
    with pytest.raises(EngineError, match="several things"):
        read_mask(tmp_path / "a.png", plain_view())


@pytest.mark.parametrize("name", ["m.png", "m.jpg"])
@pytest.mark.parametrize("gray", [False, True])
def test_photos_are_no_masks(tmp_path, name, gray):
    image = Image.fromarray(PHOTO).convert("L" if gray else "RGB")
    image.save(tmp_path / name)
    with pytest.raises(EngineError, match="is no mask") as caught:
        read_mask(tmp_path / name, plain_view())
    assert "as a photo" in str(caught.value) or "as in a photo" in str(caught.value)


@pytest.mark.parametrize("array", [
    painted(), painted().astype(int), 7.0 * painted(), painted().astype(np.float16),
    painted()[None], painted()[..., None], np.where(painted(), 0.9, 0.2), 200 * np.uint8(painted()),
    np.asfortranarray(painted()), (2.0 * painted()).astype(">f8"),
    np.kron(painted(), np.ones((2, 2))),
])  # fmt: skip
@pytest.mark.parametrize("save_", [np.save, np.savez, np.savez_compressed])
def test_masks_in_arrays(tmp_path, array, save_):
    path = tmp_path / ("m.npy" if save_ is np.save else "m.npz")
    save_(path, array)
    np.testing.assert_array_equal(read_mask(path, plain_view()) > 0.5, painted())


@pytest.mark.parametrize("array, what", [
    (np.where(painted(), np.nan, 0), "5,000 values that are NaN"),
    (np.where(painted(), 4.0, -3), "55,000 negative values, down to -3"),
    (np.zeros((3, H, W)), "has the shape (3, 200, 300)"),
    (np.zeros((0, W)), "has the shape (0, 300)"),
    (np.zeros((H, W), complex), "complex128, not numbers"),
    (np.zeros((W, H)), "is 200x300, but the photo a.png is 300x200"),
])  # fmt: skip
def test_arrays_that_are_no_masks(tmp_path, array, what):
    np.save(tmp_path / "m.npy", array)
    with pytest.raises(EngineError, match=re.escape(what)):
        read_mask(tmp_path / "m.npy", plain_view())


@pytest.mark.parametrize("values, what", [
    (np.zeros((H, W), np.uint8), r"is empty: its brightest value is 0 \(mode L\)"),
    (np.zeros((H, W), bool), r"is empty: its brightest value is 0 \(mode 1\)"),
    (rgba(255, np.zeros((H, W))), r"is empty: every pixel of it is transparent \(mode RGBA\)"),
])  # fmt: skip
def test_empty_masks_say_what_is_in_them(tmp_path, values, what):
    Image.fromarray(values).save(tmp_path / "m.png")
    with pytest.raises(EngineError, match=what):
        read_prompt_mask(tmp_path / "m.png", plain_view())
    assert not read_mask(tmp_path / "m.png", plain_view()).any()
    assert not read_truth(tmp_path / "m.png").any()


def test_objects_smaller_than_a_pixel_of_the_camera_are_not_called_empty(tmp_path):
    values = np.zeros((4 * H, 4 * W), np.uint8)
    values[100, 100] = 1
    Image.fromarray(values).save(tmp_path / "m.png")
    with pytest.raises(EngineError, match=r"covers 1 pixel of 1200x800, .* less than a pixel"):
        read_prompt_mask(tmp_path / "m.png", plain_view())


def test_huge_masks_are_refused_before_they_are_decoded(tmp_path):
    Image.new("1", (8400, 5600)).save(tmp_path / "m.png")
    with pytest.raises(EngineError, match="8400x5600, more than 4 times as long as the photo"):
        read_mask(tmp_path / "m.png", plain_view())


TURNS = {
    2: np.fliplr, 3: lambda a: np.rot90(a, 2), 4: np.flipud, 5: lambda a: np.swapaxes(a, 0, 1),
    6: lambda a: np.rot90(a, -1), 7: lambda a: np.swapaxes(np.rot90(a, 2), 0, 1), 8: np.rot90,
}  # fmt: skip


@pytest.mark.parametrize("orientation", TURNS)
def test_masks_of_turned_photos(tmp_path, orientation):
    """A photo with an EXIF turn; its mask as it is stored, and upright as editors save it."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = save(tmp_path / "photo.jpg", picture(), exif=exif)
    view = plain_view(photo)
    stored = painted()
    stored[40:60, 100:110] = False
    upright = np.ascontiguousarray(TURNS[orientation](stored))
    shown = ImageOps.exif_transpose(Image.open(photo))
    assert shown.size == upright.shape[::-1]
    Image.fromarray(np.uint8(stored) * 255).save(tmp_path / "stored.png")
    Image.fromarray(np.uint8(stored) * 255).save(tmp_path / "tagged.png", exif=exif)
    for name in ("stored", "tagged"):
        np.testing.assert_array_equal(read_mask(tmp_path / f"{name}.png", view), stored)
    if orientation >= 5:
        Image.fromarray(np.uint8(upright) * 255).save(tmp_path / "upright.png")
        np.testing.assert_array_equal(read_mask(tmp_path / "upright.png", view), stored)


@pytest.mark.parametrize("orientation", TURNS)
def test_masks_with_a_turn_of_their_own(tmp_path, orientation):
    inside = painted()
    inside[40:60, 100:110] = False
    photo = save(tmp_path / "photo.png", picture())
    exif = Image.Exif()
    exif[0x0112] = orientation
    # Turned so that the tag makes it upright again.
    inverse = {6: 8, 8: 6}.get(orientation, orientation)
    pixels = np.ascontiguousarray(TURNS[inverse](inside))
    Image.fromarray(np.uint8(pixels) * 255).save(tmp_path / "m.png", exif=exif)
    np.testing.assert_array_equal(read_mask(tmp_path / "m.png", plain_view(photo)), inside)


# Pillow warns of what it skips in a TIFF.
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("suffix", ["png", "tif", "jpg", "gif", "webp", "npy", "npz"])
def test_broken_masks_raise_nothing_but_our_error(tmp_path, suffix):
    path = tmp_path / f"m.{suffix}"
    if suffix.startswith("np"):
        (np.save if suffix == "npy" else np.savez_compressed)(path, painted())
    else:
        Image.fromarray(np.uint8(painted()) * 255).save(path)
    content, random = path.read_bytes(), np.random.default_rng(0)
    for _ in range(150):
        broken = bytearray(content)
        for at in random.integers(0, min(len(broken), 300), 3):
            broken[at] = random.integers(256)
        path.write_bytes(broken[: random.integers(1, 2 * len(broken))])
        try:
            read_mask(path, plain_view())
        except EngineError as error:
            assert error.kind in ("bad_file", "bad_input")
