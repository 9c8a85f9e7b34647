"""The table of extractors is complete, and reading it imports no model."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib import import_module

import pytest

from ludvig_engine import weights
from ludvig_engine.features import EXTRACTORS, Entry, known, names, ranked, table

ROWS = pytest.mark.parametrize("entry", EXTRACTORS.values(), ids=lambda entry: entry.spec)


@ROWS
def test_each_row_can_be_loaded_from_models_that_exist(entry):
    assert entry.title and entry.about
    assert set(entry.models) <= set(weights.MODELS)
    module, _, function = entry.load.partition(":")
    signature = inspect.signature(getattr(import_module(module), function))
    signature.bind("", device="cpu")


@ROWS
def test_a_family_has_one_loader(entry):
    assert {e.load for e in EXTRACTORS.values() if e.name == entry.name} == {entry.load}


@pytest.mark.parametrize("order", ["cpu", "gpu", "words"])
def test_no_two_have_the_same_place(order):
    assert [getattr(entry, order) for entry in ranked(order)] == list(
        range(1, len(ranked(order)) + 1)
    )


@pytest.mark.parametrize("order", ["cpu", "gpu"])
def test_the_last_choice_needs_nothing(order):
    assert [entry.spec for entry in ranked(order) if not entry.models] == [ranked(order)[-1].spec]


def test_looking_at_the_table_imports_no_extractor():
    script = (
        "import sys; import ludvig_engine.features;"
        "print(sorted({'torch', 'transformers', 'scipy', 'numba'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_packages_add_theirs_but_replace_none(monkeypatch):
    class Point:
        def __init__(self, name, value):
            self.name, self.value = name, value

    added = [Point("theirs", "their.module:load"), Point("dinov2", "their.module:other")]
    monkeypatch.setattr(table, "entry_points", lambda group: added)
    assert known()["theirs"] == Entry("theirs", "theirs", "their.module:load")
    assert "dinov2" not in known() and "theirs" not in names()
