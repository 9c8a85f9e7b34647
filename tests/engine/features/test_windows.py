"""Sliding windows: the counts of LUDVIG's configurations, and the average of windows."""

from __future__ import annotations

import numpy as np
import pytest

from ludvig_engine.errors import EngineError
from ludvig_engine.features.options import parse
from ludvig_engine.features.windows import Average, interpolation, starts, windows
from ludvig_engine.machine.images import fitted_size


@pytest.mark.parametrize(
    ("width", "height", "cropped", "crop", "count", "tokens"),
    [
        (1600, 1199, (1190, 1596), 840, 15, 54_000),
        (979, 546, (546, 966), 546, 4, 4 * 39**2),
        (1015, 764, (756, 1008), 756, 3, 3 * 54**2),
    ],
)
def test_counts_of_the_paper(width, height, cropped, crop, count, tokens):
    assert fitted_size((height, width), limit=1600, multiple=14) == cropped
    found = windows(*cropped)
    assert len(found) == count
    assert all(piece.stop - piece.start == crop for pair in found for piece in pair)
    assert sum((crop // 14) ** 2 for _ in found) == tokens


def test_strides_of_the_paper():
    assert np.diff(starts(1190, 840, 200)).tolist() == [175, 175]
    assert np.diff(starts(1596, 840, 200)).tolist() == [189] * 4


def test_windows_cover_everything():
    rng = np.random.default_rng(0)
    for height, width, crop, stride in rng.integers(
        [1, 1, 1, 1], [300, 300, 90, 120], (100, 4)
    ).tolist():
        seen = np.zeros((height, width), int)
        for window in windows(height, width, crop=crop, stride=stride):
            assert seen[window].shape == (min(crop, height, width),) * 2
            seen[window] += 1
        assert seen.min() > 0
    for length in range(840, 3000):
        assert np.diff(starts(length, 840, 200)).max(initial=0) <= 200


def test_sizes():
    assert fitted_size((3000, 4002), limit=1600) == (
        1199,
        1600,
    )  # scaling by 4002 / 1600 would give 1599
    assert fitted_size((480, 720), limit=714, multiple=14) == (476, 714)
    assert fitted_size((5, 900), limit=700, multiple=14) == (14, 700)
    assert fitted_size((50, 40), limit=700, multiple=14) == (42, 28)


def test_interpolation():
    at = np.array([-3, 0, 0.25, 2, 2.5, 9])
    np.testing.assert_allclose(
        interpolation(at, 4) @ [0, 1, 2, 3], [0, 0, 0.25, 2, 2.5, 3], atol=1e-6
    )
    np.testing.assert_allclose(interpolation(at, 1), np.ones((6, 1)))


def test_average_of_windows_is_the_map_they_were_cut_from():
    """Bilinear interpolation keeps a ramp, up to half a token at the borders of windows."""
    height = 1190
    width = 1596
    patch = 14
    average = Average(height, width, (2 * height // patch, 2 * width // patch))
    for rows, columns in windows(height, width):
        y = np.arange(rows.start, rows.stop, patch) + patch / 2
        x = np.arange(columns.start, columns.stop, patch) + patch / 2
        average.add(
            (rows, columns), np.stack(np.broadcast_arrays(y[:, None], x)).astype(np.float32)
        )
    result = average.result()
    assert result.shape == (2, 170, 228)
    truth = np.stack(
        np.broadcast_arrays((np.arange(170)[:, None] + 0.5) * 7, (np.arange(228) + 0.5) * 7)
    )
    assert np.abs(result - truth).max() <= patch / 4 + 1e-3
    np.testing.assert_allclose(
        result[:, 60:90, 40:60].mean((1, 2)), truth[:, 60:90, 40:60].mean((1, 2)), atol=0.1
    )


def test_options():
    defaults = {"size": 700, "windows": False}
    assert parse("", defaults) == ("", defaults)
    assert parse("base, size=900,windows", defaults) == ("base", {"size": 900, "windows": True})
    for argument, message in (
        ("base,szie=9", 'Did you mean "size"'),
        ("size=big", "whole number"),
        ("size=0", "whole number"),
        ("windows=yes", "a switch"),
        ("base,large", 'no option "large"'),
    ):
        with pytest.raises(EngineError, match=message):
            parse(argument, defaults)
