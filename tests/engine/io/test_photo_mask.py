import numpy as np
import pytest
from PIL import Image

from ludvig_engine.errors import EngineError
from ludvig_engine.io.photo_mask import kept

SIZE = (60, 40)
KEEP = np.zeros(SIZE[::-1], bool)
KEEP[10:30, 20:50] = True


def palette(values):
    """Index 0 is white here: in nerfstudio the index counts, not the color."""
    image = Image.fromarray(values.astype(np.uint8)).convert("P")
    image.putpalette([255, 255, 255, 9, 9, 9])
    return image


@pytest.mark.parametrize("image", [
    Image.fromarray(np.uint8(KEEP) * 255),
    Image.fromarray(np.uint8(KEEP)),
    Image.fromarray(KEEP),
    Image.fromarray(np.uint16(KEEP) * 3),
    Image.fromarray(np.dstack([np.uint8(KEEP) * 7] * 3)),
    # White, transparent where it is to be ignored.
    Image.fromarray(np.dstack([np.full((*KEEP.shape, 3), 255, np.uint8), np.uint8(KEEP) * 255])),
    palette(KEEP),
], ids=["0/255", "0/1", "1 bit", "16 bit", "RGB", "alpha", "palette"])  # fmt: skip
def test_what_is_not_zero_counts(tmp_path, image):
    image.save(tmp_path / "m.png")
    np.testing.assert_array_equal(kept(tmp_path / "m.png", SIZE, SIZE), KEEP)


def test_noise_of_jpeg_is_zero(tmp_path):
    Image.fromarray(np.uint8(KEEP) * 255).save(tmp_path / "m.jpg", quality=70)
    found = kept(tmp_path / "m.jpg", SIZE, SIZE)
    assert (found & KEEP).sum() / (found | KEEP).sum() > 0.9


def test_every_part_of_a_pixel_counts(tmp_path):
    """A pixel of a smaller photo that mixes in what is masked out does not count."""
    keep = np.ones(SIZE[::-1], np.uint8)
    keep[5, 7] = 0
    Image.fromarray(keep).save(tmp_path / "m.png")
    found = kept(tmp_path / "m.png", SIZE, (30, 20))
    assert found.shape == (20, 30) and not found[2, 3] and found.sum() > 600 - 10
    assert kept(tmp_path / "m.png", (600, 400), (600, 400)).shape == (400, 600)


def test_masks_of_another_shape_are_refused(tmp_path):
    Image.new("L", (40, 60)).save(tmp_path / "m.png")
    with pytest.raises(EngineError, match=r"m.png is 40x60, but its photo is 60x40") as caught:
        kept(tmp_path / "m.png", SIZE, SIZE)
    assert caught.value.kind == "bad_input"
