"""The registry, the weight-free extractor, own maps, and PCA."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import save_file
from skimage.color import rgb2lab
from skimage.feature import multiscale_basic_features
from skimage.transform import resize, rotate

from extractor_battery import check, check_places, photo
from ludvig_engine.errors import EngineError
from ludvig_engine.features import load_extractor
from ludvig_engine.features.pca import fit_pca
from ludvig_engine.scene import Photo

RNG = np.random.default_rng(0)


def test_unknown_extractor_suggests_the_nearest():
    with pytest.raises(EngineError, match='Did you mean "colour"'):
        load_extractor("color")


def test_colour():
    extractor = load_extractor("colour")
    check(extractor)
    check_places(extractor)
    assert len(extractor(photo(40, 60))) == 48
    with pytest.raises(EngineError, match="takes no argument"):
        load_extractor("colour:big")


@pytest.mark.parametrize("shape", [(2, 3), (5, 3), (90, 160), (800, 1000)])
def test_colour_is_what_scikit_image_computes(shape):
    pixels = RNG.random((*shape, 3), np.float32)
    size = [max(round(side * min(1, 720 / max(shape))), 2) for side in shape]
    lab = rgb2lab(resize(pixels, size, order=1, anti_aliasing=True)) / 100
    full = multiscale_basic_features(lab, sigma_min=1, sigma_max=8, channel_axis=-1)
    cells = [max(round(side / 4), 1) for side in size]
    expected = resize(full, cells, order=1, anti_aliasing=True)
    found = load_extractor("colour")(Photo("a", pixels))
    np.testing.assert_allclose(found, np.moveaxis(expected, 2, 0), rtol=0, atol=1e-6)


def test_colour_of_a_photo_that_is_one_pixel_high():
    strip = Photo("a", RNG.random((1, 900, 3), np.float32))
    assert np.isfinite(load_extractor("colour")(strip)).all()


def test_colour_does_not_depend_on_place_or_orientation():
    extractor, tile = load_extractor("colour"), photo(120, 120).pixels
    turned = extractor(Photo("a", np.ascontiguousarray(np.rot90(tile))))
    np.testing.assert_allclose(
        turned, np.rot90(extractor(Photo("a", tile)), axes=(1, 2)), atol=2e-3
    )
    flat = extractor(Photo("a", np.full((80, 100, 3), 0.3, np.float32)))
    assert np.abs(flat - flat[:, :1, :1]).max() < 1e-3
    oblique = extractor(Photo("a", rotate(tile, 30, mode="reflect").astype(np.float32)))
    center = (slice(None), slice(12, 18), slice(12, 18))
    assert (
        np.abs(
            oblique[center].mean((1, 2)) - extractor(Photo("a", tile))[center].mean((1, 2))
        ).max()
        < 0.1
    )


@pytest.fixture
def folder(tmp_path):
    np.save(tmp_path / "a.npy", RNG.random((5, 7, 9), np.float32))
    np.savez(tmp_path / "b.npz", RNG.random((5, 3, 4)))
    np.save(tmp_path / "flat.npy", RNG.random((7, 9)))
    Image.fromarray(RNG.integers(0, 255, (6, 8, 3), np.uint8)).save(tmp_path / "c.png")
    return tmp_path


def test_files(folder):
    extractor = load_extractor(f"files:{folder}")
    np.testing.assert_array_equal(
        extractor(Photo("a.jpg", np.zeros((70, 90, 3), np.float32))), np.load(folder / "a.npy")
    )
    assert extractor(Photo("sub/b.JPG", photo(9, 9).pixels)).shape == (5, 3, 4)
    assert extractor(Photo("flat.png", photo(9, 9).pixels)).shape == (1, 7, 9)
    png = extractor(Photo("c.jpg", photo(9, 9).pixels))
    np.testing.assert_allclose(
        png.transpose(1, 2, 0) * 255, np.asarray(Image.open(folder / "c.png")), atol=1e-4
    )


def test_maps_in_tensors(tmp_path):
    values = RNG.random((5, 7, 9), np.float32)
    save_file({"map": values}, tmp_path / "a.safetensors")
    np.testing.assert_array_equal(
        load_extractor(f"files:{tmp_path}")(photo(9, 9, name="a.jpg")), values
    )
    save_file({"map": values, "more": values}, tmp_path / "a.safetensors")
    with pytest.raises(EngineError, match="2 arrays instead of 1"):
        load_extractor(f"files:{tmp_path}")(photo(9, 9, name="a.jpg"))


def test_maps_in_other_layouts_are_the_same(folder):
    values = RNG.random((5, 7, 9), np.float32)
    for other in (np.asfortranarray(values), values.astype(">f4"), values.astype(np.float64)):
        np.save(folder / "a.npy", other)
        found = load_extractor(f"files:{folder}")(photo(9, 9, name="a.jpg"))
        np.testing.assert_array_equal(found, values)
        assert found.dtype == np.float32 and found.dtype.isnative


def test_files_key_follows_the_files(folder):
    before = load_extractor(f"files:{folder}").key
    np.save(folder / "a.npy", RNG.random((5, 7, 8)))
    assert load_extractor(f"files:{folder}").key != before


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lambda p: np.save(p, np.full((2, 3, 3), np.nan)), "18 values that are NaN"),
        (lambda p: np.save(p, np.zeros(5)), r"has the shape \(5,\)"),
        (lambda p: p.write_bytes(b"nonsense"), "cannot be read"),
        (lambda p: np.save(p, np.array([[{}]], object), allow_pickle=True), "Python objects"),
        (lambda p: np.save(p, np.full((2, 3, 3), 1e300)), "too large for float32"),
        (lambda p: np.save(p, np.zeros((2, 3, 3), complex)), "complex128, not numbers"),
        (lambda p: np.save(p, np.zeros((0, 3, 3))), "has the shape"),
    ],
)
def test_files_that_are_bad(tmp_path, content, message):
    content(tmp_path / "a.npy")
    with pytest.raises(EngineError, match=message):
        load_extractor(f"files:{tmp_path}")(photo(9, 9))


@pytest.mark.parametrize(
    ("shape", "order"), [((2, 12, 9), "channels, columns, rows"), ((9, 12, 2), "rows, columns, ch")]
)
def test_maps_in_another_order_are_refused(tmp_path, shape, order):
    np.save(tmp_path / "a.npy", np.zeros(shape))
    with pytest.raises(EngineError, match=rf"only as \({order}"):
        load_extractor(f"files:{tmp_path}")(photo(90, 120))
    for good in ((2, 9, 12), (2, 64, 64), (2, 23, 30)):  # also squares, and other roundings
        np.save(tmp_path / "a.npy", np.zeros(good))
        assert load_extractor(f"files:{tmp_path}")(photo(90, 120)).shape == good


def test_files_that_are_missing(folder, tmp_path):
    with pytest.raises(EngineError, match=r'no map for the photo aa\.jpg.*Did you mean "a"'):
        load_extractor(f"files:{folder}")(photo(9, 9, name="aa.jpg"))
    with pytest.raises(EngineError, match="no folder"):
        load_extractor("files:/nowhere/at/all")
    (tmp_path / "empty").mkdir()
    with pytest.raises(EngineError, match=r"has no .npy"):
        load_extractor(f"files:{tmp_path / 'empty'}")


MAPS = [
    (RNG.normal(size=(6, 6)) @ RNG.normal(size=(6, 200))).reshape(6, 10, 20).astype(np.float32) + 3
    for _ in range(4)
]


def tokens(maps):
    return np.concatenate([m.reshape(len(m), -1).T for m in maps])


def test_pca():
    reduction = fit_pca(MAPS, components=4)
    z = tokens([reduction(m) for m in MAPS])
    assert z.shape == (800, 4)
    np.testing.assert_allclose(z.mean(0), 0, atol=1e-4)
    expected = reduction.singular_values**2 / 799
    np.testing.assert_allclose(np.cov(z.T), np.diag(expected), atol=1e-3 * expected[0])
    x = tokens(MAPS)
    x = (x - x.mean(0)) / x.std(0, ddof=1)
    values, vectors = np.linalg.eigh(x.T @ x)
    np.testing.assert_allclose(
        np.abs(np.sum(reduction.axes * vectors[:, ::-1][:, :4].T, 1)), 1, atol=1e-3
    )
    np.testing.assert_allclose(reduction.singular_values**2, values[::-1][:4], rtol=1e-3)


def test_pca_weighted_by_singular_values():
    reduction = fit_pca(MAPS, components=3, weighted=True)
    z = tokens([reduction(m) for m in MAPS])
    np.testing.assert_allclose(
        z.std(0, ddof=1), reduction.singular_values**2 / np.sqrt(799), rtol=1e-3
    )


def test_pca_of_all_channels_keeps_distances():
    reduction = fit_pca(MAPS)
    x = tokens(MAPS)
    x = (x - x.mean(0)) / x.std(0, ddof=1)
    np.testing.assert_allclose(
        tokens([reduction(m) for m in MAPS]) @ tokens([reduction(m) for m in MAPS]).T,
        x @ x.T,
        atol=2e-2,
    )


def test_pca_on_a_subset_and_with_a_constant_channel():
    maps = [np.concatenate([m, np.full((1, 10, 20), 5, np.float32)]) for m in MAPS]
    reduction = fit_pca(maps, tokens=700, components=3)
    assert np.isfinite(reduction(maps[0])).all()
    assert np.abs(np.sum(reduction.axes[0, :6] * fit_pca(MAPS, components=3).axes[0])) > 0.95


def test_pca_of_maps_that_disagree():
    with pytest.raises(EngineError, match="channels"):
        fit_pca([MAPS[0], MAPS[1][:3]])
