"""The table of splat formats is complete, and a new format takes no more than a row."""

import gzip
import inspect
from dataclasses import replace

import numpy as np
import pytest

from ludvig_engine.errors import EngineError, Fix
from ludvig_engine.io import formats
from ludvig_engine.io.formats import FORMATS, Format, by_ending, recognize, writer
from ludvig_engine.io.ply import write_ply
from ludvig_engine.io.splats import read_splats
from packing import zipped

AXES = ("x", "y", "z", "scale_x", "scale_y", "scale_z")
RANGE = [f"{end}_{axis}" for axis in AXES for end in ("min", "max")]
PACKED = ("packed_position", "packed_rotation", "packed_scale", "packed_color")
ROWS = pytest.mark.parametrize("format", FORMATS.values(), ids=lambda format: format.name)


def save_packed(path):
    """300 splats as a compressed PLY, all in one place."""
    lines = ["ply", "format binary_little_endian 1.0", "element chunk 2"]
    lines += [f"property float {name}" for name in RANGE]
    lines += ["element vertex 300", *(f"property uint {name}" for name in PACKED), "end_header\n"]
    path.write_bytes("\n".join(lines).encode() + bytes(4 * (2 * len(RANGE) + 300 * len(PACKED))))


@ROWS
def test_each_row_names_functions_that_exist(format):
    inspect.signature(formats.function(format.read)).bind("a")
    if format.write:
        inspect.signature(formats.function(format.write)).bind("a", None, extras={})
    if format.copy:
        inspect.signature(formats.function(format.copy)).bind("a", "b", None)


@ROWS
def test_each_ending_belongs_to_one_format(format):
    assert format.endings
    for ending in format.endings:
        assert ending == ending.lower() and ending.startswith(".")
        assert by_ending(f"A{ending.upper()}") is format
        assert [f for f in FORMATS.values() if ending in f.endings] == [format]


def test_the_attributes_of_a_ply_are_its_properties(tmp_path, make_gaussians):
    write_ply(tmp_path / "a.ply", make_gaussians(3, 0))
    head = (tmp_path / "a.ply").read_bytes().split(b"end_header")[0].decode()
    properties = {line.split()[-1] for line in head.splitlines() if line.startswith("property")}
    assert set(FORMATS["PLY"].attributes) == properties - {"x", "y", "z", "nx", "ny", "nz"}


@pytest.mark.parametrize("name", ["a.ply", "a.compressed.ply", "a.splat"])
def test_packed_and_plain_plys_are_told_apart_by_what_is_in_them(folder, make_gaussians, name):
    save_packed(folder / name)
    assert recognize(folder / name).name == "compressed PLY"
    assert len(read_splats(folder / name).gaussians) == 300
    write_ply(folder / name, make_gaussians(5), extras={"packed_positions": np.zeros(5)})
    assert recognize(folder / name).name == "PLY"


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (gzip.compress(b"NGSP\0"), ".spz"),
        (b"NGSP\0", ".spz"),
        (zipped({"meta.json": b"{}"}), ".sog"),
        (b"ply\n", "PLY"),
        (b"\xef\xbb\xbfply\n", "PLY"),
        (gzip.compress(b"ply\n"), "PLY"),
        (zipped({"x/a.ply": b"ply\n"}), "PLY"),
    ],
)
def test_a_mark_says_more_than_the_ending(folder, start, name):
    (folder / "a.splat").write_bytes(start)
    assert recognize(folder / "a.splat").name == name


def test_an_unpacked_sog_is_a_folder(folder):
    (folder / "meta.json").write_text("{}")
    assert recognize(folder).name == recognize(folder / "meta.json").name == ".sog"


def test_the_patterns_of_dialogs(folder):
    assert formats.patterns(FORMATS.values()) == [
        *("*.compressed.ply", "*.ply", "*.splat", "*.spz", "*.sog", "meta.json", "*.ksplat")
    ]
    (folder / "meta.json").write_text("{}")
    assert formats.inside(folder) == formats.inside(folder / "meta.json") == folder / "meta.json"
    assert formats.inside(folder.parent) == folder.parent


def test_what_cannot_be_written_is_refused(folder):
    for name in ("a.spz", "a.compressed.ply", "a", "a.txt"):
        with pytest.raises(EngineError, match=r"can't be written") as caught:
            writer(folder / name)
        assert caught.value.fixes == (Fix("Give it the ending .ply."),)
    assert writer(folder / "a.PLY") is write_ply


def test_a_row_is_all_that_a_new_format_takes(folder, make_gaussians, monkeypatch):
    gaussians = make_gaussians(7)
    ply = FORMATS["PLY"]
    made_up = Format("made up", (".madeup",), ply.read, marks=(b"PLY",))
    monkeypatch.setitem(FORMATS, made_up.name, made_up)
    (folder / "a.bin").write_bytes(b"PLY...")
    assert recognize(folder / "a.bin") is made_up
    with pytest.raises(EngineError, match=r"can't be written"):
        writer(folder / "b.madeup")
    monkeypatch.setitem(FORMATS, made_up.name, replace(made_up, write=ply.write, copy=ply.copy))
    writer(folder / "b.madeup")(folder / "b.madeup", gaussians)
    assert len(read_splats(folder / "b.madeup").gaussians) == 7
    (folder / "c").write_bytes(bytes(100))
    with pytest.raises(EngineError, match=r"PLY, \.splat, \.spz, \.sog, \.ksplat and made up can"):
        recognize(folder / "c")
