"""A local server in place of the hub, and nothing of whoever runs the tests."""

from __future__ import annotations

import pytest

from web import serve


@pytest.fixture
def site():
    with serve() as site:
        yield site


@pytest.fixture(autouse=True)
def nothing_outside(monkeypatch, tmp_path, site):
    """No network, no proxy, no models and no tokens of whoever runs the tests."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HF_TOKEN", "HF_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("HF_ENDPOINT", site.address)
    monkeypatch.setenv("LUDVIG_MODELS", str(tmp_path / "models"))
