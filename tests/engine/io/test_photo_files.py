import pytest
from PIL import Image

from ludvig_engine.errors import EngineError
from ludvig_engine.io.photo_files import find_photos, photo_size, stem


@pytest.fixture
def photos(folder):
    for name in (
        "a/IMG_1.JPG",
        "a/IMG_2.png",
        "b/IMG_1.JPG",
        "c/x.jpg",
        "c/x.png",
        "c/frame.0001.png",
        "c/frame.0002.png",
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    (folder / "a" / "IMG_3.txt").touch()
    return folder


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("a/IMG_1.JPG", "a/IMG_1.JPG"),
        ("a/img_1.jpg", "a/IMG_1.JPG"),  # another case, as on Windows
        ("a/IMG_2.JPG", "a/IMG_2.png"),  # converted
        ("a/IMG_2", "a/IMG_2.png"),  # without extension, as in synthetic scenes
        ("./a/IMG_2", "a/IMG_2.png"),
        ("c/x.JPG", "c/x.jpg"),  # there is a .png too
        ("c/x", None),  # either
        ("c/frame.0001", "c/frame.0001.png"),  # the number is not an extension
        ("a/IMG_3", None),
        ("a/IMG_4.JPG", None),
        ("d/IMG_1.JPG", None),  # two subfolders have one
    ],
)
def test_names_are_resolved_by_stem(photos, name, found):
    assert find_photos([name], [photos])[0] == ({name: photos / found} if found else {})


def test_a_flat_folder_serves_names_with_folders(photos):
    assert find_photos(["left/IMG_2.JPG"], [photos / "a"])[0] == {
        "left/IMG_2.JPG": photos / "a/IMG_2.png"
    }
    # Two names must not get the same photo.
    assert find_photos(["left/IMG_1.JPG", "right/IMG_1.JPG"], [photos / "a"])[0] == {}


def test_the_folder_with_most_photos_wins(photos):
    names = ["IMG_1.JPG", "IMG_2.JPG"]
    assert find_photos(names, [photos / "nowhere", photos / "b", photos / "a"])[1] == photos / "a"
    assert find_photos(names[:1], [photos / "b", photos / "a"])[1] == photos / "b"
    assert find_photos(names, [photos / "c"]) == ({}, None)


def test_stems():
    assert stem("a/B.c/IMG_1.JPG") == "img_1"
    assert stem("frame.0001") == "frame.0001"
    assert stem("archive.jpg.png") == "archive.jpg"


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
