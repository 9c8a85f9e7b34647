"""Files come in, and go out again bit for bit; what was edited or moved goes out as it is seen."""

from pathlib import Path

import bpy
import numpy as np
import pytest

import clouds
from clouds import columns, gaussians, splat_object, write_ply
from extension import DATA, blender_module

splats = blender_module("ludvig_blender.data.splats")
attributes = blender_module("ludvig_blender.data.attributes")
transform = blender_module("ludvig_blender.maths.transform")
read_ply = blender_module("ludvig_engine.io.ply").read_ply
formats = blender_module("ludvig_engine.io.formats")


def load(path, **options):
    bpy.ops.ludvig.import_splats(filepath=str(path), **options)
    return bpy.context.object


def saved(path, **options):
    bpy.ops.ludvig.export_splats(filepath=str(path), **options)
    return path


@pytest.mark.parametrize("degree", range(5))
def test_untouched_splats_come_out_bit_for_bit(tmp_path, degree):
    source = write_ply(
        tmp_path / "in.ply", gaussians(degree=degree), extras={"label": np.arange(50)}
    )
    load(source)
    assert saved(tmp_path / "out.ply").read_bytes() == source.read_bytes()


def test_bit_for_bit_from_a_saved_blend_without_the_source(tmp_path):
    source = write_ply(tmp_path / "in.ply")
    load(source)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    before = source.read_bytes()
    source.unlink()
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    assert saved(tmp_path / "out.ply").read_bytes() == before


@pytest.mark.skipif(not DATA, reason="LUDVIG_DATA is not set")
def test_a_trained_scene_comes_out_bit_for_bit(tmp_path):
    source = Path(DATA, "banana/gs/point_cloud.ply")
    thing = load(source)
    assert len(thing.data.points) == 79_988
    assert saved(tmp_path / "out.ply").read_bytes() == source.read_bytes()


def test_imported_upright(tmp_path):
    """COLMAP looks along +z with y down: its +z becomes Blender's +y, its -y Blender's +z."""
    thing = load(write_ply(tmp_path / "in.ply"))
    to_world = np.array(thing.matrix_world)
    np.testing.assert_allclose(to_world[:3, :3] @ [0, 0, 1], [0, 1, 0], atol=1e-6)
    np.testing.assert_allclose(to_world[:3, :3] @ [0, -1, 0], [0, 0, 1], atol=1e-6)
    np.testing.assert_array_equal(splats.read(thing.data).means, gaussians().means)


def test_several_files_at_once(tmp_path):
    for name in ("a.ply", "b.ply"):
        write_ply(tmp_path / name)
    bpy.ops.ludvig.import_splats(
        directory=str(tmp_path), files=[{"name": "a.ply"}, {"name": "b.ply"}]
    )
    assert {thing.name for thing in bpy.data.objects} == {"a", "b"}
    assert [thing.name for thing in bpy.context.selected_objects] == ["b"]


MESH = (
    b"ply\nformat ascii 1.0\n"
    b"element vertex 1\nproperty float x\nproperty float y\nproperty float z\n"
    b"element face 1\nproperty list uchar int vertex_indices\nend_header\n0 0 0\n3 0 0 0\n"
)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (MESH, "mesh"),
        (b"hello", "PLY"),
        (b"", "PLY"),
    ],
)  # fmt: skip
def test_bad_files_are_explained(tmp_path, content, message, capfd):
    path = tmp_path / "bad.ply"
    path.write_bytes(content)
    with pytest.raises(RuntimeError, match=message):
        load(path)
    assert message in bpy.context.window_manager.ludvig.text
    assert not bpy.data.objects
    assert not bpy.data.pointclouds
    assert "Traceback" not in "".join(capfd.readouterr())


def test_truncated_and_missing_files_are_explained(tmp_path):
    path = write_ply(tmp_path / "in.ply")
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(RuntimeError, match=r"in\.ply"):
        load(path)
    with pytest.raises(RuntimeError, match="no file"):
        load(tmp_path / "gone.ply")
    (tmp_path / "some.obj").write_bytes(b"v 0 0 0")
    with pytest.raises(RuntimeError, match=r"some\.obj is not a splat file"):
        load(tmp_path / "some.obj")
    load(write_ply(tmp_path / "good.ply"))
    assert bpy.context.window_manager.ludvig.text == ""


def test_file_dialogs_offer_the_formats_of_the_table():
    readable, written = formats.FORMATS.values(), formats.written()
    properties = bpy.ops.ludvig.import_splats.get_rna_type().properties
    assert properties["filter_glob"].default == ";".join(
        (*formats.patterns(readable), *formats.PACKED)
    )
    properties = bpy.ops.ludvig.export_splats.get_rna_type().properties
    assert properties["filter_glob"].default == ";".join(f"*{e}" for e in formats.endings(written))
    handlers = bpy.types.LUDVIG_FH_splats, bpy.types.LUDVIG_FH_unpacked
    dropped = [ending for h in handlers for ending in h.bl_file_extensions.split(";")]
    assert sorted(dropped) == sorted(formats.endings(readable))


def test_a_row_is_all_that_a_new_format_takes(tmp_path, monkeypatch):
    ply = formats.FORMATS["PLY"]
    row = formats.Format("made up", (".madeup",), ply.read, ply.write, numpy_only=True)
    monkeypatch.setitem(formats.FORMATS, row.name, row)
    thing = load(write_ply(tmp_path / "in.madeup"))
    assert len(thing.data.points) == len(gaussians())
    assert len(read_ply(saved(tmp_path / "out.madeup")).gaussians) == len(gaussians())


def test_what_cannot_be_written_is_refused(tmp_path):
    load(write_ply(tmp_path / "in.ply"))
    with pytest.raises(RuntimeError, match=r"out\.spz can't be written"):
        saved(tmp_path / "out.spz")
    assert not (tmp_path / "out.spz").exists()


def test_one_bad_file_does_not_stop_the_others(tmp_path):
    write_ply(tmp_path / "a.ply")
    (tmp_path / "b.ply").write_bytes(b"nothing")
    bpy.ops.ludvig.import_splats(
        directory=str(tmp_path), files=[{"name": "b.ply"}, {"name": "a.ply"}]
    )
    assert [thing.name for thing in bpy.data.objects] == ["a"]
    assert "b.ply" in bpy.context.window_manager.ludvig.text


def test_unusable_rows_are_left_out_and_the_rest_remembers_its_rows(tmp_path):
    made = gaussians()
    made.means[[3, 7]] = np.nan
    thing = load(write_ply(tmp_path / "in.ply", made))
    assert len(thing.data.points) == 48
    np.testing.assert_array_equal(clouds.rows(thing.data), np.delete(np.arange(50), [3, 7]))


def test_only_selected(tmp_path):
    source = write_ply(tmp_path / "in.ply")
    thing = load(source)
    chosen = np.arange(50) % 4 == 1
    splats.set_selection(thing.data, chosen)
    before, after = columns(source), columns(saved(tmp_path / "out.ply", only_selected=True))
    assert list(before) == list(after)
    for name, values in before.items():
        np.testing.assert_array_equal(after[name], values[chosen], err_msg=name)


def test_nothing_selected_is_explained(tmp_path):
    load(write_ply(tmp_path / "in.ply"))
    with pytest.raises(RuntimeError, match="No splat is selected"):
        saved(tmp_path / "out.ply", only_selected=True)
    assert not (tmp_path / "out.ply").exists()


def test_scores_are_exported_and_come_back(tmp_path):
    thing = load(write_ply(tmp_path / "in.ply"))
    attributes.put(thing.data, "ludvig_flower pot", "FLOAT", np.linspace(0, 1, 50))
    again = load(saved(tmp_path / "out.ply"))
    np.testing.assert_allclose(
        attributes.get(again.data, "ludvig_flower_pot"), np.linspace(0, 1, 50), rtol=1e-6
    )


def test_only_edited_splats_change(tmp_path):
    source = write_ply(tmp_path / "in.ply")
    thing = load(source)
    made = splats.read(thing.data)
    made.scales[:5] *= 2
    made.opacities[5:10] = 0.25
    splats.write(thing.data, made)
    before, after = columns(source), columns(saved(tmp_path / "out.ply"))
    np.testing.assert_allclose(after["scale_1"][:5] - before["scale_1"][:5], np.log(2), atol=1e-5)
    np.testing.assert_allclose(after["opacity"][5:10], np.log(0.25 / 0.75), atol=1e-5)
    for name in ("scale_1", "opacity", "rot_2"):
        np.testing.assert_array_equal(after[name][10:], before[name][10:])


def test_moved_objects_are_exported_where_they_are(tmp_path):
    thing = load(write_ply(tmp_path / "in.ply"))
    made = splats.read(thing.data)
    thing.location = (1, 2, 3)  # Blender's; in COLMAP's axes x, -z, y
    thing.scale = (2, 2, 2)
    bpy.context.view_layer.update()
    out = read_ply(saved(tmp_path / "out.ply")).gaussians
    np.testing.assert_allclose(out.means, made.means * 2 + [1, -3, 2], atol=1e-5)
    np.testing.assert_allclose(out.scales, made.scales * 2, rtol=1e-5)
    np.testing.assert_allclose(out.shN, made.shN, atol=1e-6)
    saved(tmp_path / "own.ply", apply_transform=False)
    assert (tmp_path / "own.ply").read_bytes() == (tmp_path / "in.ply").read_bytes()


def test_turned_objects_are_exported_turned(tmp_path):
    thing = load(write_ply(tmp_path / "in.ply"))
    made = splats.read(thing.data)
    thing.rotation_euler.rotate_axis("Z", 0.7)
    bpy.context.view_layer.update()
    axes = np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1.0]])
    expected = transform.apply(made, np.linalg.inv(axes) @ np.array(thing.matrix_world))
    out = read_ply(saved(tmp_path / "out.ply")).gaussians
    for field in ("means", "scales", "opacities", "sh0", "shN"):
        np.testing.assert_allclose(
            getattr(out, field), getattr(expected, field), atol=2e-5, err_msg=field
        )
    assert not np.allclose(out.shN, made.shN, atol=1e-2)
    np.testing.assert_allclose(
        np.abs(np.einsum("nq,nq->n", out.quats, expected.quats)), 1, atol=1e-5
    )


def test_objects_are_merged(tmp_path):
    """Files of different degrees, one without the file's own numbers, one with scores."""
    load(write_ply(tmp_path / "a.ply", gaussians(10, degree=1)))
    made = gaussians(20, degree=3, seed=1)
    other = splat_object(made, extras={"ludvig_pot": np.ones(20)})
    other.matrix_world = bpy.data.objects["a"].matrix_world
    bpy.context.view_layer.update()
    for thing in bpy.data.objects:
        thing.select_set(True)
    out = read_ply(saved(tmp_path / "out.ply"))
    assert len(out.gaussians) == 30
    assert out.gaussians.sh_degree == 3
    assert sorted(out.extras["ludvig_pot"]) == [0] * 10 + [1] * 20
    first = out.extras["ludvig_pot"] == 1
    np.testing.assert_allclose(out.gaussians.opacities[first], made.opacities, rtol=1e-5)
    np.testing.assert_array_equal(out.gaussians.shN[~first][:, 3:], 0)


def test_a_collection_exports_its_splats(tmp_path):
    """Blender's exporter of a collection exports it whatever is selected."""
    inside, outside = load(write_ply(tmp_path / "a.ply")), splat_object(gaussians(7))
    mine = bpy.data.collections.new("mine")
    mine.objects.link(inside)
    assert bpy.context.object == outside
    assert (
        saved(tmp_path / "out.ply", collection="mine").read_bytes()
        == (tmp_path / "a.ply").read_bytes()
    )


def test_the_source_is_remembered(tmp_path):
    path = write_ply(tmp_path / "in.ply")
    assert Path(load(path).ludvig.source) == path
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    assert load(path).ludvig.source == "//in.ply"


def test_a_flattened_object_is_refused(tmp_path):
    thing = load(write_ply(tmp_path / "in.ply"))
    thing.scale = (1, 0, 1)
    bpy.context.view_layer.update()
    with pytest.raises(RuntimeError, match="flattens"):
        saved(tmp_path / "out.ply")


def test_export_is_off_without_splats():
    assert not bpy.ops.ludvig.export_splats.poll()


def import_as_mesh(source):
    """As Blender's importer did before 5.3, and as other add-ons do."""
    if bpy.app.version < (5, 3):
        bpy.ops.wm.ply_import(filepath=str(source))
        assert bpy.context.object.type == "MESH"
        return
    values = columns(source)
    mesh = bpy.data.meshes.new("in")
    mesh.vertices.add(len(values["x"]))
    mesh.vertices.foreach_set("co", np.stack([values.pop(axis) for axis in "xyz"], 1).ravel())
    for name, column in values.items():
        mesh.attributes.new(name, "FLOAT", "POINT").data.foreach_set("value", column)
    thing = bpy.data.objects.new("in", mesh)
    bpy.context.collection.objects.link(thing)
    bpy.context.view_layer.objects.active = thing
    thing.select_set(True)


@pytest.mark.parametrize("as_points", [False, True])
def test_splats_of_other_importers_are_adopted(tmp_path, as_points):
    source = write_ply(tmp_path / "in.ply", extras={"label": np.arange(50)})
    import_as_mesh(source)
    if as_points:
        bpy.ops.object.convert(target="POINTCLOUD")
    bpy.context.object.location = (1, 2, 3)
    bpy.ops.ludvig.adopt()
    thing = bpy.context.object
    assert splats.is_splats(thing)
    assert [o.name for o in bpy.data.objects] == ["in"]
    assert tuple(thing.location) == (1, 2, 3)
    whole = read_ply(source).gaussians
    for field in ("means", "quats", "scales", "opacities", "sh0", "shN"):
        np.testing.assert_array_equal(
            getattr(splats.read(thing.data), field), getattr(whole, field), err_msg=field
        )
    out = columns(saved(tmp_path / "out.ply", apply_transform=False))
    for name, values in columns(source).items():
        np.testing.assert_array_equal(out[name], values, err_msg=name)


def test_adopting_needs_splats():
    bpy.ops.mesh.primitive_cube_add()
    assert not bpy.ops.ludvig.adopt.poll()
