"""Play Diffusion: one undo step, then one state after the other until something else is shown."""

import bpy
import numpy as np
import pytest

from extension import blender_module
from looks import heap, scene
from ludvig_engine.wire.methods import PromptsSpread

playing = blender_module("ludvig_blender.operators.playing")
attributes = blender_module("ludvig_blender.data.attributes")
prompts = blender_module("ludvig_blender.data.prompts")
segments = blender_module("ludvig_blender.data.segments")
subject = blender_module("ludvig_blender.engine.subject")
link = blender_module("ludvig_blender.engine.link")
pump = blender_module("ludvig_blender.engine.pump")
commit = blender_module("ludvig_blender.engine.commit")

# Three states: a heap, two heaps, all of them.
LEVELS = np.stack([heap(0), heap(0) | heap(1), heap(0) | True], 1).astype(np.uint8) * 255


@pytest.fixture
def thing(monkeypatch):
    """Three heaps with a segment that has a click, whose engine answers at once."""
    found = scene()
    segment = segments.add(found, "Pot")
    segment.prompts.add().kind = "CLICK"
    asked = []

    def ask(self, request, *, done, label, replaces):
        asked.append(request(found))
        assert label == "Play Diffusion" and replaces == f"diffusion {found.session_uid}"
        done(found, PromptsSpread(LEVELS, asked[-1].times, {}))

    monkeypatch.setattr(prompts, "request", lambda prompt: prompt.kind)
    monkeypatch.setattr(subject.Subject, "ask", ask)
    monkeypatch.setattr(link, "finish", lambda operator, task: {"FINISHED"})
    monkeypatch.setattr(playing, "SECONDS", 0)
    monkeypatch.setattr(playing, "_watched", lambda: True)
    steps = []
    real = commit.run
    monkeypatch.setattr(commit, "run", lambda step, write: steps.append(step) or real(step, write))
    yield found, asked, steps
    for task in pump.every():
        task.close()


def shown(thing):
    return attributes.get(thing.data, playing.NAME)


def players():
    """The generators of films under way."""
    return [task for task in pump.every() if not task.done]


def test_it_asks_for_the_prompts_and_shows_the_last_state_as_one_step(thing):
    found, asked, steps = thing
    before = list(found.ludvig.segments.keys())
    bpy.ops.ludvig.play_diffusion()
    (request,) = asked
    assert request.method == "segment/spread" and request.prompts == ("CLICK",)
    assert request.times == playing.TIMES
    assert steps == ["Play Diffusion"]
    assert (found.ludvig.mode, found.ludvig.attribute) == ("SCORE", playing.NAME)
    assert (found.ludvig.low, found.ludvig.high) == (0, 1)
    np.testing.assert_array_equal(shown(found), LEVELS[:, -1] / np.float32(255))
    assert list(found.ludvig.segments.keys()) == before


def test_it_plays_every_state_in_order_and_ends(thing, monkeypatch):
    found, _, _ = thing
    played = []
    real = playing._write

    def note(thing, state):
        played.append(state.copy())
        real(thing, state)

    monkeypatch.setattr(playing, "_write", note)
    bpy.ops.ludvig.play_diffusion()
    (task,) = players()
    pump.wait(task)
    np.testing.assert_array_equal(np.stack(played[1:], 1), LEVELS)  # after the last one
    assert not players()
    np.testing.assert_array_equal(shown(found), 1)


@pytest.mark.parametrize("how", ["mode", "attribute", "removed", "splats"])
def test_it_stops_when_something_else_is_shown_or_the_splats_change(thing, monkeypatch, how):
    found, _, _ = thing
    bpy.ops.ludvig.play_diffusion()
    (task,) = players()
    task.step()  # the first state
    np.testing.assert_array_equal(shown(found), heap(0))
    if how == "mode":
        found.ludvig.mode = "COLOR"
    elif how == "attribute":
        found.ludvig.attribute = "other"
    elif how == "removed":
        bpy.data.objects.remove(found)
    else:
        monkeypatch.setattr(attributes, "count", lambda geometry: 1)
    monkeypatch.setattr(playing, "_write", lambda *_: pytest.fail("it goes on"))
    pump.wait(task)


def test_a_script_gets_the_last_state_at_once(thing, monkeypatch):
    found, _, _ = thing
    monkeypatch.setattr(playing, "_watched", lambda: False)
    bpy.ops.ludvig.play_diffusion()
    assert not players()
    np.testing.assert_array_equal(shown(found), 1)


def test_without_prompts_it_says_why(thing):
    found, _, _ = thing
    found.ludvig.segments[0].prompts.clear()
    assert not bpy.ops.ludvig.play_diffusion.poll()
