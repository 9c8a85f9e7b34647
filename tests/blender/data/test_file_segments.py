"""Segments go out with a file and come back, also from what other programs have made of it."""

import bpy
import numpy as np
import pytest

from clouds import columns, gaussians, splat_object, write_ply
from extension import blender_module

splats = blender_module("ludvig_blender.data.splats")
segments = blender_module("ludvig_blender.data.segments")
attributes = blender_module("ludvig_blender.data.attributes")
file_segments = blender_module("ludvig_blender.data.file_segments")
ply = blender_module("ludvig_engine.io.ply")
formats = blender_module("ludvig_engine.io.formats")

# As an artist has them: spaces, one that only differs by them, another alphabet, quotes.
NAMES = ["my pot", "my_pot", "Стул", 'the "left" one']
COLOR = (0.25, 0.5, 1.0)


def load(path):
    bpy.ops.ludvig.import_splats(filepath=str(path))
    return bpy.context.object


def saved(path, **options):
    bpy.ops.ludvig.export_splats(filepath=str(path), **options)
    return path


def with_segments(thing, names=NAMES, seed=0):
    rng = np.random.default_rng(seed)
    for number, name in enumerate(names):
        segment = segments.add(thing, name)
        scores = rng.uniform(0, 1, len(thing.data.points)).astype(np.float32)
        segments.write(thing, segment, scores, 0.1 + 0.2 * number)
        segment.color = COLOR
    return thing


def told(thing):
    """All that is known of the segments of an object."""
    return {
        s.name: (s.attribute, s.threshold, tuple(s.color), segments.scores(thing, s).tolist())
        for s in thing.ludvig.segments
    }


def test_they_come_back_as_they_were(tmp_path):
    thing = with_segments(load(write_ply(tmp_path / "in.ply")))
    again = load(saved(tmp_path / "out.ply"))
    assert again != thing
    assert list(told(again)) == NAMES
    assert told(again) == told(thing)
    assert not splats.selection(again.data).any()
    assert again.ludvig.active_segment == 0
    assert again.ludvig_capture.notes == ""
    once_more = saved(tmp_path / "again.ply")
    assert once_more.read_bytes() == (tmp_path / "out.ply").read_bytes()


def test_another_program_has_removed_and_moved_rows(tmp_path):
    thing = with_segments(load(write_ply(tmp_path / "in.ply")))
    path = saved(tmp_path / "out.ply", apply_transform=False)
    rows = np.random.default_rng(1).permutation(50)[:31]
    file = ply.read_ply(path)
    ply.write_ply(
        tmp_path / "edited.ply",
        file.gaussians.take(rows),
        extras={name: values[rows] for name, values in file.extras.items()},
        comments=file.comments,
    )
    again = load(tmp_path / "edited.ply")
    for before, after in zip(thing.ludvig.segments, again.ludvig.segments, strict=True):
        np.testing.assert_array_equal(
            segments.mask(thing, before)[rows], segments.mask(again, after)
        )


def test_the_engine_keeps_them_in_a_part_of_the_file(tmp_path):
    thing = with_segments(load(write_ply(tmp_path / "in.ply")))
    path = saved(tmp_path / "out.ply", apply_transform=False)
    ply.copy_ply(path, tmp_path / "part.ply", np.arange(50) < 20)
    again = load(tmp_path / "part.ply")
    assert [s.name for s in again.ludvig.segments] == NAMES
    np.testing.assert_array_equal(
        segments.mask(again, again.ludvig.segments[2]),
        segments.mask(thing, thing.ludvig.segments[2])[:20],
    )


def test_without_the_comments_the_scores_are_segments_and_a_note_says_so(tmp_path):
    with_segments(load(write_ply(tmp_path / "in.ply")), ["my pot", "lid"])
    file = ply.read_ply(saved(tmp_path / "out.ply"))
    ply.write_ply(tmp_path / "bare.ply", file.gaussians, extras=file.extras)
    again = load(tmp_path / "bare.ply")
    assert [(s.name, s.threshold) for s in again.ludvig.segments] == [("my_pot", 0.5), ("lid", 0.5)]
    assert '"my_pot", "lid"' in again.ludvig_capture.notes


def test_without_the_scores_a_note_says_what_is_gone(tmp_path):
    with_segments(load(write_ply(tmp_path / "in.ply")), ["pot", "lid"])
    file = ply.read_ply(saved(tmp_path / "out.ply"))
    extras = {name: v for name, v in file.extras.items() if name != "ludvig_pot"}
    ply.write_ply(tmp_path / "less.ply", file.gaussians, extras=extras, comments=file.comments)
    again = load(tmp_path / "less.ply")
    assert [s.name for s in again.ludvig.segments] == ["lid"]
    assert again.ludvig_capture.notes == 'The file no longer has the scores of "pot".'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"property": "ludvig_pot"}',
        '{"property": "ludvig_pot", "name": 3, "color": [1, 1, 1], "certainty": 0.5}',
        '{"property": "ludvig_pot", "name": "pot", "color": [1, 1], "certainty": 0.5}',
        '{"property": "ludvig_pot", "name": "pot", "color": [1, 1, 1], "certainty": NaN}',
        "[" * 5000,
    ],
)
def test_damaged_comments_are_told_and_the_scores_are_kept(tmp_path, text):
    source = tmp_path / "in.ply"
    ply.write_ply(
        source,
        gaussians(),
        extras={"ludvig_pot": np.linspace(0, 1, 50)},
        comments=(file_segments.MARK + text,),
    )
    thing = load(source)
    assert [s.name for s in thing.ludvig.segments] == ["pot"]
    assert "were not used: 1" in thing.ludvig_capture.notes


def test_properties_that_are_no_scores_stay_attributes(tmp_path):
    thing = load(write_ply(tmp_path / "in.ply", extras={"ludvig_far": np.arange(50.0)}))
    assert not thing.ludvig.segments
    assert "ludvig_far" in thing.data.attributes


def test_of_selected_splats_go_the_segments_that_they_are_in(tmp_path):
    thing = load(write_ply(tmp_path / "in.ply"))
    for name, first, last in (("pot", 0, 20), ("lid", 15, 30), ("far", 40, 50)):
        inside = (np.arange(50) >= first) & (np.arange(50) < last)
        segments.write(thing, segments.add(thing, name), inside.astype(np.float32), 0.5)
    splats.set_selection(thing.data, np.arange(50) < 20)
    again = load(saved(tmp_path / "out.ply", only_selected=True))
    assert [s.name for s in again.ludvig.segments] == ["pot", "lid"]
    assert "ludvig_far" not in columns(tmp_path / "out.ply")


def test_segments_of_several_objects_are_one_if_name_and_certainty_are_the_same(tmp_path):
    for number, threshold in enumerate((0.25, 0.25, 0.75)):
        thing = splat_object(gaussians(10, seed=number))
        scores = np.linspace(0, 1, 10).astype(np.float32)
        segments.write(thing, segments.add(thing, "pot"), scores, threshold)
    again = load(saved(tmp_path / "out.ply"))
    first, second = again.ludvig.segments
    assert [first.name, second.name] == ["pot", "pot 2"]
    assert segments.mask(again, first).sum() == 3  # of the active object, which comes first
    assert segments.mask(again, second).sum() == 2 * 7


def test_a_format_without_comments_is_told(tmp_path, monkeypatch, capfd):
    known = formats.FORMATS["PLY"]
    row = formats.Format("made up", (".madeup",), known.read, known.write, numpy_only=True)
    monkeypatch.setitem(formats.FORMATS, row.name, row)
    with_segments(load(write_ply(tmp_path / "in.ply")), ["pot", "lid"])
    saved(tmp_path / "out.madeup")
    assert "Only .ply files have a place for names" in "".join(capfd.readouterr())


def test_undo_takes_the_object_away_with_its_segments(tmp_path):
    with_segments(load(write_ply(tmp_path / "in.ply")), ["pot"])
    path = saved(tmp_path / "out.ply")
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.ops.ed.undo_push(message="start")
    bpy.ops.ludvig.import_splats("EXEC_DEFAULT", True, filepath=str(path))
    assert [s.name for s in bpy.context.object.ludvig.segments] == ["pot"]
    bpy.ops.ed.undo()
    bpy.ops.ed.redo()
    (thing,) = (thing for thing in bpy.data.objects if splats.is_splats(thing))
    assert [s.name for s in thing.ludvig.segments] == ["pot"]
