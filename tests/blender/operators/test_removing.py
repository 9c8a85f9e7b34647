"""Clean Removal: what stays keeps what it has, and what is new has all that a splat needs."""

import bpy
import numpy as np
import pytest

import clouds
from acts import choose, click, hidden, of_heap, run, selected, thing
from engines import STAND_IN, engine_by, real_engine
from extension import VERSION, blender_module
from looks import SIZE, camera_at, heaps

attributes = blender_module("ludvig_blender.data.attributes")
segments = blender_module("ludvig_blender.data.segments")
splats = blender_module("ludvig_blender.data.splats")
link = blender_module("ludvig_blender.engine.link")
ply = blender_module("ludvig_engine.io.ply")

PLAIN = {"boundary": False, "residue": False, "fill": False}
TYPES = {  # attributes of others, with a value for each point
    "FLOAT": lambda n: n / 7,
    "FLOAT2": lambda n: np.stack([n, -n], 1),
    "INT": lambda n: n * 3,
    "INT8": lambda n: n % 100,
    "BOOLEAN": lambda n: n % 3 == 0,
    "INT32_2D": lambda n: np.stack([n, n * n], 1),
    "FLOAT_COLOR": lambda n: np.stack([n, n + 1, n + 2, n + 3], 1) / 9,
    "BYTE_COLOR": lambda n: np.stack([n % 2, n % 2, n * 0, n * 0 + 1], 1),
    "FLOAT4X4": lambda n: np.arange(16) + n[:, None],
}


@pytest.fixture(autouse=True, scope="module")
def stand_in():
    with engine_by(*STAND_IN):
        yield


@pytest.fixture
def before(tmp_path):
    """The heaps, whose file the engine opens; five of the last one are selected."""
    source = tmp_path / "heaps.ply"
    ply.write_ply(source, heaps(), extras={"age": np.arange(3 * SIZE, dtype=np.float32)})
    bpy.ops.ludvig.import_splats(filepath=str(source))
    thing().matrix_world.identity()
    camera_at(thing(), (1, -2, -12))
    bpy.context.scene.render.resolution_x, bpy.context.scene.render.resolution_y = 640, 480
    click(0)
    run(bpy.ops.ludvig.segment_add)
    click(2)
    choose()
    return state()


def state():
    """All values of all attributes, by name."""
    return {name: attributes.get(thing().data, name) for name in attributes.names(thing().data)}


def same(a, b):
    assert a.keys() == b.keys()
    for name, values in a.items():
        np.testing.assert_array_equal(values, b[name], err_msg=name)


def test_only_what_is_selected_goes_if_nothing_else_is_wanted(before):
    kept = ~selected()
    run(bpy.ops.ludvig.clean_removal, **PLAIN)
    same(state(), {name: values[kept] for name, values in before.items()})
    assert [one.name for one in thing().ludvig.segments] == ["Segment", "Segment 2"]
    assert segments.active(thing()).note == "As told."


def test_new_splats_are_a_segment_and_nothing_is_selected(before):
    run(bpy.ops.ludvig.clean_removal)
    *others, filled = thing().ludvig.segments
    new = segments.mask(thing(), filled)
    assert filled.name == "Filled" and filled.note == "As told." and new.sum() == 2
    assert not selected().any() and not hidden().any()
    assert not any(segments.mask(thing(), one)[new].any() for one in others)
    made = splats.read(thing().data)
    expected = heaps().take(before[splats.SELECTION]).take(np.arange(2))
    for name in ("means", "scales", "sh0", "shN"):
        np.testing.assert_allclose(getattr(made, name)[new], getattr(expected, name), rtol=1e-6)
    np.testing.assert_allclose(made.opacities[new], 0.5)
    np.testing.assert_allclose(np.linalg.norm(made.quats, axis=1), 1, atol=1e-6)


def test_without_segments_the_panel_tells_what_was_done(before):
    for one in [one.number for one in thing().ludvig.segments]:
        segments.remove(thing(), segments.find(thing(), one))
    choose()
    assert bpy.ops.ludvig.clean_removal(**PLAIN) == {"FINISHED"}
    assert bpy.context.window_manager.ludvig.text == "As told."


def test_without_segments_the_next_click_begins_one(before):
    for one in [one.number for one in thing().ludvig.segments]:
        segments.remove(thing(), segments.find(thing(), one))
    choose()
    run(bpy.ops.ludvig.clean_removal)
    click(1)
    assert [one.name for one in thing().ludvig.segments] == ["Filled", "Segment"]


def test_the_parts_of_what_was_cut_take_its_place(before):
    run(bpy.ops.ludvig.clean_removal)
    rows = clouds.rows(thing().data)
    old = rows >= 0
    was = before[splats.BASE][rows[old]]
    now = splats.read(thing().data)
    halved = now.opacities[old] < was[:, 3] * 0.6
    assert 0 < halved.sum() < halved.size
    np.testing.assert_allclose(now.opacities[old][halved], was[halved, 3] / 2)
    np.testing.assert_array_equal(now.opacities[old][~halved], was[~halved, 3])
    np.testing.assert_array_equal(now.means[old], before["position"][rows[old]])


def test_the_next_click_does_not_find_the_filled_ones_anew(before):
    run(bpy.ops.ludvig.clean_removal)
    there = segments.mask(thing(), thing().ludvig.segments["Filled"]).sum()
    assert segments.active(thing()).name == "Segment 2"
    click(1)
    assert segments.mask(thing(), thing().ludvig.segments["Filled"]).sum() == there
    np.testing.assert_array_equal(selected(), of_heap(1))


def test_it_is_one_undo_step_of_that_name(before):
    run(bpy.ops.ludvig.clean_removal)
    after = state()
    assert bpy.ops.ed.undo() == {"FINISHED"}
    same(state(), before)
    assert "Filled" not in thing().ludvig.segments
    assert bpy.ops.ed.redo() == {"FINISHED"}
    same(state(), after)


def test_hidden_splats_stay(before):
    gone = np.arange(3 * SIZE) % 2 == 0
    segments.hide(thing(), gone)
    choose()
    run(bpy.ops.ludvig.clean_removal)
    rows = clouds.rows(thing().data)
    assert set(np.flatnonzero(gone)) <= set(rows)
    np.testing.assert_array_equal(hidden(), np.isin(rows, np.flatnonzero(gone)))
    now = splats.read(thing().data)
    np.testing.assert_array_equal(now.opacities[hidden()], before[splats.BASE][rows[hidden()], 3])


@pytest.mark.parametrize("first", ["delete", "separate", "clean_removal"])
def test_after_another_change_of_the_number(before, first):
    run(getattr(bpy.ops.ludvig, first))
    if first == "separate":
        bpy.context.view_layer.objects.active = bpy.data.objects["heaps"]
    choose()
    whole, chosen = state(), selected()
    run(bpy.ops.ludvig.clean_removal, **PLAIN)
    same(state(), {name: values[~chosen] for name, values in whole.items()})


def test_removing_twice_makes_two_segments(before):
    for _ in range(2):
        choose()
        run(bpy.ops.ludvig.clean_removal)
    assert [one.name for one in thing().ludvig.segments][2:] == ["Filled", "Filled 2"]


def test_attributes_of_others_stay_with_their_splats(before):
    number, put = np.arange(3 * SIZE), {}
    for type_, values in TYPES.items():
        attributes.put(thing().data, f"my {type_}", type_, values(number))
        put[f"my {type_}"] = attributes.get(thing().data, f"my {type_}")
    run(bpy.ops.ludvig.clean_removal)
    rows = clouds.rows(thing().data)
    for name, values in put.items():
        np.testing.assert_allclose(
            attributes.get(thing().data, name)[rows >= 0], values[rows[rows >= 0]], err_msg=name
        )


def test_materials_name_and_the_other_users_of_the_points_stay(before):
    thing().data.materials.append(bpy.data.materials.new("gold"))
    thing().data["mine"] = 7
    other = bpy.data.objects.new("other", thing().data)
    name, clouds = thing().data.name, len(bpy.data.pointclouds)
    run(bpy.ops.ludvig.clean_removal)
    assert other.data == thing().data and thing().data.name == name
    assert [one.name for one in thing().data.materials] == ["gold"] and thing().data["mine"] == 7
    assert len(bpy.data.pointclouds) == clouds
    if VERSION >= (5, 3):
        assert thing().data.type == "GAUSSIAN_SPLAT"


def test_readings_and_parts_do_not_have_the_new_ones(before):
    run(bpy.ops.ludvig.segments_auto)
    click(2)
    run(bpy.ops.ludvig.clean_removal)
    new = clouds.rows(thing().data) < 0
    thing().ludvig.granularity = 0.2
    thing().ludvig.granularity = 1.0
    for segment in thing().ludvig.segments:
        assert segments.mask(thing(), segment)[new].any() == (segment.name == "Filled")
    while bpy.ops.ludvig.larger.poll():
        run(bpy.ops.ludvig.larger)
        assert not (selected() & new).any()


def test_what_is_exported_is_what_is_there(before, tmp_path):
    run(bpy.ops.ludvig.clean_removal)
    path = tmp_path / "out.ply"
    run(bpy.ops.ludvig.export_splats, filepath=str(path), apply_transform=False)
    found, there = ply.read_ply(path).gaussians, splats.read(thing().data)
    for name in ("means", "scales", "opacities", "sh0", "shN"):
        np.testing.assert_allclose(getattr(found, name), getattr(there, name), rtol=1e-5)
    np.testing.assert_allclose(np.abs((found.quats * there.quats).sum(1)), 1, atol=1e-5)


@pytest.fixture
def started(before, monkeypatch):
    """The task of a removal that has begun, as it does where there is a window."""
    tasks = []

    def later(_operator, task):
        tasks.append(task)
        return {"FINISHED"}

    monkeypatch.setattr(link, "finish", later)
    bpy.ops.ludvig.clean_removal()
    return tasks[0]


def test_a_selection_that_changes_meanwhile_removes_nothing(started):
    splats.set_selection(thing().data, of_heap(1))
    with pytest.raises(Exception, match="selection has changed"):
        link.wait(started)
    assert len(thing().data.points) == 3 * SIZE


def test_a_user_who_is_in_edit_mode_meanwhile_gets_the_result(started):
    bpy.ops.object.mode_set(mode="EDIT")
    link.wait(started)
    assert bpy.context.mode == "OBJECT" and (clouds.rows(thing().data) < 0).sum() == 2


def test_a_removal_that_is_canceled_changes_nothing(started, before):
    started.cancel()
    with pytest.raises(Exception, match=r".*") as found:
        link.wait(started)
    assert found.value.kind == "cancelled"
    same(state(), before)


def test_without_a_selection_it_says_why(before):
    splats.set_selection(thing().data, selected() & False)
    assert not bpy.ops.ludvig.clean_removal.poll()


def test_with_the_real_engine(tmp_path, features_cache):
    """A ball on a ground goes, and the ground goes on where it stood. Undo brings it back."""
    made, names = ball_on_ground()
    source = tmp_path / "ball.ply"
    ply.write_ply(source, made)
    bpy.ops.ludvig.import_splats(filepath=str(source))
    ball = names == 1
    splats.set_selection(thing().data, ball)
    bpy.ops.ed.undo_push(message="choose")
    before = state()
    with engine_by(*real_engine(), environment=features_cache):
        run(bpy.ops.ludvig.clean_removal)
    rows = clouds.rows(thing().data)
    (filled,) = thing().ludvig.segments
    new = segments.mask(thing(), filled)
    np.testing.assert_array_equal(new, rows < 0)
    assert new.any() and not np.isin(np.flatnonzero(ball), rows).any()
    assert np.isin(np.flatnonzero(~ball), rows).mean() > 0.9
    there = splats.read(thing().data)
    # In the hole, which is a disk of radius 0.3 at the height of the ground.
    assert (np.hypot(*there.means[new, :2].T) < 0.6).all()
    assert np.abs(there.means[new, 2]).max() < 0.1
    assert not selected().any()
    assert bpy.ops.ed.undo() == {"FINISHED"}
    same(state(), before)


def ball_on_ground():
    """A red ball on a gray ground that has a hole below it, and 1 where a splat is the ball."""
    rng = np.random.default_rng(5)
    ground = np.c_[rng.uniform(-2, 2, (4000, 2)), np.zeros(4000)]
    ground = ground[np.hypot(*ground[:, :2].T) > 0.3]
    ball = rng.normal(size=(600, 3))
    ball = 0.35 * ball / np.linalg.norm(ball, axis=1, keepdims=True) + [0, 0, 0.35]
    means = np.concatenate([ground, ball]).astype(np.float32)
    names = np.repeat([0, 1], [len(ground), len(ball)])
    scales = np.where(names[:, None] == 1, [[0.03] * 3], [[0.06, 0.06, 0.005]])
    colors = np.where(names[:, None] == 1, [[1.4, -1.2, -1.2]], [[0.0] * 3])
    return blender_module("ludvig_engine.scene").Gaussians(
        means=means,
        quats=np.tile(np.array([1, 0, 0, 0], np.float32), (len(means), 1)),
        scales=scales.astype(np.float32),
        opacities=np.full(len(means), 0.95, np.float32),
        sh0=colors.astype(np.float32)[:, None],
        shN=np.zeros((len(means), 0, 3), np.float32),
    ), names
