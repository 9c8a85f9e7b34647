"""`ludvig models`: says what there is and where, and fetches only when told to."""

from __future__ import annotations

import json
from importlib import import_module

import pytest
from typer.testing import CliRunner

from ludvig_engine import weights
from ludvig_engine.cli import app
from ludvig_engine.errors import EngineError

fetching = import_module("ludvig_engine.weights.fetch")  # the package has a function of that name


@pytest.fixture
def run(tmp_path, monkeypatch):
    for name in ("LUDVIG_MODELS", "HF_HUB_CACHE"):
        monkeypatch.setenv(name, str(tmp_path / name))

    def run(*arguments):
        done = CliRunner().invoke(
            app, ["models", *arguments], catch_exceptions=False, env={"COLUMNS": "140"}
        )
        assert done.exit_code == 0
        return json.loads(done.stdout) if "--json" in arguments else done.output

    return run


def put(model, tmp_path):
    place = tmp_path / "LUDVIG_MODELS" / model
    place.mkdir(parents=True)
    (place / "model.safetensors").write_bytes(b"weights")
    return place


def test_list(run, tmp_path, capsys):
    place = put("dinov2-base", tmp_path)
    found = run("list", "--json")
    rows = {row["id"]: row for row in found["models"]}
    assert set(rows) == set(weights.MODELS) and found["folder"] == str(place.parent)
    assert rows["dinov2-base"]["place"] == str(place)
    assert rows["dinov2-giant"] == {
        "id": "dinov2-giant",
        "role": "features",
        "source": "facebook/dinov2-with-registers-giant",
        "bytes": 4_546_000_000,
        "licence": "Apache-2.0",
        "needs": "GPU, 8 GB",
        "gated": False,
        "notice": "",
        "place": None,
    }
    assert rows["sam3"]["gated"] and not rows["sam2-small"]["gated"]


def test_path(run, tmp_path):
    place = put("sam2-small", tmp_path)
    assert run("path", "sam2-small").strip() == str(place)
    with pytest.raises(
        weights.MissingWeights,
        match=r"ludvig models fetch sam2-tiny \(156 MB, license Apache-2.0\)",
    ):
        run("path", "sam2-tiny")
    with pytest.raises(EngineError, match='Did you mean "sam2-tiny"'):
        run("path", "sam2-tny")


def test_nothing_is_fetched_that_is_here(run, tmp_path, monkeypatch):
    monkeypatch.setattr(fetching, "download", lambda *_, **__: pytest.fail("downloaded"))
    monkeypatch.setattr(fetching, "files_of", lambda *_, **__: pytest.fail("asked the hub"))
    place = put("dinov2-small", tmp_path)
    assert run("fetch", "facebook/dinov2-with-registers-small", "--json")["place"] == str(place)
    run("list", "--json")


def test_fetch_goes_through_the_library(run, tmp_path, monkeypatch):
    def hub(url, target, *, job, **_):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(b"weights")

    model = weights.MODELS["sam-pth"]
    monkeypatch.setattr(fetching, "download", hub)
    place = run("fetch", "sam-pth", "--json")["place"]
    assert place == str(tmp_path / "LUDVIG_MODELS" / "sam-pth")
    assert run("path", "sam-pth").strip() == place
    assert {row["id"] for row in run("list", "--json")["models"] if row["place"]} >= {model.id}
