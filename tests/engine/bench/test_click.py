"""The figures of `ludvig bench click` are of the whole click, and of each part."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from ludvig_engine.bench import click, synthetic
from ludvig_engine.bench.click import run
from ludvig_engine.cli import app


@pytest.fixture
def asked(monkeypatch):
    """What is asked, in place of answers: kind, prompts, pixels of the last one, threshold."""
    found = []

    class Spent:
        wall, stages = 1.0, {"read_prompts": 1.0}

        def __init__(self, state, request):
            (*_, last), count = request.prompts, len(request.prompts)
            pixels = 0 if last.pixels is None else len(last.pixels)
            found.append((last.kind, count, pixels, request.threshold))
            self.cpu = 8.0 if last.kind == "mask" else 2.0 + (count > 50)

    monkeypatch.setattr(click, "Spent", Spent)
    return found


def test_the_stages_are_the_click(monkeypatch):
    """Each kind of the other requests is answered once, as they take much longer than a click."""
    monkeypatch.setattr(click, "MANY", 12)
    answered = {}

    def spent(state, request):
        kind = request.prompts[-1].kind, len(request.prompts), request.threshold
        if kind not in answered:
            answered[kind] = Spent(state, request)
        return answered[kind]

    Spent = click.Spent
    monkeypatch.setattr(click, "Spent", spent)
    figures = run(synthetic.gaussians(2000), synthetic.cameras(1, 200, 133)[0], clicks=1)
    assert (figures["gaussians"], figures["k"], figures["channels"]) == (2000, 16, 40)
    stages = {"Reading prompts_s", "Diffusing_s", "Answering_s", "Encoding_s"}
    assert stages <= set(figures)
    parts = sum(v for name, v in figures.items() if name[0].isupper())
    assert 0 < parts <= figures["click_s"] + 1e-4  # stages are rounded
    assert figures["step_of_a_drag"] > 0 and figures["mask_again_in_masks"] > 0


def test_other_requests_are_measured_beside_a_click(asked):
    """By what their CPU seconds are in clicks, or in the first mask's."""
    figures = run(synthetic.gaussians(300), synthetic.cameras(1, 200, 133)[0], clicks=1)
    assert asked[2] == ("scribble", 1, 200, None)
    strokes = [points for kind, _, points, _ in asked if kind == "scribble"]
    assert strokes[1:] == list(range(25, 200, 25))
    assert figures["stroke_of_200_points"] == figures["step_of_a_drag"] == 1
    assert figures["one_more_click_after_9"] == 1 and figures["one_more_click_after_99"] == 1.5
    assert figures["another_threshold"] == 1.5 and figures["mask"] == 4
    assert figures["mask_again_in_masks"] == 1


def test_the_command_prints_json(asked):
    arguments = ["bench", "click", "--gaussians", "2000", "--size", "200x133", "--json"]
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert json.loads(done.stdout)["click"]["gaussians"] == 2000
