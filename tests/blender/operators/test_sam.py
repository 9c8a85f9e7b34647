"""Clicks and boxes by way of a SAM: the switch, what it lacks, and the whole way to a selection."""

import subprocess
from types import SimpleNamespace

import bpy
import numpy as np
import pytest

from engines import COMPILED, STAND_IN, SUPPORT, engine_by, installed, real_engine
from extension import blender_module
from looks import click, heap, scene, solid
from ludvig_engine.wire.methods import ExtractorInfo

catalog = blender_module("ludvig_blender.engine.catalog")
link = blender_module("ludvig_blender.engine.link")
lines = blender_module("ludvig_blender.operators.lines")
menus = blender_module("ludvig_blender.operators.segmenters")
readings = blender_module("ludvig_blender.data.readings")
segments = blender_module("ludvig_blender.data.segments")
row = blender_module("ludvig_blender.ui.segmenter_row")
PROGRAM = SUPPORT / "sam_engine.py"

READY = ExtractorInfo("sam2", "Apache-2.0", ready=True, title="SAM 2.1 Small")
ABSENT = ExtractorInfo(
    *("sam2", "Apache-2.0", False, 184_000_000, "It is not on this machine.", "SAM 2.1 Small"),
    models=("sam2-small",),
)
NO_TORCH = ExtractorInfo("sam2", "Apache-2.0", ready=False, needs="No torch.", title="SAM 2.1")


class Layout:
    """Notes what is drawn, and whether it is grayed out."""

    def __init__(self, drawn):
        self.drawn, self.enabled = drawn, True

    def row(self, **_):
        return Layout(self.drawn)

    def separator(self):
        pass

    def label(self, *, text, **_):
        self.drawn.append(SimpleNamespace(what="label", text=text))

    def menu(self, name, *, text):
        assert hasattr(bpy.types, name)
        self.drawn.append(SimpleNamespace(what=name, text=text))

    def prop(self, owner, name, **_):
        assert name in owner.bl_rna.properties
        self.drawn.append(SimpleNamespace(what=name, layout=self))

    def operator(self, name, *, text, **_):
        getattr(bpy.ops.ludvig, name.partition(".")[2]).get_rna_type()  # it exists
        self.drawn.append(SimpleNamespace(what=name, text=text, layout=self))
        return self.drawn[-1]


def listed(monkeypatch, *infos):
    """Let an engine that runs have listed these."""
    connection = SimpleNamespace(segmenters=infos, extractors=(), client=SimpleNamespace(error=""))
    monkeypatch.setattr(link, "_connection", connection)


@pytest.fixture
def shown(monkeypatch):
    monkeypatch.setattr(lines, "draw", lambda layout, text, *_: layout.label(text=text))

    def shown(thing):
        layout = Layout([])
        row.draw(layout, thing, bpy.context)
        return {one.what: one for one in layout.drawn}

    return shown


def test_only_who_has_turned_it_on_sees_what_it_lacks(monkeypatch, shown):
    thing = scene()
    for infos in ((), (READY,), (ABSENT,), (NO_TORCH,)):
        listed(monkeypatch, *infos)
        drawn = shown(thing)
        assert set(drawn) == {"sam", "LUDVIG_MT_sam"} and drawn["sam"].layout.enabled
        assert drawn["LUDVIG_MT_sam"].text == (infos[0].title if infos else "SAM")
    thing.ludvig_features.sam = True
    listed(monkeypatch, READY)
    assert set(shown(thing)) == {"sam", "LUDVIG_MT_sam"}
    listed(monkeypatch, ABSENT)
    drawn = shown(thing)
    assert drawn["label"].text == ABSENT.needs
    fetch = drawn["ludvig.fetch_model"]
    assert (fetch.text, fetch.model) == ("Download SAM 2.1 Small (184 MB)", "sam2-small")
    assert "184 MB" in fetch.about and "Apache-2.0" in fetch.about
    listed(monkeypatch, NO_TORCH)
    drawn = shown(thing)
    assert drawn["label"].text == "No torch."
    assert "ludvig.install_engine" in drawn and "ludvig.fetch_model" not in drawn


def test_the_menu_offers_what_is_here_and_downloads_the_rest(monkeypatch):
    thing = scene()
    others = [ABSENT.__class__(**{**vars(ABSENT), "spec": "sam", "models": ("sam",)}), NO_TORCH]
    listed(monkeypatch, READY, *others)
    monkeypatch.setattr(menus.polls, "chosen", lambda context: thing)
    layout = Layout([])
    menus.SegmentersMenu.draw(SimpleNamespace(layout=layout), bpy.context)
    buttons = [(one.what, one.layout.enabled) for one in layout.drawn]
    assert buttons == [
        ("ludvig.choose_sam", True),
        ("ludvig.choose_sam", False),
        ("ludvig.fetch_model", True),
    ]
    listed(monkeypatch)
    layout = Layout([])
    menus.SegmentersMenu.draw(SimpleNamespace(layout=layout), bpy.context)
    assert layout.drawn[-1].what == "ludvig.restart_engine"


def test_the_engine_is_asked_with_the_sam_that_is_chosen():
    thing = scene()
    with engine_by(*STAND_IN):
        click(thing, 0)
        (segment,) = thing.ludvig.segments
        assert segment.note == "As told."
        thing.ludvig_features.sam = True
        click(thing, 0)
        assert segment.note == "As told. By sam2."
        bpy.ops.ludvig.choose_sam(model="sam-pth")
        click(thing, 0)
        assert segment.note == "As told. By sam-pth."
        thing.ludvig_features.sam = False
        click(thing, 0)
        assert segment.note == "As told."


def engine_with_sams(**environment):
    """The real engine of the built zip, with a stand-in for every SAM."""
    python, *_ = real_engine(installed())
    command = python, str(PROGRAM), str(installed()), "serve"
    return engine_by(*command, environment=COMPILED | environment)


def with_sam():
    """Solid heaps that are found by way of a SAM."""
    thing = solid()
    thing.ludvig_features.extractor = "colour"
    thing.ludvig_features.sam = True
    return thing


def test_the_thing_and_the_whole(features_cache):
    """The stand-in's masks: the upper half of a heap, a heap, all heaps."""
    thing = with_sam()
    with engine_with_sams(**features_cache):
        for number in range(3):
            click(thing, number)
            segment = thing.ludvig.segments[0]
            found = segments.mask(thing, segment)
            assert (found & heap(number)).sum() / (found | heap(number)).sum() > 0.9
            # The half of so few splats may be all of the heap.
            assert readings.steps(segment)[-2:] == [0, 1] and segment.reading == 0
        bpy.ops.ludvig.larger()
        assert segments.mask(thing, segment).mean() > 0.9
        bpy.ops.ludvig.smaller()
        np.testing.assert_array_equal(segments.mask(thing, segment), found)
        click(thing, 1, mode="REMOVE")
        click(thing, 0, mode="ADD")
        found = segments.mask(thing, segment)
        assert found[heap(0)].mean() > 0.5 and found[heap(2)].mean() > 0.9
        assert found[heap(1)].mean() < 0.1


def test_find_all_by_way_of_a_sam(features_cache):
    python, *_ = real_engine(installed())
    look = "import importlib.util, sys; sys.exit(importlib.util.find_spec('torch') is None)"
    if subprocess.run([python, "-c", look], check=False).returncode:
        pytest.skip("the engine's Python has no torch, which the stand-in wants")
    thing = solid()
    thing.ludvig_features.extractor = "colour"
    with engine_with_sams(LUDVIG_STAND_IN="colors", **features_cache):
        thing.ludvig_features.sam = True
        assert bpy.ops.ludvig.segments_auto() == {"FINISHED"}
    assert not bpy.context.window_manager.ludvig.text
    found = [segments.mask(thing, segment) for segment in thing.ludvig.segments]
    for number in range(3):
        own = heap(number)
        assert max((own & one).sum() / (own | one).sum() for one in found) > 0.8
