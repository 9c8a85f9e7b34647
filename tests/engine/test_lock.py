"""The tool that writes the extension's requirements keeps what it cannot ask for."""

from __future__ import annotations

import io
import urllib.error

import pytest

from tools import lock

PAGE = """
<a href="/whl/cpu/torch-2.13.0%2Bcpu-cp312-cp312-win_amd64.whl#sha256={good}">torch</a>
<a href="/whl/cpu/torch-2.13.0%2Bcpu-cp313-cp313-win_amd64.whl">one without a hash</a>
<a href="/whl/cpu/torch-2.13.0%2Bcpu-cp310-cp310-win_amd64.whl#sha256={good}">older Python</a>
<a href="/whl/cpu/torch-2.14.0%2Bcpu-cp312-cp312-win_amd64.whl#sha256={good}">other version</a>
"""


@pytest.fixture
def offline(monkeypatch):
    def refuse(address, timeout):
        raise urllib.error.URLError("no network")

    monkeypatch.setattr(lock.urllib.request, "urlopen", refuse)


@pytest.mark.parametrize("build", lock.BUILDS)
def test_hashes_of_pytorchs_indexes_are_kept_while_they_cannot_be_asked(build, offline, capsys):
    text = lock.build_file(build).read_text("utf-8")
    assert lock.of_build(build, "2.13.0") == text
    assert "cannot be read, so its hashes stay" in capsys.readouterr().err
    assert "--hash" not in lock.of_build(build, "2.14.0"), "they are of another version"


def test_what_such_an_index_lists_is_added(monkeypatch):
    page = PAGE.format(good="a" * 64).encode()
    monkeypatch.setattr(lock.urllib.request, "urlopen", lambda *_, **__: io.BytesIO(page))
    assert lock.listed("cpu", "2.13.0") == {"torch-2.13.0+cpu-cp312-cp312-win_amd64.whl": "a" * 64}
    before = lock.build_file("cpu").read_text("utf-8").splitlines()
    after = lock.of_build("cpu", "2.13.0").splitlines()
    assert {line.rstrip(" \\") for line in before} < {line.rstrip(" \\") for line in after}
    assert sum("a" * 64 in line for line in after) == 2


def test_pins_are_versions_without_hashes():
    pins = lock.pins().splitlines()
    assert len(pins) == len({*pins}) > 60 and all("==" in pin and "\\" not in pin for pin in pins)
    assert "torch==2.13.0" in pins and "numpy==2.4.6 ; python_full_version < '3.12'" in pins
