"""The oracle is plyfile, an independent reader and writer of PLYs."""

import inspect
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plyfile import PlyData, PlyElement

from ludvig_engine.errors import EngineError
from ludvig_engine.io.ply import copy_ply, read_ply, write_ply
from ludvig_engine.io.ply_rows import read_rows

LAYOUT = [*"xyz", "nx", "ny", "nz", *(f"f_dc_{i}" for i in range(3))]
TAIL = ["opacity", *(f"scale_{i}" for i in range(3)), *(f"rot_{i}" for i in range(4))]


def names(degree):
    return [*LAYOUT, *(f"f_rest_{i}" for i in range(3 * ((degree + 1) ** 2 - 1))), *TAIL]


def table(n, names, types=None, seed=0):
    """A structured array as a trainer would save it."""
    random = np.random.default_rng(seed)
    rows = np.empty(n, [(name, (types or {}).get(name, "f4")) for name in names])
    for name in names:
        rows[name] = (
            random.normal(size=n) * 4 if rows.dtype[name].kind == "f" else random.integers(0, 10, n)
        )
    return rows


def save(path, rows, *, before=(), after=(), **options):
    PlyData([*before, PlyElement.describe(rows, "vertex"), *after], **options).write(str(path))
    return path


def expected(rows):
    """What the columns mean, by the format's definition, one by one."""
    column = {name: rows[name].astype(np.float64) for name in rows.dtype.names}
    rest = sum(name.startswith("f_rest_") for name in column) // 3
    quats = np.stack([column[f"rot_{i}"] for i in range(4)], 1)
    return {
        "means": np.stack([column[i] for i in "xyz"], 1),
        "quats": quats / np.linalg.norm(quats, axis=1, keepdims=True),
        "scales": np.exp(np.stack([column[f"scale_{i}"] for i in range(3)], 1)),
        "opacities": 1 / (1 + np.exp(-column["opacity"])),
        "sh0": np.stack([column[f"f_dc_{c}"] for c in range(3)], 1)[:, None],
        "shN": np.array([[column[f"f_rest_{c * rest + k}"] for c in range(3)] for k in range(rest)])
        .reshape(rest, 3, len(rows))
        .transpose(2, 0, 1),
    }


def check(path, rows, rtol=3e-6):
    splats = read_ply(path)
    for name, values in expected(rows).items():
        np.testing.assert_allclose(getattr(splats.gaussians, name), values, rtol=rtol, err_msg=name)
    assert splats.valid.all()
    return splats


@pytest.mark.parametrize("degree", range(5))
@pytest.mark.parametrize("n", [1, 100, 5000])  # 5000 is more than a block
def test_degrees(folder, degree, n):
    rows = table(n, names(degree))
    splats = check(save(folder / "a.ply", rows), rows)
    assert splats.gaussians.sh_degree == degree
    assert list(splats.extras) == ["nx", "ny", "nz"]
    np.testing.assert_array_equal(splats.extras["ny"], rows["ny"])


@given(
    order=st.permutations(names(1)),
    types=st.lists(st.sampled_from(["f4", "f8"]), min_size=26, max_size=26),
    whole=st.sampled_from(["f4", "i2", "u1"]),
    endian=st.sampled_from("<>="),
    text=st.booleans(),
    others=st.booleans(),
)
@settings(max_examples=60)
def test_any_order_type_and_encoding(tmp_path_factory, order, types, whole, endian, text, others):
    path = tmp_path_factory.mktemp("ply") / "a.ply"
    kinds = dict(zip(order, types, strict=True)) | {"x": whole, "ny": whole, "ludvig_pot": "i4"}
    rows = table(30, [*order, "ludvig_pot"], kinds)
    rows["rot_0"] += 1  # no zero quaternion
    camera = PlyElement.describe(np.array([(1, 2.5)], [("id", "u1"), ("focal", "f8")]), "camera")
    faces = np.array([([0, 1, 2], 7), ([3, 4], 8)], [("vertex_indices", "O"), ("flag", "i2")])
    lists = {"val_types": {"vertex_indices": "i4"}, "len_types": {"vertex_indices": "u1"}}
    face, strip = (PlyElement.describe(faces, name, **lists) for name in ("face", "strip"))
    around = {"before": [camera, face], "after": [strip]} if others else {}
    save(path, rows, text=text, byte_order=endian, comments=["made by a test"], **around)
    splats = check(path, rows)
    np.testing.assert_array_equal(splats.extras["ludvig_pot"], rows["ludvig_pot"])
    assert splats.extras["ludvig_pot"].dtype == np.int32
    assert set(splats.extras) == {"nx", "ny", "nz", "ludvig_pot"}


def test_written_files_read_the_same(folder, make_gaussians, same):
    for degree in range(5):
        gaussians = make_gaussians(5000, degree)
        label = np.linspace(0, 1, 5000, dtype=np.float32)
        write_ply(folder / "a.ply", gaussians, extras={"ludvig_pot": label})
        splats = read_ply(folder / "a.ply")
        same(splats.gaussians, gaussians, atol=1e-7)
        np.testing.assert_array_equal(splats.extras["ludvig_pot"], label)


def test_written_layout_is_the_usual_one(tmp_path, make_gaussians):
    gaussians = make_gaussians(10)
    write_ply(tmp_path / "a.ply", gaussians, extras={"ludvig_pot": np.ones(10)})
    vertex = PlyData.read(str(tmp_path / "a.ply"))["vertex"]
    assert list(vertex.data.dtype.names) == [*names(3), "ludvig_pot"]
    assert {str(p.val_dtype) for p in vertex.properties} == {"f4"}
    assert not vertex["nx"].any() and (vertex["ludvig_pot"] == 1).all()
    np.testing.assert_array_equal(vertex["f_rest_17"], gaussians.shN[:, 2, 1])
    np.testing.assert_allclose(vertex["scale_1"], np.log(gaussians.scales[:, 1]), rtol=1e-6)
    np.testing.assert_array_equal(vertex["rot_3"], gaussians.quats[:, 3])


@pytest.mark.parametrize("encoding", [{"byte_order": "<"}, {"byte_order": ">"}, {"text": True}])
def test_copies_are_bit_exact(folder, encoding):
    rows = table(
        4200, [*names(2), "confidence", "class"], {"confidence": "f8", "class": "u1", "y": "f8"}
    )
    rows["x"][:3] = np.nan, np.inf, -0.0
    save(folder / "a.ply", rows, comments=["kept"], **encoding)
    keep = np.random.default_rng(1).random(4200) < 0.3
    label, confidence = np.random.default_rng(2).random((2, 4200)).astype(np.float32)
    copy_ply(
        folder / "a.ply",
        folder / "b.ply",
        keep,
        extras={"ludvig_pot": label, "confidence": confidence},
    )
    copy = PlyData.read(str(folder / "b.ply"))
    assert (
        copy.comments == ["kept"]
        and not copy.text
        and copy.byte_order == encoding.get("byte_order", "<")
    )
    assert copy["vertex"].data.dtype.names == (*rows.dtype.names, "ludvig_pot")
    source = PlyData.read(str(folder / "a.ply"))["vertex"].data
    for name in rows.dtype.names:
        if name != "confidence":
            assert copy["vertex"][name].tobytes() == source[name][keep].tobytes(), name
    np.testing.assert_array_equal(copy["vertex"]["ludvig_pot"], label[keep])
    np.testing.assert_array_equal(copy["vertex"]["confidence"], confidence[keep])
    assert copy["vertex"]["confidence"].dtype.itemsize == 4


def test_copying_everything_changes_no_byte(tmp_path, make_gaussians):
    write_ply(tmp_path / "a.ply", make_gaussians(5000))
    before = (tmp_path / "a.ply").read_bytes()
    copy_ply(tmp_path / "a.ply", tmp_path / "a.ply", np.ones(5000, bool))
    assert (tmp_path / "a.ply").read_bytes() == before


def test_line_ends_of_windows(tmp_path, make_gaussians, same):
    write_ply(tmp_path / "a.ply", make_gaussians(5))
    header, _, body = (tmp_path / "a.ply").read_bytes().partition(b"end_header\n")
    (tmp_path / "b.ply").write_bytes(header.replace(b"\n", b"\r\n") + b"end_header\r\n" + body)
    same(read_ply(tmp_path / "b.ply").gaussians, read_ply(tmp_path / "a.ply").gaussians)


def test_bad_rows_are_marked_and_kept_in_place(tmp_path):
    rows = table(100, names(3))
    rows["f_rest_44"][3] = np.nan
    rows["z"][50] = np.inf
    for i in range(4):
        rows[f"rot_{i}"][99] = 0
    rows["nx"][7] = np.nan  # not needed
    splats = read_ply(save(tmp_path / "a.ply", rows))
    np.testing.assert_array_equal(np.flatnonzero(~splats.valid), [3, 50, 99])
    np.testing.assert_array_equal(splats.gaussians.means[:, 0], rows["x"])


@pytest.mark.parametrize("text", [False, True])
def test_files_cut_short_say_where(tmp_path, text):
    rows = table(200, names(0))
    whole = save(tmp_path / "a.ply", rows, text=text).read_bytes()
    body = whole.index(b"end_header\n") + 11
    for length in [*range(0, body, 7), *range(body, len(whole) - 10, 997)]:
        (tmp_path / "b.ply").write_bytes(whole[:length])
        with pytest.raises(EngineError) as caught:
            read_ply(tmp_path / "b.ply")
        assert (
            caught.value.kind == "bad_file"
            and caught.value.fixes
            and "b.ply" in caught.value.message
        )
        if length >= body and not text:
            assert f"{(length - body) // (17 * 4)} of 200 vertex rows" in caught.value.message


def test_files_cut_short_while_they_are_read(tmp_path, monkeypatch):
    """Every row is read or the file is refused: unread memory may hold anything, such as NaN."""
    path = save(tmp_path / "a.ply", table(5000, names(0)))

    def cut(file, header):
        blocks = read_rows(file, header)  # which has looked at the size
        os.truncate(path, path.stat().st_size - 10)
        return blocks

    monkeypatch.setattr("ludvig_engine.io.ply.read_rows", cut)
    with pytest.raises(EngineError, match="4,999 of 5,000 vertex rows are there"):
        read_ply(path)


def test_a_header_that_promises_more_than_memory(tmp_path):
    rows = table(5, names(0))
    for text in (False, True):
        whole = save(tmp_path / "a.ply", rows, text=text).read_bytes()
        (tmp_path / "a.ply").write_bytes(whole.replace(b"vertex 5", b"vertex 999999999999"))
        with pytest.raises(EngineError, match=r"cut short: \d+ of 999,999,999,999 vertex rows"):
            read_ply(tmp_path / "a.ply")


@pytest.mark.parametrize("name", [*"xyz", "f_dc_1", "f_rest_5", "scale_1", *TAIL[4:]])
def test_missing_properties_are_named(tmp_path, name):
    left = [n for n in names(1) if n != name]
    if name == "f_rest_5":  # nine of them, but not the right ones
        left.append("f_rest_9")
    with pytest.raises(EngineError, match=rf"no property {name}\b") as caught:
        read_ply(save(tmp_path / "a.ply", table(5, left)))
    assert caught.value.kind == "bad_file"


def test_meshes_are_recognized(tmp_path):
    faces = PlyElement.describe(
        np.array([([0, 1, 2],)], [("vertex_indices", "O")]),
        "face",
        val_types={"vertex_indices": "i4"},
        len_types={"vertex_indices": "u1"},
    )
    colors = dict.fromkeys(("red", "green", "blue"), "u1")
    save(tmp_path / "a.ply", table(5, [*"xyz", *colors], colors), after=[faces])
    with pytest.raises(EngineError, match="looks like a mesh of 5 points, which holds no splats"):
        read_ply(tmp_path / "a.ply")
    save(tmp_path / "a.ply", table(7, [*"xyz", "nx", "ny", "nz", *colors], colors))
    with pytest.raises(EngineError, match="looks like a point cloud of 7 points"):
        read_ply(tmp_path / "a.ply")


def test_other_files_are_refused(tmp_path):
    def refused(match, content=None):
        if content is not None:
            (tmp_path / "a.ply").write_bytes(content)
        with pytest.raises(EngineError, match=match) as caught:
            read_ply(tmp_path / "a.ply")
        assert caught.value.kind == "bad_file"

    refused("not a PLY", b"")
    refused("not a PLY", b"\x89PNG\r\n\x1a\n" + bytes(100))
    refused("ends before the header does", b"ply\nformat ascii 1.0\n")
    refused('"format zip 1.0" is not understood', b"ply\nformat zip 1.0\n")
    refused("is not understood", b"ply\nproperty float x\n")
    refused("is not understood", b"ply\nformat ascii 1.0\nelement vertex -5\n")
    refused(
        "is not understood",
        b"ply\nformat ascii 1.0\nelement vertex 5\nproperty float x\nproperty float x\n",
    )
    refused("is not understood", b"ply\n" + bytes(range(128, 256)) * 200)
    refused("names no format", b"ply\nend_header\n")
    refused("no vertex element", b"ply\nformat ascii 1.0\nend_header\n")
    twice = b"ply\nformat ascii 1.0\n" + 2 * b"element vertex 0\n"
    refused("2 vertex elements", twice + b"end_header\n")
    refused("no properties", b"ply\nformat ascii 1.0\nelement vertex 3\nend_header\n")
    refused("longer than", b"ply\nformat ascii 1.0\n" + b"comment more\n" * 100_000)
    packed = (
        b"ply\nformat binary_little_endian 1.0\n"
        b"element vertex 1\nproperty uint packed_position\nend_header\n"
    )
    refused("compressed PLY", packed + bytes(4))
    save(tmp_path / "a.ply", table(0, names(0)))
    refused("no splats")
    save(tmp_path / "a.ply", table(5, [*names(0), "f_rest_0"]))
    refused("1 f_rest properties")
    rows = np.zeros(1, [*table(1, names(0)).dtype.descr, ("bones", "O")])
    rows["bones"][0] = np.array([1, 2])
    PlyData([PlyElement.describe(rows, "vertex", val_types={"bones": "i4"})]).write(
        str(tmp_path / "a.ply")
    )
    refused("bones is a list")
    text = save(tmp_path / "a.ply", table(5, names(0)), text=True).read_bytes()
    refused("damaged", text[:-5] + b"nope\n")


def test_bad_requests_are_explained(tmp_path, make_gaussians):
    path = tmp_path / "a.ply"
    write_ply(path, make_gaussians(10))
    before = path.read_bytes()
    for arguments, match in [
        ((np.ones(9, bool), {}), "selection has 9 values.*10 splats"),
        ((np.ones(10, bool), {"ludvig_pot": np.ones(9)}), "ludvig_pot has 9 values"),
        ((np.ones(10, bool), {"flower pot": np.ones(10)}), 'cannot be called "flower pot"'),
        ((np.zeros(10, bool), {}), "no splats to write"),
    ]:
        with pytest.raises(EngineError, match=match) as caught:
            # Unwrapped, the function has no check of shapes.
            inspect.unwrap(copy_ply)(path, path, arguments[0], extras=arguments[1])
        assert caught.value.kind == "bad_input"
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_real_scene(data):
    path = data / "banana/gs/point_cloud.ply"
    splats = check(path, PlyData.read(str(path))["vertex"].data)
    assert len(splats.gaussians) == 79_988 and splats.gaussians.sh_degree == 3


def test_needs_nothing_but_numpy():
    code = """
import sys
sys.modules["jaxtyping"] = None  # Blender has no such package
import ludvig_engine.io.ply
loaded = {name.partition(".")[0] for name, module in sys.modules.items() if module}
loaded = {name for name in loaded if "cython" not in name}  # NumPy's
known = {"numpy", "ludvig_engine", "__main__", "__mp_main__"}
print(*loaded - set(sys.stdlib_module_names) - known, end="")
"""
    root = Path(__file__).parents[3]
    run = subprocess.run(
        [sys.executable, "-S", "-c", code],
        cwd=root,
        env={"PYTHONPATH": str(Path(np.__file__).parents[1])},
        capture_output=True,
        text=True,
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
