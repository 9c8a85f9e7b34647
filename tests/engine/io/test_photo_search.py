import os
import unicodedata

import pytest

from ludvig_engine.io.photo_search import Found, decoded, find_photos, stem


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
    assert find_photos([name], [photos]).photos == ({name: photos / found} if found else {})


def test_a_flat_folder_serves_names_with_folders(photos):
    assert find_photos(["left/IMG_2.JPG"], [photos / "a"]).photos == {
        "left/IMG_2.JPG": photos / "a/IMG_2.png"
    }
    # Two names must not get the same photo.
    assert find_photos(["left/IMG_1.JPG", "right/IMG_1.JPG"], [photos / "a"]).photos == {}


def test_the_folder_with_most_photos_wins(photos):
    names = ["IMG_1.JPG", "IMG_2.JPG"]
    assert (
        find_photos(names, [photos / "nowhere", photos / "b", photos / "a"]).folder == photos / "a"
    )
    assert find_photos(names[:1], [photos / "b", photos / "a"]).folder == photos / "b"
    assert find_photos(names, [photos / "c"]) == Found({}, None)


def test_names_that_occur_twice_get_no_photo(photos):
    """Two cameras of one name: which of them took the photo is unknown."""
    names = ["IMG_1.JPG", "IMG_2.png", "IMG_1.JPG"]
    assert find_photos(names, [photos / "a"]).photos == {"IMG_2.png": photos / "a/IMG_2.png"}


def test_those_that_would_share_a_file_are_told(photos):
    names = ["left/IMG_1.JPG", "right/IMG_1.JPG", "left/IMG_2.JPG"]
    found = find_photos(names, [photos / "a"])
    assert found.shared == ("left/IMG_1.JPG", "right/IMG_1.JPG")
    assert found.photos == {"left/IMG_2.JPG": photos / "a/IMG_2.png"}


def test_a_file_at_the_very_path_of_a_name_is_that_names(photos):
    found = find_photos(["IMG_1.JPG", "IMG_1.png"], [photos / "a"])
    assert found.photos == {"IMG_1.JPG": photos / "a/IMG_1.JPG"} and found.shared == ("IMG_1.png",)


def test_two_paths_of_one_file_are_one_file(photos):
    os.link(photos / "a/IMG_1.JPG", photos / "a/other.jpg")
    found = find_photos(["IMG_1.JPG", "other.jpg"], [photos / "a"])
    assert found.photos == {} and found.shared == ("IMG_1.JPG", "other.jpg")
    through = find_photos(["IMG_2.png", "../a/IMG_2.png"], [photos / "a"])
    assert through.photos == {} and len(through.shared) == 2


@pytest.mark.parametrize(("written", "on_disk"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_forms_of_unicode_are_one_name(tmp_path, written, on_disk):
    """macOS decomposes the names of files, others do not."""
    name = "Café/Schloß_é.jpg"
    path = tmp_path / unicodedata.normalize(on_disk, name)
    path.parent.mkdir()
    path.touch()
    wanted = unicodedata.normalize(written, name)
    assert find_photos([wanted], [tmp_path]).photos == {wanted: path}
    assert find_photos([wanted.upper()], [tmp_path]).photos == {wanted.upper(): path}


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("cp1252", "Schloß_é.jpg"),
        ("cp932", "写真_1.jpg"),
        ("gb18030", "图片_1.jpg"),  # these bytes happen to be UTF-8, too
        ("cp949", "사진_1.jpg"),
        ("cp1251", "Ящик_1.jpg"),
    ],
)
def test_names_in_the_encodings_of_windows(tmp_path, encoding, name):
    raw = name.encode(encoding).decode("utf-8", "surrogateescape")
    (tmp_path / name).touch()
    assert decoded([raw, "plain.jpg"], [tmp_path]) == ([name, "plain.jpg"], encoding)
    assert decoded([name], [tmp_path]) == ([name], "")


def test_names_that_are_not_utf_8_are_text_even_if_no_photo_is_found(tmp_path):
    assert decoded(["Schlo\udcdf.jpg"], [tmp_path]) == (["Schloß.jpg"], "cp1252")
    names, _ = decoded(["\udc81\udcff.jpg"], [tmp_path])
    assert names[0].encode()


@pytest.mark.skipif(os.name == "nt", reason="file names are Unicode there")
def test_files_whose_names_are_bytes(tmp_path):
    """Unpacked from a zip file of Windows: the disk has the same bytes as the camera file."""
    path = tmp_path / os.fsdecode(b"Schlo\xdf.jpg")
    try:
        path.touch()
    except OSError:
        pytest.skip("this file system has no such names")
    names, _ = decoded(["Schlo\udcdf.jpg"], [tmp_path])
    assert find_photos(names, [tmp_path]).photos == {"Schloß.jpg": path}


@pytest.mark.parametrize("name", ["x" * 5000, "a/" * 3000, "a\0b", "..", "/", ""])
def test_names_that_no_file_can_have_match_nothing(photos, name):
    assert find_photos([name], [photos]).photos == {}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_pipes_are_no_photos(tmp_path):
    os.mkfifo(tmp_path / "a.jpg")
    assert find_photos(["a.jpg", "a.png"], [tmp_path]).photos == {}


def test_stems():
    assert stem("a/B.c/IMG_1.JPG") == "img_1"
    assert stem("frame.0001") == "frame.0001"
    assert stem("archive.jpg.png") == "archive.jpg"


def test_spaces_around_names_do_not_matter(tmp_path):
    (tmp_path / "a b.png").touch()
    found = find_photos(["a b.png "], [tmp_path])
    assert found.photos == {"a b.png ": tmp_path / "a b.png"}
