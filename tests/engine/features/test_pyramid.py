"""The pyramid of tiles: how many, where, and that features end up where they were seen."""

from __future__ import annotations

import numpy as np
import pytest

from ludvig_engine.features.pyramid import Scale, pyramid, scales
from tiny_models import torch


@pytest.mark.parametrize(("width", "height", "count"), [(986, 728, 1169), (1600, 1066, 1304)])
def test_counts_of_the_paper(width, height, count):
    assert sum(scale.count(height) * scale.count(width) for scale in scales(height)) == count
    assert [scale.tile for scale in scales(728)] == [36, 91, 145, 200, 254, 309, 364]
    assert [scale.stride for scale in scales(728)] == [36, 56, 72, 100, 127, 154, 182]


def test_tiles_are_centered_where_they_are_put():
    for scale in (Scale(36, 36), Scale(145, 72), Scale(9, 3)):
        for i in range(3):
            center = i * scale.stride - scale.pad + scale.tile / 2
            assert scale.index(np.array([center]))[0] == pytest.approx(i)


def mean_color(tiles):
    """An embedding that says how red, how green and how blue a tile is."""
    return tiles.mean((2, 3)).numpy() + 1e-3


@pytest.mark.parametrize("size", [(240, 320), (97, 61), (40, 200)])
def test_a_known_patch_ends_up_where_it_is(size):
    height, width = size
    for y, x in ((0.25, 0.3), (0.7, 0.8), (0.5, 0.15)):
        image = torch.zeros(1, 3, height, width)
        image[:, 2] = 0.5
        half = max(int(0.06 * height), 2)
        row, column = int(y * height), int(x * width)
        patch = (slice(max(row - half, 0), row + half), slice(max(column - half, 0), column + half))
        image[0, :, patch[0], patch[1]] = torch.tensor([1.0, 0, 0])[:, None, None]
        red = pyramid(image, mean_color)[0]
        red = np.maximum(red - np.median(red), 0) ** 2
        rows, columns = (
            (np.arange(n) + 0.5) * side / n for n, side in zip(red.shape, size, strict=True)
        )
        found = (red.sum(1) @ rows / red.sum(), red.sum(0) @ columns / red.sum())
        truth = [(piece.start + piece.stop) / 2 for piece in patch]
        assert np.abs(np.subtract(found, truth)).max() < 0.05 * height


def test_vectors_are_of_length_one_and_do_not_depend_on_the_batch():
    torch.manual_seed(0)
    image = torch.rand(1, 3, 120, 90)
    one = pyramid(image, mean_color, batch=1)
    np.testing.assert_allclose(np.linalg.norm(one, axis=0), 1, atol=1e-5)
    np.testing.assert_allclose(one, pyramid(image, mean_color, batch=1000), atol=1e-6)


def test_one_scale_is_the_tiles_themselves():
    """At the center of a tile only that tile counts."""
    torch.manual_seed(0)
    image = torch.rand(1, 3, 200, 200)
    found = pyramid(image, mean_color, ratios=(0.05,))  # tiles of 10, cells of 5
    tile = mean_color(image[:, :, 95:105, 45:55])[0]
    around = found[:, 19:21, 9:11].mean((1, 2))  # the four cells around pixel (100, 50)
    assert np.abs(around / np.linalg.norm(around) - tile / np.linalg.norm(tile)).max() < 0.05
