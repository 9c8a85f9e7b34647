import os
import struct
import zlib

import pytest
from PIL import Image

from ludvig_engine.errors import EngineError
from ludvig_engine.io import photo_files
from ludvig_engine.io.photo_files import (
    decoding,
    open_photo,
    photo_size,
    size_and_turn,
    turned_size,
)


def test_sizes_ignore_exif_orientation(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    Image.new("RGB", (30, 20)).save(tmp_path / "a.jpg", exif=exif)
    assert photo_size(tmp_path / "a.jpg") == (30, 20)
    with pytest.raises(EngineError, match=r"no image .*b.jpg") as caught:
        photo_size(tmp_path / "b.jpg")
    assert caught.value.kind == "not_found"
    (tmp_path / "b.jpg").write_bytes(b"nonsense")
    with pytest.raises(EngineError, match=r"b.jpg cannot be read") as caught:
        photo_size(tmp_path / "b.jpg")
    assert caught.value.kind == "bad_file"


@pytest.mark.parametrize("suffix", [".jpg", ".tif", ".png", ".webp"])
def test_exif_turns_are_told(tmp_path, suffix):
    for turn in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = turn
        Image.new("RGB", (30, 20)).save(tmp_path / f"a{suffix}", exif=exif)
        assert size_and_turn(tmp_path / f"a{suffix}") == ((30, 20), turn)
    assert turned_size((30, 20), 3) == (30, 20) and turned_size((30, 20), 6) == (20, 30)


def test_exif_that_says_nothing(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 77
    Image.new("RGB", (30, 20)).save(tmp_path / "a.jpg", exif=exif)
    Image.new("RGB", (30, 20)).save(tmp_path / "b.jpg", exif=b"Exif\0\0nonsense")
    for name in ("a.jpg", "b.jpg"):
        assert size_and_turn(tmp_path / name) == ((30, 20), 1)


def test_photos_of_200_megapixels_open_without_a_word(tmp_path, recwarn):
    Image.new("P", (20_000, 10_000), 3).save(tmp_path / "a.png")
    assert photo_size(tmp_path / "a.png") == (20_000, 10_000)
    assert not recwarn.list


def test_larger_photos_are_refused_with_their_size(tmp_path, monkeypatch):
    Image.new("L", (30, 20)).save(tmp_path / "a.png")
    monkeypatch.setattr(photo_files, "MAX_PIXELS", 599)
    with pytest.raises(EngineError, match="30x20") as caught:
        open_photo(tmp_path / "a.png")
    assert caught.value.kind == "bad_file" and caught.value.fixes


def test_a_bomb_is_no_photo(tmp_path):
    Image.new("1", (13_300, 13_300)).save(tmp_path / "a.png")
    with pytest.raises(EngineError, match="bytes are too few for 13300x13300 pixels"):
        open_photo(tmp_path / "a.png")


def claiming(path, width, height):
    """A PNG of 16x12 pixels whose header claims another size."""
    Image.new("RGB", (16, 12), (1, 2, 3)).save(path)
    content = bytearray(path.read_bytes())
    content[16:24] = struct.pack(">II", width, height)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    path.write_bytes(content)
    return path


def test_a_png_has_no_more_pixels_than_its_bytes_can_stand_for(tmp_path):
    """Below the size of a bomb, too: 6,000 x 6,000 pixels take 108 MB."""
    with pytest.raises(EngineError, match="bytes are too few for 6000x6000 pixels"):
        open_photo(claiming(tmp_path / "a.png", 6000, 6000))
    for mode in ("1", "L", "RGB"):  # as small as such a picture gets
        Image.new(mode, (4000, 3000)).save(tmp_path / "empty.png", optimize=True)
        open_photo(tmp_path / "empty.png").load()


def test_what_needs_more_memory_than_there_is_is_explained(tmp_path):
    """Pillow raises MemoryError for some PNGs whose header contradicts their content."""
    with pytest.raises(EngineError, match="asks for more memory"), decoding(tmp_path / "a.png"):
        raise MemoryError


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_pipes_are_not_opened(tmp_path):
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(EngineError, match="not a regular file"):
        open_photo(tmp_path / "a.png")
