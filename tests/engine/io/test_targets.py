"""Whether files can be written is known before anything is computed."""

import os
import sys

import pytest

from ludvig_engine.errors import EngineError
from ludvig_engine.io.targets import check_files, check_folder

WINDOWS = sys.platform == "win32"


def refused(*paths, inputs=()):
    with pytest.raises(EngineError) as caught:
        check_files(paths, inputs=inputs)
    assert caught.value.fixes
    return caught.value.kind, caught.value.message


def test_a_good_path_leaves_nothing_behind(folder):
    (folder / "old").write_text("old")
    check_files([folder / "new", folder / "old"], inputs=[folder / "other", folder])
    check_folder(folder)
    check_folder(folder / "a" / "b")
    assert [path.name for path in folder.iterdir()] == ["old"] and (
        folder / "old"
    ).read_text() == "old"


def test_what_is_no_file_is_refused(folder, monkeypatch):
    (folder / "file").write_text("")
    assert refused(folder) == ("bad_input", f"{folder} is a folder, but a file is to be written.")
    kind, said = refused(folder / "no" / "a")
    assert kind == "not_found" and f"{folder / 'no'} does not exist" in said
    assert "is a file, not a folder" in refused(folder / "file" / "a")[1]
    monkeypatch.chdir(folder)
    assert "is empty" in refused(type(folder)(""))[1]
    assert refused(folder / ("x" * 5000))[0] == "no_access"


@pytest.mark.skipif(WINDOWS, reason="Windows has other devices")
def test_a_device_is_refused(folder):
    os.mkfifo(folder / "pipe")
    for path in (folder / "pipe", type(folder)("/dev/null")):
        assert refused(path)[1].endswith("is a device, not a file.")


def test_what_is_write_protected_is_refused(folder):
    (folder / "file").write_text("")
    (folder / "file").chmod(0o444)
    assert refused(folder / "file") == ("no_access", f"{folder / 'file'} is write-protected.")


@pytest.mark.skipif(WINDOWS, reason="folders of Windows have no such permission")
def test_a_folder_that_is_write_protected_is_refused(folder):
    place = folder / "place"
    place.mkdir(mode=0o555)
    kind, said = refused(place / "a")
    assert kind == "no_access" and f"Nothing can be written to the folder {place}" in said
    with pytest.raises(EngineError, match="Nothing can be written"):
        check_folder(place / "new")
    assert not list(place.iterdir())


def test_nothing_is_written_over_an_input_or_twice(folder, monkeypatch):
    (folder / "a").write_text("")
    (folder / "link").hardlink_to(folder / "a")
    monkeypatch.chdir(folder)
    here = type(folder)("a")
    for path in (here, folder / "link", folder / ".." / folder.name / "a"):
        assert "is read as input" in refused(path, inputs=[folder / "a"])[1]
        assert "written twice" in refused(folder / "a", path)[1]
    assert "written twice" in refused(folder / "new", folder / ".." / folder.name / "new")[1]


def test_a_file_where_a_folder_is_meant_is_refused(folder):
    (folder / "a").write_text("")
    for path in (folder / "a", folder / "a" / "b" / "c"):
        with pytest.raises(EngineError, match="is a file, not a folder"):
            check_folder(path)
