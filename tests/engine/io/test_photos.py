import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from ludvig_engine.errors import EngineError
from ludvig_engine.io.lens import Lens
from ludvig_engine.io.masks import read_mask
from ludvig_engine.io.photos import photo_point, read_photo, to_photo
from ludvig_engine.io.shots import Intrinsics
from ludvig_engine.scene import Camera, View
from photo_views import DISTORTED, VIEWS, H, W, bent_view, picture, plain_view, save


@pytest.mark.parametrize(
    ("size", "max_size"),
    [((W, H), None), ((2 * W, 2 * H), None), ((1801, 1200), W), ((150, 100), W)],
)
@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_a_photo_of_any_size_shows_the_same(folder, size, max_size, suffix):
    """JPEGs are decoded smaller if that is enough; nothing may shift, even at odd sizes."""
    path = save(
        folder / f"a{suffix}", picture(size), **({"quality": 98} if suffix == ".jpg" else {})
    )
    view = plain_view(path, size, max_size)
    photo = read_photo(view)
    assert photo.name == "a.png" and photo.valid is None and photo.pixels.dtype == np.float32
    assert photo.pixels.shape == (view.camera.height, view.camera.width, 3)
    expected = picture((view.camera.width, view.camera.height))
    np.testing.assert_allclose(photo.pixels, expected, atol=6 / 255)
    # Red and green are coordinates: where are the first and the last pixel?
    for axis in (0, 1):
        got, wanted = (
            image[..., axis].mean(axis).astype(float) for image in (photo.pixels, expected)
        )
        slope, start = np.polyfit(wanted, got, 1)
        # Up to a tenth of a pixel.
        np.testing.assert_allclose([start, start + slope], [0, 1], atol=0.1 / len(got))


def test_undistorted_photos_show_what_their_rays_hit(folder):
    """The photo encodes x/z and y/z of each ray in red and green.

    After undistortion these are the rays of the pinhole camera's pixels.
    """
    x, y = np.meshgrid(np.arange(W) + 0.5, np.arange(H) + 0.5)
    rays = DISTORTED.colmap().cam_from_img(np.stack([x.ravel(), y.ravel()], 1)).reshape(H, W, 2)
    path = save(folder / "a.png", np.dstack([0.5 + 0.5 * rays, np.zeros((H, W))]))
    view = bent_view(path)
    photo = read_photo(view)
    fx, fy, cx, cy = view.camera.K[[0, 1, 0, 1], [0, 1, 2, 2]]
    x, y = np.meshgrid(np.arange(view.camera.width) + 0.5, np.arange(view.camera.height) + 0.5)
    expected = 0.5 + 0.5 * np.dstack([(x - cx) / fx, (y - cy) / fy])
    assert photo.valid is not None and 0.8 < photo.valid.mean() < 1
    error = np.abs(photo.pixels[..., :2] - expected)[photo.valid]
    # The other pixels are at the border, where half a pixel is clamped.
    assert np.percentile(error, 99) < 1 / 255
    assert not photo.pixels[~photo.valid].any()


def png16(values):
    """A PNG of 16 bits per channel, which Pillow cannot write."""
    height, width, channels = values.shape

    def chunk(kind, content):
        checksum = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)

    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = struct.pack(">IIBBBBB", width, height, 16, {1: 0, 2: 4, 3: 2, 4: 6}[channels], 0, 0, 0)
    content = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + content


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "I;16", "RGB;16", "RGBA;16", "F"])
def test_every_kind_of_image(tmp_path, mode):
    values, path = picture(), tmp_path / ("a.tif" if mode in ("CMYK", "F") else "a.png")
    gray = values[..., 2]
    image = Image.fromarray(np.round(values * 255).astype(np.uint8))
    if mode == "I;16":
        path.write_bytes(png16(np.round(gray * 65535)[..., None]))
    elif mode.endswith("16"):
        opaque = np.ones((H, W, 1 if mode == "RGBA;16" else 0))
        path.write_bytes(png16(np.round(np.dstack([values, opaque]) * 65535)))
    elif mode == "F":
        Image.fromarray(gray.astype(np.float32)).save(path)
    else:
        image.convert(mode).save(path)
    photo = read_photo(plain_view(path))
    assert photo.valid is None
    expected = {
        "I;16": gray[..., None],
        "F": gray[..., None],
        "L": np.asarray(image.convert("L"))[..., None] / 255,
    }
    expected |= {m: np.asarray(image.convert(m).convert("RGB")) / 255 for m in ("1", "P")}
    tolerance = {"I;16": 1e-4, "F": 1e-6}.get(mode, 2 / 255)
    np.testing.assert_allclose(
        photo.pixels, np.broadcast_to(expected.get(mode, values), (H, W, 3)), atol=tolerance
    )


@VIEWS
def test_transparent_pixels_are_not_valid(tmp_path, make_view):
    alpha = np.zeros((H, W))
    alpha[50:150, 60:240] = 1
    view = make_view(save(tmp_path / "a.png", np.dstack([picture(), alpha])))
    photo, opaque = read_photo(view), read_photo(make_view(save(tmp_path / "b.png", picture())))
    np.testing.assert_array_equal(
        photo.valid, read_mask(save(tmp_path / "m.png", alpha), view) >= 0.5
    )
    np.testing.assert_allclose(photo.pixels[photo.valid], opaque.pixels[photo.valid], atol=0.02)


def test_views_made_by_hand_need_no_photo_size(tmp_path):
    view = plain_view(save(tmp_path / "a.png", picture()), max_size=150)
    np.testing.assert_array_equal(
        read_photo(replace(view, photo_size=(0, 0))).pixels, read_photo(view).pixels
    )


def test_damaged_and_missing_photos_are_explained(tmp_path):
    with pytest.raises(EngineError, match=r"a.png is missing") as caught:
        read_photo(plain_view())
    assert caught.value.kind == "not_found"
    for name, options in (("a.png", {}), ("a.jpg", {"quality": 95})):
        path = save(tmp_path / name, picture(), **options)
        content = path.read_bytes()
        for part in range(10):
            path.write_bytes(content[: len(content) * part // 10])
            with pytest.raises(EngineError, match="cannot be read") as caught:
                read_photo(plain_view(path))
            assert caught.value.kind == "bad_file"
    path = save(tmp_path / "a.png", picture((W, 100)))
    with pytest.raises(EngineError, match="is now 300x100, no longer 300x200"):
        read_photo(plain_view(path))


@VIEWS
@pytest.mark.parametrize("size", [(W, H), (900, 600), (150, 100)])
def test_masks_come_back(tmp_path, make_view, size):
    """From the photo's file to the camera and back: the same mask, at the photo's size."""
    x, y = np.meshgrid((np.arange(size[0]) + 0.5) / size[0], (np.arange(size[1]) + 0.5) / size[1])
    painted = ((x - 0.45) / 0.3) ** 2 + ((y - 0.5) / 0.35) ** 2 < 1
    view = make_view(size=size, max_size=W)
    mask = read_mask(save(tmp_path / "m.png", painted), view)
    assert mask.shape == (view.camera.height, view.camera.width) and mask.dtype == np.float32
    assert mask.min() == 0 and mask.max() == 1
    for image in (mask, mask > 0.5):
        again = to_photo(view, image)
        assert again.shape == (size[1], size[0]) and again.dtype == image.dtype
        again = again > 0.5
        assert (again & painted).sum() / (again | painted).sum() > 0.97
    channels = to_photo(view, np.dstack([mask, 1 - mask]))
    assert channels.shape == (size[1], size[0], 2)
    np.testing.assert_array_equal(channels[..., 0], to_photo(view, mask))


@VIEWS
def test_points_land_on_what_was_clicked(tmp_path, make_view):
    """A single white photo pixel is where photo_point says it is."""
    random = np.random.default_rng(0)
    for size, max_size in (((W, H), None), ((2 * W, 2 * H), W)):
        view = make_view(size=size, max_size=max_size)
        for _ in range(10):
            x, y = int(random.integers(20, size[0] - 20)), int(random.integers(20, size[1] - 20))
            painted = np.zeros(size[::-1])
            painted[y - 2 : y + 3, x - 2 : x + 3] = 1
            mask = read_mask(save(tmp_path / "m.png", painted), view)
            center = np.array(
                [
                    mask.sum(0) @ (np.arange(mask.shape[1]) + 0.5),
                    mask.sum(1) @ (np.arange(len(mask)) + 0.5),
                ]
            )
            np.testing.assert_allclose(photo_point(view, x, y), center / mask.sum(), atol=0.05)


def test_points_in_an_undistorted_photo_are_plain():
    assert photo_point(plain_view(), 0, 0) == (0.5, 0.5)
    assert photo_point(plain_view(size=(600, 400), max_size=W), 599, 0) == (299.75, 0.25)


@pytest.mark.parametrize("point", [(-1, 5), (300, 5), (5, 200), (5, -1)])
def test_points_outside_are_refused(point):
    with pytest.raises(EngineError, match=r"outside the photo a.png, which is 300x200") as caught:
        photo_point(plain_view(), *point)
    assert caught.value.kind == "bad_input"


def test_points_the_lens_cannot_see_are_refused():
    # The lens sees 286 degrees.
    lens = Lens.covering(Intrinsics("SIMPLE_FISHEYE", (60.0, 150.0, 100.0), W, H), (W, H))
    view = View("a.png", Camera(np.eye(4), lens.pinhole.K, *lens.pinhole.size), None, (W, H), lens)
    assert photo_point(view, 150, 100)[0] > 0
    with pytest.raises(EngineError, match="has no image"):
        photo_point(view, 299, 100)


def test_undistorting_real_photos_gives_colmaps_pictures(data):
    """images/ is COLMAP's own undistortion of photos_full/, resampled differently and as JPEG."""
    from ludvig_engine.io.views import load_views

    banana = data / "banana"
    full, _ = load_views(banana / "sparse_full", photos=banana / "photos_full")
    small, _ = load_views(banana / "sparse/0")

    def psnr(view, reference, shift):
        K = reference.camera.K
        pinhole = Intrinsics(
            "PINHOLE",
            (*K[[0, 1], [0, 1]].tolist(), K[0, 2].item() + shift, K[1, 2].item()),
            720,
            479,
        )
        lens = Lens(view.lens.distorted, (722, 480), pinhole)
        photo = read_photo(replace(view, lens=lens))
        return -10 * np.log10(np.mean((photo.pixels - read_photo(reference).pixels) ** 2))

    for view, reference in list(zip(full, small, strict=True))[::5]:
        np.testing.assert_allclose(view.camera.viewmat, reference.camera.viewmat, atol=1e-9)
        here = psnr(view, reference, 0)
        assert here > 36
        assert here > psnr(view, reference, 0.25) + 1 and here > psnr(view, reference, -0.25) + 1


TURNS = {2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE",
         6: "ROTATE_270", 7: "TRANSVERSE", 8: "ROTATE_90"}  # fmt: skip


def save_turned(path, values, turn, **options):
    """A photo whose EXIF turn makes it look like `values`, as cameras write it."""
    back = {6: 8, 8: 6}.get(turn, turn)
    image = Image.fromarray(np.round(values * 255).astype(np.uint8))
    exif = Image.Exif()
    exif[0x0112] = turn
    if turn != 1:
        image = image.transpose(Image.Transpose[TURNS[back]])
    image.save(path, exif=exif, **options)
    return path


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif"])
@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("max_size", [None, 60])
def test_photos_are_turned_if_their_cameras_are(tmp_path, suffix, turn, max_size):
    options = {"quality": 98} if suffix == ".jpg" else {}
    path = save_turned(tmp_path / f"a{suffix}", picture(), turn, **options)
    view = replace(plain_view(path, max_size=max_size), turn=turn)
    expected = picture((view.camera.width, view.camera.height))
    np.testing.assert_allclose(read_photo(view).pixels, expected, atol=6 / 255)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("turn", [3, 6, 8])
def test_photos_stay_as_they_are_stored_for_colmap(tmp_path, suffix, turn):
    """Pillow turns TIFFs by itself, which has to be undone."""
    stored = picture()
    path = tmp_path / f"a{suffix}"
    exif = Image.Exif()
    exif[0x0112] = turn
    Image.fromarray(np.round(stored * 255).astype(np.uint8)).save(path, exif=exif)
    np.testing.assert_allclose(read_photo(plain_view(path)).pixels, stored, atol=1 / 255)


@VIEWS
def test_masked_pixels_are_not_valid(tmp_path, make_view):
    keep = np.zeros((H, W))
    keep[50:150, 60:240] = 1
    mask = save(tmp_path / "m.png", keep)
    view = replace(make_view(save(tmp_path / "a.png", picture())), mask=mask)
    # Pixels at the border that mix in what is masked out do not count.
    np.testing.assert_array_equal(read_photo(view).valid, read_mask(mask, view) > 0.999)
    transparent = np.ones((H, W))
    transparent[:100] = 0
    both = replace(
        make_view(save(tmp_path / "b.png", np.dstack([picture(), transparent]))), mask=mask
    )
    top = read_mask(save(tmp_path / "t.png", transparent), both) >= 0.5
    np.testing.assert_array_equal(read_photo(both).valid, read_photo(view).valid & top)


@pytest.mark.parametrize("turn", [5, 6, 7, 8])
@pytest.mark.parametrize("upright", [True, False])
def test_masks_of_turned_photos_may_be_as_these_are_stored(tmp_path, turn, upright):
    keep = np.zeros((H, W))
    keep[50:150, 60:200] = 1
    mask = save_turned(tmp_path / "m.png", keep, 1 if upright else turn)
    with Image.open(mask) as image:  # without the tag, which no mask has
        image.copy().save(mask, exif=b"")
    view = replace(
        plain_view(save_turned(tmp_path / "a.png", picture(), turn)), turn=turn, mask=mask
    )
    np.testing.assert_array_equal(read_photo(view).valid, keep == 1)


def test_photos_without_a_valid_pixel(tmp_path):
    view = plain_view(save(tmp_path / "a.png", np.dstack([picture(), np.zeros((H, W))])))
    assert read_photo(view).valid is not None and not read_photo(view).valid.any()


@pytest.mark.parametrize("dtype, white", [("u2", 65535), ("i4", 65535), ("i4", 255), ("f4", 1)])
def test_gray_photos_of_many_bits(tmp_path, dtype, white):
    gray = picture()[..., 0]
    Image.fromarray((gray * white).astype(dtype)).save(tmp_path / "a.tif")
    photo = read_photo(plain_view(tmp_path / "a.tif"))
    np.testing.assert_allclose(photo.pixels[..., 1], gray, atol=1 / 255)


@pytest.mark.parametrize(
    "values, match",
    [
        (np.float32(255), "has a median of 255"),
        (np.float32(np.nan), "60,000 values that are NaN or infinite"),
        (np.int32(70_000), "values up to 70000"),
    ],
)
def test_gray_photos_whose_white_is_unknown_are_refused(tmp_path, values, match):
    Image.fromarray(np.full((H, W), values)).save(tmp_path / "a.tif")
    with pytest.raises(EngineError, match=match):
        read_photo(plain_view(tmp_path / "a.tif"))
