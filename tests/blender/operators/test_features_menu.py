"""The Features menu: titles and download buttons are those of the engine's table."""

from types import SimpleNamespace

import pytest

from extension import blender_module
from ludvig_engine import weights
from ludvig_engine.features import EXTRACTORS

operators = blender_module("ludvig_blender.operators.computing")
catalog = blender_module("ludvig_blender.engine.catalog")
engine = blender_module("ludvig_blender.engine.link")
methods = blender_module("ludvig_engine.wire.methods")


class Layout:
    """Remembers the buttons that are drawn into it, and what they are set to."""

    def __init__(self):
        self.buttons, self.enabled = [], True

    def row(self, **_):
        return self

    def separator(self):
        pass

    def label(self, **_):
        pass

    def operator(self, name, text="", icon=""):
        self.buttons.append(SimpleNamespace(operator=name, text=text, icon=icon))
        return self.buttons[-1]


def listed(monkeypatch, *extractors):
    """Let an engine that runs have listed these."""
    monkeypatch.setattr(
        engine, "_connection", SimpleNamespace(extractors=extractors, client=SimpleNamespace())
    )


def drawn(monkeypatch):
    thing = SimpleNamespace(ludvig_features=SimpleNamespace(extractor="auto"))
    monkeypatch.setattr(operators.polls, "chosen", lambda context: thing)
    layout = Layout()
    operators.FeaturesMenu.draw(SimpleNamespace(layout=layout), SimpleNamespace())
    return layout.buttons


def as_listed(entry, absent):
    """An extractor as the engine lists it while these of its models are missing."""
    size = sum(weights.MODELS[id].size for id in absent)
    return methods.ExtractorInfo(
        entry.spec, "MIT", not absent, size, "", entry.title, absent, entry.text
    )


@pytest.mark.parametrize("spec", [e.spec for e in EXTRACTORS.values() if e.models])
def test_the_download_button_fetches_the_models_that_are_missing(monkeypatch, spec):
    entry = EXTRACTORS[spec]
    for absent in (entry.models, entry.models[1:]):
        listed(monkeypatch, as_listed(entry, absent))
        (button,) = drawn(monkeypatch)
        assert button.text.startswith(entry.title)
        if absent:
            assert button.operator == "ludvig.fetch_model"
            assert tuple(button.model.split()) == absent
            assert set(button.model.split()) <= set(weights.MODELS)
        else:
            assert (button.operator, button.extractor) == ("ludvig.choose_features", spec)


def test_what_cannot_be_fetched_has_no_download_button(monkeypatch):
    """Such as an extractor whose packages are missing."""
    listed(monkeypatch, methods.ExtractorInfo("clip", "MIT", ready=False, needs="No torch."))
    (button,) = drawn(monkeypatch)
    assert button.operator == "ludvig.choose_features"


def test_a_title_comes_from_the_engine_that_runs(monkeypatch):
    listed(monkeypatch, methods.ExtractorInfo("clip", "MIT", ready=True, title="Another CLIP"))
    assert catalog.title("clip") == "Another CLIP"
    assert catalog.title("auto") == "Best Available"
    assert catalog.title("files:/maps") == "files:/maps"


def test_there_are_titles_before_an_engine_runs(monkeypatch):
    monkeypatch.setattr(engine, "_connection", None)
    assert {spec: catalog.title(spec) for spec in EXTRACTORS} == {
        spec: entry.title for spec, entry in EXTRACTORS.items()
    }


def test_an_added_row_is_a_button(monkeypatch):
    row = methods.ExtractorInfo("madeup", "MIT", ready=True, title="Made Up")
    listed(monkeypatch, row)
    (button,) = drawn(monkeypatch)
    assert (button.text, button.extractor) == ("Made Up", "madeup")
