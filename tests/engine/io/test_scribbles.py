"""Strokes on transparency, on sheets and on photos."""

import numpy as np
import pytest

from ludvig_engine.errors import EngineError
from ludvig_engine.io.photos import photo_point
from ludvig_engine.io.scribbles import read_scribble
from photo_views import VIEWS, H, W, plain_view, save


@VIEWS
def test_scribbles(tmp_path, make_view):
    size = (3 * W, 3 * H)
    painting = np.zeros((size[1], size[0], 4))
    painting[100:103, 200:600] = 0, 1, 0, 1  # green, 3 pixels wide: one of the camera's
    painting[300:310, 200:600] = 1, 1, 1, 1  # white
    painting[500:503, 200:600] = 0.9, 0.1, 0.1, 1  # red
    painting[550:560, 200:600] = 0, 0, 1, 1  # blue says nothing
    painting[200:210, 200:600] = 1, 0, 0, 0  # nor does transparent
    view = make_view(size=size, max_size=W)
    strokes = read_scribble(save(tmp_path / "s.png", painting), view)
    positive, negative = strokes.positive, strokes.negative
    assert positive.shape == negative.shape == (view.camera.height, view.camera.width)
    assert not (positive & negative).any()
    yes = (True, False)
    no = (False, True)
    neither = (False, False)
    for y, expected in ((101, yes), (304, yes), (501, no), (555, neither), (205, neither)):
        for x in (250, 400, 550):
            px, py = (int(c) for c in photo_point(view, x, y))
            assert (positive[py, px], negative[py, px]) == expected, y
    flat = np.where(painting[..., 3:] > 0, painting[..., :3], 0)  # the same on black
    np.testing.assert_array_equal(
        read_scribble(save(tmp_path / "f.png", flat), view).positive, positive
    )


def test_empty_scribbles_are_refused(tmp_path):
    with pytest.raises(EngineError, match="no stroke") as caught:
        read_scribble(save(tmp_path / "s.png", np.zeros((H, W, 4))), plain_view())
    assert caught.value.kind == "bad_input"
