"""Strokes on transparency, on sheets and on photos."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from ludvig_engine.errors import EngineError
from ludvig_engine.io.photos import photo_point
from ludvig_engine.io.scribbles import read_scribble
from photo_views import VIEWS, H, W, picture, plain_view, save


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


GREEN = (0, 255, 0)
RED = (255, 0, 0)
BLUE = (0, 0, 255)
WHITE = (255, 255, 255)
BLACK = (0, 0, 0)
PHOTO = np.uint8(picture() * 255)


def drawn(sheet, *strokes, smooth=4):
    """Strokes, (color, x0, y0, x1, y1) 6 pixels wide with smooth rims, on a sheet (H, W, C)."""
    image = Image.fromarray(np.uint8(sheet))
    for color, *at in strokes:
        line = Image.new("L", (smooth * W, smooth * H))
        ImageDraw.Draw(line).line([smooth * one for one in at], 255, 6 * smooth)
        alpha = line.resize((W, H), Image.Resampling.BOX)
        if image.mode == "RGBA":
            image.alpha_composite(Image.merge("RGBA", [
                Image.new("L", (W, H), part) for part in color] + [alpha]))  # fmt: skip
        else:
            image.paste(Image.new("RGB", (W, H), color), mask=alpha)
    return image


def on(y, color):
    return (color, 60, y, 240, y)


def meant(strokes, y):
    """(positive, negative) along a stroke at this height."""
    return bool(strokes.positive[y, 80:220].all()), bool(strokes.negative[y, 80:220].all())


YES = (True, False)
NO = (False, True)
NEITHER = (False, False)
SHEETS = {
    "transparent": np.zeros((H, W, 4)),
    "black": np.zeros((H, W, 3)),
    "white": np.full((H, W, 3), 255),
    "gray": np.full((H, W, 3), 90),
    "photo": PHOTO,
    "opaque photo": np.dstack([PHOTO, np.full((H, W), 255)]),
}


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp"])
@pytest.mark.parametrize("sheet", SHEETS)
def test_strokes_on_every_sheet(tmp_path, sheet, suffix):
    if suffix == "jpg" and SHEETS[sheet].shape[2] == 4:
        pytest.skip("JPEG has no alpha")
    photo = save(tmp_path / "photo.png", picture())
    view = plain_view(photo)
    path = tmp_path / f"s.{suffix}"
    drawn(SHEETS[sheet], on(50, GREEN), on(150, RED)).save(path, quality=90)
    found = read_scribble(path, view)
    assert (meant(found, 50), meant(found, 150), meant(found, 100)) == (YES, NO, NEITHER)
    for painted in (found.positive, found.negative):
        assert 900 < painted.sum() < 1500
    said = " ".join(found.notes)
    assert ("photo itself" in said) == ("photo" in sheet)
    assert ("is a sheet of the color" in said) == (sheet in ("white", "gray"))


@pytest.mark.parametrize("sheet", SHEETS)
@pytest.mark.parametrize("color", [BLUE, (255, 255, 0), (255, 0, 255), WHITE, BLACK])
def test_strokes_of_one_other_color_are_the_object(tmp_path, sheet, color):
    if (sheet, color) in (("white", WHITE), ("black", BLACK)):
        return
    view = plain_view(save(tmp_path / "photo.png", picture()))
    drawn(SHEETS[sheet], on(50, color), on(150, RED)).save(tmp_path / "s.png")
    found = read_scribble(tmp_path / "s.png", view)
    assert (meant(found, 50), meant(found, 150)) == (YES, NO)
    drawn(SHEETS[sheet], on(50, color)).save(tmp_path / "s.png")
    found = read_scribble(tmp_path / "s.png", view)
    assert meant(found, 50) == YES and not found.negative.any()
    said = " ".join(found.notes)
    assert ("taken as the object" in said) == (color != WHITE)


def test_other_colors_beside_green_are_left_out_and_said(tmp_path):
    drawn(SHEETS["transparent"], on(50, GREEN), on(150, BLUE)).save(tmp_path / "s.png")
    found = read_scribble(tmp_path / "s.png", plain_view())
    assert (meant(found, 50), meant(found, 150)) == (YES, NEITHER)
    assert "left out" in found.notes[0] and "#0000ff" in found.notes[0]


def test_faint_brushes_count(tmp_path):
    painting = np.asarray(drawn(SHEETS["transparent"], on(50, GREEN))).copy()
    painting[..., 3] = painting[..., 3] * 0.3
    Image.fromarray(painting).save(tmp_path / "s.png")
    assert meant(read_scribble(tmp_path / "s.png", plain_view()), 50) == YES


REFUSED = {
    "photo alone": (PHOTO, "it is the photo alone"),
    "another picture": (PHOTO[::-1], "neither the photo, nor transparent"),
    "white sheet": (SHEETS["white"], "no stroke in it"),
    "black sheet": (SHEETS["black"], "no stroke in it"),
    "transparent": (SHEETS["transparent"], "no stroke in it"),
    "all green": (np.broadcast_to(np.uint8(GREEN), (H, W, 3)), "no stroke in it"),
    "a mask": (np.where(np.arange(W)[:, None] > 60, 255, 0) * np.ones((H, 1, 4)), "covers 80%"),
    "many colors": (drawn(SHEETS["transparent"], on(50, BLUE), on(150, (255, 255, 0))),
                    "several colors"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_strokes_is_doubted(tmp_path, case):
    picture_, what = REFUSED[case]
    view = plain_view(save(tmp_path / "photo.png", picture()))
    image = picture_ if isinstance(picture_, Image.Image) else Image.fromarray(np.uint8(picture_))
    image.save(tmp_path / "s.png")
    with pytest.raises(EngineError, match=what) as caught:
        read_scribble(tmp_path / "s.png", view)
    assert caught.value.kind == "bad_input" and "transparent layer" in str(caught.value)


def test_strokes_on_a_photo_that_is_not_here_are_doubted(tmp_path):
    drawn(PHOTO, on(50, GREEN)).save(tmp_path / "s.jpg")
    with pytest.raises(EngineError, match="neither the photo, nor"):
        read_scribble(tmp_path / "s.jpg", plain_view())


@pytest.mark.parametrize("width", [1, 2, 4])
@pytest.mark.parametrize("beside, expected", [(GREEN, (YES, NEITHER)), (RED, (NO, YES))])
def test_thin_strokes_of_another_color_are_not_lost_in_silence(tmp_path, width, beside, expected):
    painting = np.zeros((H, W, 4), np.uint8)
    painting[50 : 50 + width, 50:250] = (*beside, 255)
    painting[150 : 150 + width, 50:250] = (*BLUE, 255)
    Image.fromarray(painting).save(tmp_path / "s.png")
    found = read_scribble(tmp_path / "s.png", plain_view())
    for y, meaning in zip((50, 150), expected, strict=True):
        assert (found.positive[y, 150], found.negative[y, 150]) == meaning
    assert "#0000ff" in found.notes[0]
