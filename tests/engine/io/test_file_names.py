"""Names of files to write: safe, distinct, and the ones that people expect."""

import re
import unicodedata
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ludvig_engine.io.file_names import file_names
from ludvig_engine.io.targets import is_device

KEPT = {
    "photos": (["IMG_1.jpg", "IMG_2.JPG"], ["IMG_1.png", "IMG_2.png"]),
    "dots": (["frame.0001", "frame.0002.png"], ["frame.0001.png", "frame.0002.png"]),
    "folders": (["a/1.png", "b/1.png"], ["a/1.png", "b/1.png"]),
    "folders of Windows": (["a\\1.png", "b\\1.png"], ["a/1.png", "b/1.png"]),
    "spaces and letters": (["Großer Spaß 目录.tif"], ["Großer Spaß 目录.png"]),
    "hidden": ([".a.png"], [".a.png"]),
}
MENDED = {
    "up": (["../../a.png"], ["a.png"]),
    "up in the middle": (["a/../../b.png"], ["a/b.png"]),
    "absolute": (["/etc/a.png"], ["etc/a.png"]),
    "drive": (["C:\\a\\b.png", "c:b.png"], ["C_/a/b.png", "c_b.png"]),
    "share": (["\\\\server\\share\\a.png"], ["server/share/a.png"]),
    "stream": (["a.png:b"], ["a.png_b.png"]),
    "device": (["CON", "nul.jpg", "com1.tar.png", "Lpt\u00b9"], [
        "CON_.png", "nul_.png", "com1_.tar.png", "Lpt\u00b9_.png"]),
    "device as a folder": (["aux/a.png"], ["aux_/a.png"]),
    "end": (["a./b.png", "c ", "d."], ["a_/b.png", "c_.png", "d_.png"]),
    "control": (["a\0b.png", "\x1b[31m.png", "\udc80.png"], ["a_b.png", "_[31m.png", "_.png"]),
    "nothing": (["", "..", "/"], ["view.png", "view_2.png", "view_3.png"]),
    "other endings": (["a.jpg", "a.png"], ["a.jpg.png", "a.png"]),
    "three of one stem": (["a", "a.jpg", "a.png"], ["a_2.png", "a.jpg.png", "a.png"]),
    "case": (["a.png", "A.png"], ["a.png", "A.png.png"]),
    "sharp s": (["STRASSE.png", "Straße.png"], ["STRASSE.png", "Straße.png.png"]),
    "Unicode form": (["\xe9.png", "e\u0301.png"], ["\xe9.png", "e\u0301.png.png"]),
    "a name twice": (["a.png", "a.png", "a_2.png"], ["a.png", "a.png.png", "a_2.png"]),
    "a file as a folder": (["a", "a.png/b.png"], ["a_2.png", "a.png/b.png"]),
}  # fmt: skip


@pytest.mark.parametrize("case", KEPT)
def test_names_that_are_safe_and_distinct_stay(case):
    names, expected = KEPT[case]
    assert file_names(names, ".png") == expected


@pytest.mark.parametrize("case", MENDED)
def test_other_names_stay_recognizable(case):
    names, expected = MENDED[case]
    assert file_names(names, ".png") == expected


def test_long_names_are_cut_and_stay_distinct():
    long = ["x" * 300 + f"{end}.png" for end in "ab"] + ["目" * 200, "d/" * 150 + "q.png"]
    found = file_names(long, ".png")
    assert len(set(found)) == 4 and all(len(name.encode()) <= 210 for name in found)
    assert found[0].startswith("xxx") and found[2].startswith("目") and found[3].startswith("q_")
    short = "x" * 190 + ".png"
    assert file_names([short], ".png") == [short]


PARTS = st.one_of(
    st.text(max_size=6),
    st.sampled_from(
        ["..", ".", "a", "A", "a.png", "con", "é", "e\u0301", "b.", " ", "C:", "a.jpg"]
    ),
)
NAMES = st.lists(
    st.builds(lambda sep, parts: sep.join(parts), st.sampled_from("/\\"), st.lists(PARTS)),
    max_size=12,
)


@given(NAMES)
def test_any_names_become_distinct_and_safe(names):
    found = file_names(names, ".png")
    assert len(found) == len(names)
    keys = [unicodedata.normalize("NFD", name).casefold() for name in found]
    assert len({unicodedata.normalize("NFD", key) for key in keys}) == len(names)
    for name in found:
        path, windows = PurePosixPath(name), PureWindowsPath(name)
        assert name.endswith(".png") and str(path) == name
        assert not path.is_absolute() and not windows.is_absolute() and not windows.drive
        for part in path.parts:
            assert part not in ("", ".", "..") and not part.endswith((".", " "))
            assert not is_device(part) and not re.search(r'[\x00-\x1f<>:"|?*\\]', part)
            part.encode()
    folders = {parent for key in keys for parent in map(str, PurePosixPath(key).parents)}
    assert not folders & set(keys)


def test_many_equal_names_take_no_square_of_time():
    """Each asks for a few paths only, so that this ends."""
    found = file_names(["a.png"] * 20_000, ".png")
    assert len(set(found)) == 20_000 and found[-1] == "a_19999.png"
