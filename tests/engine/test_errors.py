"""Remedies as data: their text, the action a program can take, and the wire."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from ludvig_engine.errors import ACTIONS, EngineError, Fix
from ludvig_engine.weights import MODELS, MissingWeights
from ludvig_engine.wire.error_message import error_from_message, error_to_message
from ludvig_engine.wire.json_text import dump_json, parse_json

ROOT = Path(__file__).resolve().parents[2]
FETCH = Fix("Fetch it.", "fetch_model", {"model": "tips", "size": 3, "licence": "MIT"})


def test_a_string_is_an_advice_without_an_action():
    error = EngineError("bad_file", "No.", ["Do this.", Fix("Restart.", "restart_engine")])
    assert error.fixes == (Fix("Do this."), Fix("Restart.", "restart_engine"))
    assert str(error) == "No. Do this. Restart."
    assert len({*error.fixes, FETCH}) == 3


@pytest.mark.parametrize(
    ("action", "arguments"),
    [
        ("sing", {}),
        ("restart_engine", {"model": "tips"}),
        ("fetch_model", {}),
        ("fetch_model", {"model": "tips", "size": "3", "licence": "MIT"}),
        ("", {"model": "tips"}),
    ],
)
def test_actions_are_those_of_the_table(action, arguments):
    with pytest.raises(ValueError, match=action or "takes"):
        Fix("Do it.", action, arguments)


def sent(data):
    """What arrives of an error's message."""
    return error_from_message(parse_json(dump_json(data)))


def test_fixes_travel():
    error = EngineError("missing_weights", "No.", ["Wait.", FETCH])
    data = error_to_message(error)
    assert data["data"]["fixes"] == ["Wait.", "Fetch it."]  # for clients that know no actions
    assert sent(data).fixes == error.fixes


def test_engines_without_actions_are_understood():
    data = error_to_message(EngineError("missing_weights", "No.", [FETCH]))
    del data["data"]["remedies"]
    assert sent(data).fixes == (Fix("Fetch it."),)


@pytest.mark.parametrize(
    "change",
    [
        {"action": "sing"},
        {"action": 3},
        {"arguments": None},
        {"arguments": {"model": "tips"}},
        {"arguments": {"model": ["tips"], "size": 3, "licence": "MIT"}},
    ],
)
def test_actions_that_are_not_understood_are_advice(change):
    data = error_to_message(EngineError("missing_weights", "No.", [FETCH]))
    data["data"]["remedies"][0] |= change
    assert sent(data).fixes == (Fix("Fetch it."),)


@pytest.mark.parametrize("model", MODELS.values(), ids=list(MODELS))
def test_every_model_can_be_fetched(model):
    fixes = {fix.action: fix for fix in MissingWeights(model).fixes}
    assert fixes["fetch_model"].arguments == {
        "model": model.id,
        "size": model.size,
        "licence": model.licence,
    }
    assert f"ludvig models fetch {model.id}" in fixes["fetch_model"].text


def test_every_action_is_advised_somewhere():
    used = set()
    for package in "ludvig_engine", "ludvig_blender":
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Fix":
                    used |= {arg.value for arg in node.args[1:2] if isinstance(arg, ast.Constant)}
    assert used == set(ACTIONS)
