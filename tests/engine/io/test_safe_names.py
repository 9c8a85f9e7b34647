"""Which names of files may be written as they are."""

from __future__ import annotations

import pytest

from ludvig_engine.io.safe_names import clash, is_safe


@pytest.mark.parametrize(
    "name",
    [
        *("model.safetensors", "model-00001-of-00002.safetensors", "LICENSE", ".hidden", "a b.txt"),
        *("größe.json", "写真.txt", "connection.json", "com.json", "com10.json", "nulls.txt"),
        "a" * 255,
    ],
)
def test_names_that_are_taken(name, tmp_path):
    assert is_safe(name)
    (tmp_path / name).write_text("x")
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            ".",
            "..",
            "...",
            "a/b",
            "../a",
            "/etc/passwd",
            "a\\b",
            "..\\a",
            "\\\\host\\share\\a",
        ),
        *("C:a.json", "C:\\a.json", "a.json:stream", "a.json::$DATA"),
        *("NUL", "nul.json", "Con.txt", "aux.tar.gz", "COM1", "com¹.json", "LPT9.txt", "CONIN$"),
        *("NUL .json", "a.json.", "a.json ", " a.json", "a. ."),
        *("a\0.json", "a\n.json", "a\x1b[2J.json", "a\x7f", "a\u202egnp.json", "a\ud800"),
        *("a?.json", "a*.json", 'a".json', "<a>", "a|b", "a" * 256, "ä" * 128),
    ],
)
def test_names_that_are_refused(name):
    assert not is_safe(name)


@pytest.mark.parametrize(
    "names, found",
    [
        ([], None),
        (["a.json", "b.json", "a.txt"], None),
        (["a.json", "b.json", "A.JSON"], ("a.json", "A.JSON")),
        (["caf\u00e9.json", "cafe\u0301.json"], ("caf\u00e9.json", "cafe\u0301.json")),
        (["\u00c4.json", "a\u0308.json"], ("\u00c4.json", "a\u0308.json")),
        (["ß.json", "SS.json"], ("ß.json", "SS.json")),
    ],
)
def test_names_that_are_one_file_on_some_systems(names, found):
    assert clash(names) == found
