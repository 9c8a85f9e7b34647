"""The table of prompt kinds is complete, and a new kind takes no more than a row."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import small_scene
from ludvig_engine.cli.prompts import WRITTEN
from ludvig_engine.cli.segment import command
from ludvig_engine.errors import EngineError
from ludvig_engine.service.kinds import Click
from ludvig_engine.wire.codec import decode, encode, hints
from ludvig_engine.wire.methods import PLACES, Prompt, RunSegment
from ludvig_engine.wire.prompt_kinds import KINDS, PromptKind
from service_tools import Service, opened


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_each_row_is_read_by_a_class_of_the_engine(kind):
    assert kind.given and set(kind.given) <= set(hints(Prompt))
    if kind.count or kind.given == ("mask",):
        assert kind.needed
    if kind.words:
        return
    assert set(kind.given) <= set(PLACES)
    reader = kind.load()
    assert callable(reader.paint)
    assert hasattr(reader, "place") == ("points" in kind.given)


def test_the_names_on_the_wire_stay():
    assert list(KINDS) == ["click", "scribble", "mask", "box", "text"]


def test_an_unknown_kind_is_refused():
    with pytest.raises(EngineError, match="'lasso', expected one of click, scribble") as caught:
        Prompt("lasso", view="a", pixels=np.zeros((1, 2), np.float32))
    assert caught.value.kind == "bad_request"
    with pytest.raises(EngineError, match="'lasso'"):
        decode(Prompt, {"kind": "lasso", "text": "a"}, {})


class Cross(Click):
    """A reader of a kind that a test makes up."""


def test_a_row_is_all_that_a_new_kind_takes(monkeypatch, tmp_path):
    made = small_scene.write(tmp_path / "scene")
    row = PromptKind("cross", ("pixels",), f"{__name__}:Cross", count=1, needed="one place")
    monkeypatch.setitem(KINDS, row.name, row)
    pixels = np.array([small_scene.center_of("red", 0)], np.float32)
    cross = Prompt("cross", view="photo_0", pixels=pixels)
    assert decode(Prompt, *encode(cross)).kind == "cross"
    with pytest.raises(EngineError, match="A cross prompt needs one place"):
        Prompt("cross", view="photo_0", pixels=np.repeat(pixels, 2, 0))
    with pytest.raises(EngineError, match="A cross prompt needs one place"):
        Prompt("cross", points=np.zeros((1, 3), np.float32))
    service = Service(tmp_path / "cache")
    scene = opened(service, made).scene
    found = service(RunSegment(scene, (cross,)))
    click = service(RunSegment(scene, (Prompt("click", view="photo_0", pixels=pixels),)))
    np.testing.assert_array_equal(found.scores, click.scores)


def test_each_kind_can_be_written_on_the_command_line():
    assert set(WRITTEN) == set(KINDS)
    asked = inspect.signature(command).parameters
    for kind, row in WRITTEN.items():
        assert kind in asked
        if row.form:
            assert row.pattern.fullmatch(row.example)
            assert not row.pattern.fullmatch("IMG_1.jpg")
            assert row.read and row.paint
