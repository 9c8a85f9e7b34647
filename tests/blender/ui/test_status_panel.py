"""The status panel: what is under way and what went wrong, from the first moment."""

from __future__ import annotations

import dataclasses
import time
from types import SimpleNamespace

import bpy
import pytest

from extension import blender_module
from looks import scene

status_panel = blender_module("ludvig_blender.ui.status_panel")
waiting = blender_module("ludvig_blender.engine.waiting")
pump = blender_module("ludvig_blender.engine.pump")


class Layout:
    """Notes the texts of labels and bars, and the tasks that buttons cancel."""

    def __init__(self):
        self.texts, self.bars = [], []
        self.buttons = []

    def label(self, *, text, **_):
        self.texts.append(text)

    def progress(self, *, factor, text):
        self.bars.append((factor, text))

    def operator(self, name, **_):
        self.buttons.append(SimpleNamespace(name=name))
        return self.buttons[-1]

    def row(self, **_):
        return self


def task(number, label, progress=None, *, since=2 * status_panel.LONG):
    begun = time.monotonic() - since
    return SimpleNamespace(number=number, label=label, progress=progress, begun=begun)


@pytest.fixture
def drawn(monkeypatch):
    def draw(*tasks):
        monkeypatch.setattr(pump, "shown", lambda: list(tasks))
        parts = []
        for part in ("draw_header", "draw"):
            parts.append(Layout())
            panel = SimpleNamespace(layout=parts[-1])
            getattr(status_panel.StatusPanel, part)(panel, bpy.context)
        return parts

    return draw


def test_the_header_names_the_task_and_cancels_it(drawn):
    header, body = drawn(task(7, "Removing the object"))
    assert header.bars == [(0.0, "Removing the object...")], "there is a bar before any progress"
    assert [button.number for button in header.buttons] == [7]
    assert body.texts == [""] and not body.bars


def test_a_short_task_moves_nothing_below(drawn):
    news = SimpleNamespace(
        stage="look", stage_name="Looking", done=6, total=24, seconds_left=2, stage_id="look"
    )
    header, body = drawn(task(7, "Finding", news, since=1))
    assert header.bars == [(0.25, "Looking...")] and not vars(body)["texts"]
    header, body = drawn()
    assert header.texts == ["Ready"] and not body.texts


def test_it_is_there_before_and_after_a_task(monkeypatch):
    monkeypatch.setattr(pump, "shown", list)
    assert not status_panel.StatusPanel.poll(bpy.context)
    scene()
    assert status_panel.StatusPanel.poll(bpy.context)


def test_progress_is_counted(drawn):
    news = SimpleNamespace(
        stage="look",
        stage_name="Looking at the object",
        done=6,
        total=24,
        seconds_left=90,
        stage_id="look",
    )
    header, body = drawn(task(7, "Removing the object", news))
    assert header.bars == [(0.25, "Looking at the object...")]
    assert body.texts == ["6 of 24, 2 min left"]


@pytest.mark.parametrize(
    ("done", "total", "left", "told"),
    [
        (412e6, 1.22e9, 95, "412 MB of 1.2 GB, 2 min left"),
        (0, 1.22e9, None, "0 MB of 1.2 GB"),
        (35e6, 0, None, "35 MB"),
        (0, 0, None, ""),
        (0, 1, None, ""),
    ],
)
def test_bytes_are_told_with_their_unit(drawn, done, total, left, told):
    news = waiting.Work(lambda work: work.report_bytes("Installing", int(done), int(total)))
    news.result()
    assert news.progress.stage_id == "download"
    news = dataclasses.replace(news.progress, seconds_left=left)
    header, body = drawn(task(7, "Installing", news))
    assert header.bars == [(done / total if total else 0.0, "Installing...")]
    assert body.texts == [told]


def test_the_time_left_follows_the_speed_so_far(monkeypatch):
    now = iter([100.0, 101.0, 110.0])
    monkeypatch.setattr(waiting.time, "monotonic", lambda: next(now))
    said = []

    def work(work):
        for done in (0, 10, 100):
            work.report_bytes("Installing", done, 300)
            said.append(work.progress.seconds_left)

    waiting.Work(work).result()
    assert said == [None, None, 20.0]


def test_further_tasks_have_names_and_buttons_of_their_own(drawn):
    header, body = drawn(task(1, "First"), task(2, "Second"))
    assert header.bars == [(0.0, "First...")] and body.bars == [(0.0, "Second...")]
    assert [button.number for button in (*header.buttons, *body.buttons)] == [1, 2]


def test_it_has_a_header():
    """Without one, Blender would move the tab to the front of all tabs whenever it is there."""
    assert "HIDE_HEADER" not in getattr(status_panel.StatusPanel, "bl_options", ())
