"""What is said before Ray is spoken to, with Ray or without."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ludvig_engine.cluster import on_ray
from ludvig_engine.errors import EngineError


def test_without_ray_it_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(on_ray.packages, "has", lambda name: False)
    with pytest.raises(EngineError, match="ray is not installed") as caught:
        on_ray.on_ray("local", object)
    assert caught.value.kind == "missing_package"
    assert 'pip install "ludvig-engine[cluster]"' in caught.value.fixes[0].text


def test_words_that_are_no_address_are_refused(monkeypatch):
    monkeypatch.setattr(on_ray.packages, "has", lambda name: True)
    for wrong in ("", "here", "http://host:1", "ray://", "ray://host", "host", "--json", "a b:1"):
        with pytest.raises(EngineError, match="no address of a cluster"):
            on_ray.on_ray(wrong, object)
    for right in ("auto", "local", "ray://host:10001", "10.0.0.1:6379", "ray://[::1]:10001"):
        assert callable(on_ray.on_ray(right, object))


def test_ray_is_not_imported_unless_asked():
    script = "import sys, ludvig_engine.cluster.on_ray, ludvig_engine.cli.uplift; "
    script += "assert 'ray' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True)
