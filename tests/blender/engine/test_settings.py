"""What the preferences tell the engine."""

import pytest

from extension import blender_module

settings = blender_module("ludvig_blender.engine.settings")


@pytest.fixture
def preferences():
    own = settings.get()
    before = {name: getattr(own, name) for name in ("models", "cache", "token", "device")}
    yield own
    for name, value in before.items():
        setattr(own, name, value)


def test_what_is_not_chosen_stays_as_it_is_outside(preferences, monkeypatch, tmp_path):
    for name in ("models", "cache", "token"):
        setattr(preferences, name, "")
    preferences.device = "auto"
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    # What is compiled is kept where an update of the extension does not replace it.
    assert settings.environment() == {"NUMBA_CACHE_DIR": str(settings.folder().parent / "kernels")}
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert settings.environment() == {"NUMBA_CACHE_DIR": str(tmp_path)}


def test_access_and_device(preferences, tmp_path):
    preferences.token = " hf_abc \n"
    preferences.device = "mps"
    preferences.models = str(tmp_path)
    found = settings.environment()
    assert (found["HF_TOKEN"], found["LUDVIG_DEVICE"]) == ("hf_abc", "mps")
    assert found["LUDVIG_MODELS"] == str(tmp_path.resolve())
    preferences.device = "cpu"
    assert settings.environment()["LUDVIG_DEVICE"] == "cpu"


def test_the_token_is_not_shown():
    shown = settings.get().bl_rna.properties["token"]
    assert shown.subtype == "PASSWORD"


def test_the_engine_knows_the_devices(preferences):
    from ludvig_engine.machine.device import DEVICES

    items = preferences.bl_rna.properties["device"].enum_items
    assert {item.identifier for item in items} == {*DEVICES}
