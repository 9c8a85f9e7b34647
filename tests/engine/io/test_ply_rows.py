"""Blank lines, and rows of elements that try to keep a reader busy for ever."""

import numpy as np
import pytest

from ludvig_engine.errors import EngineError
from ludvig_engine.io.ply import read_ply, write_ply

NAMES = [
    *("x", "y", "z", "f_dc_0", "f_dc_1", "f_dc_2", "opacity", "scale_0", "scale_1", "scale_2"),
    *("rot_0", "rot_1", "rot_2", "rot_3"),
]


def text(rows, before=""):
    head = ["ply", "format ascii 1.0", *([before] if before else []), f"element vertex {rows}"]
    return "\n".join([*head, *(f"property float {name}" for name in NAMES), "end_header\n"])


def line(number):
    return " ".join(str(number + i) for i in range(len(NAMES)))


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
@pytest.mark.parametrize(
    "lines",
    [
        ["", *map(line, range(5))],
        [*map(line, range(5)), "", ""],
        [part for n in range(5) for part in (line(n), " \t", "")],
        [line(n) + 5000 * " " for n in range(5)],
    ],
)
def test_blank_lines_line_ends_and_marks_of_utf_8(tmp_path, lines, end, start):
    for whole in (text(5) + "\n".join(lines), text(5, before="\ncomment x\n") + "\n".join(lines)):
        (tmp_path / "a.ply").write_bytes((start + whole).replace("\n", end).encode())
        splats = read_ply(tmp_path / "a.ply")
        np.testing.assert_array_equal(splats.gaussians.means[:, 1], np.arange(5) + 1)


def test_blank_lines_do_not_count_as_rows(tmp_path):
    for lines in ([*map(line, range(4)), "", "", ""], [line(0), "", "1 2 3", *map(line, range(3))]):
        (tmp_path / "a.ply").write_text(text(5) + "\n".join(lines))
        with pytest.raises(EngineError, match=r"cut short: 4 of 5|is damaged"):
            read_ply(tmp_path / "a.ply")
    faces = "element face 2\nproperty list uchar int vertex_indices"
    (tmp_path / "a.ply").write_text(
        text(2, faces) + "\n3 0 1 2\n\n3 1 2 3\n\n" + "\n".join([line(7), line(8)])
    )
    np.testing.assert_array_equal(read_ply(tmp_path / "a.ply").gaussians.means[:, 0], [7, 8])


def test_an_endless_line_is_not_taken_as_a_whole(tmp_path):
    (tmp_path / "a.ply").write_text(text(3) + "1 " * 100_000)
    with pytest.raises(EngineError, match=r"damaged|cut short"):
        read_ply(tmp_path / "a.ply")


@pytest.mark.parametrize("length", ["char", "short", "int"])
@pytest.mark.parametrize("count", [1, 3, 10**12, 10**30])
def test_lists_of_negative_length(tmp_path, make_gaussians, length, count):
    """Such a list would lead back to itself."""
    write_ply(tmp_path / "a.ply", make_gaussians(60))
    head, _, body = (tmp_path / "a.ply").read_bytes().partition(b"element vertex")
    foo = f"element foo {count}\nproperty list {length} uchar a\n".encode()
    whole = (
        head
        + foo
        + b"element vertex"
        + body.replace(b"end_header\n", b"end_header\n\xff\xff\xff\xff")
    )
    (tmp_path / "a.ply").write_bytes(whole)
    with pytest.raises(EngineError, match=r"a list a of -1 items|cut short") as caught:
        read_ply(tmp_path / "a.ply")
    assert caught.value.kind == "bad_file"


@pytest.mark.parametrize("count", [10**9, 10**18, 10**30])
@pytest.mark.parametrize("format_", ["ascii", "binary_little_endian"])
@pytest.mark.parametrize("kind", ["float", "list uchar int"])
def test_counts_beyond_the_file_cost_nothing(tmp_path, count, format_, kind):
    (tmp_path / "a.ply").write_text(
        text(1, f"element foo {count}\nproperty {kind} a").replace("ascii", format_) + line(0)
    )
    with pytest.raises(EngineError, match="cut short"):
        read_ply(tmp_path / "a.ply")


def test_lists_whose_length_is_no_integer(tmp_path):
    (tmp_path / "a.ply").write_text(text(1, "element foo 1\nproperty list float int a") + line(0))
    with pytest.raises(EngineError, match="not understood"):
        read_ply(tmp_path / "a.ply")
