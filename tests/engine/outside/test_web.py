"""Downloads stay on https, and the proxy of the environment is used."""

from __future__ import annotations

import urllib.error

import pytest

import web as servers
from ludvig_engine.errors import EngineError
from ludvig_engine.outside import web
from ludvig_engine.weights.download import download, get

CONTENT = b"weights" * 1000


@pytest.fixture
def plain():
    with servers.serve() as site:
        yield site


@pytest.fixture
def safe(monkeypatch):
    """A server with https, whose certificate is trusted here."""
    monkeypatch.setenv("SSL_CERT_FILE", str(servers.CERTIFICATE))
    web.certificates.cache_clear()
    with servers.serve(tls=True) as site:
        yield site
    web.certificates.cache_clear()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_https_works_and_may_redirect_to_https(safe, tmp_path):
    safe.redirects["/a.bin"] = f"https://localhost:{safe.port}/elsewhere"
    safe.files["/elsewhere"] = CONTENT
    download(f"{safe.address}/a.bin", tmp_path / "a.bin", headers={"Authorization": "secret"})
    assert (tmp_path / "a.bin").read_bytes() == CONTENT
    assert [headers.get("Authorization") for _, headers in safe.seen] == ["secret", None]


def test_https_is_not_left(safe, plain, tmp_path):
    """Not even for a server of this computer: whoever redirects there may know what runs here."""
    plain.files["/elsewhere"] = CONTENT
    safe.redirects["/a.bin"] = f"{plain.address}/elsewhere"
    with pytest.raises(EngineError, match=r"redirects to http://127\.0\.0\.1.*not https") as caught:
        download(f"{safe.address}/a.bin", tmp_path / "a.bin", size=len(CONTENT))
    assert caught.value.kind == "insecure" and plain.seen == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("target", ["http://models.invalid/a", "ftp://models.invalid/a"])
def test_this_computer_does_not_redirect_to_others_without_https(target, plain):
    plain.redirects["/a.json"] = target
    with pytest.raises(EngineError, match="not https") as caught:
        get(f"{plain.address}/a.json")
    assert caught.value.kind == "insecure"


def test_this_computer_may_redirect_to_https(safe, plain):
    plain.redirects["/a.json"] = f"{safe.address}/b.json"
    safe.files["/b.json"] = b"{}"
    assert get(f"{plain.address}/a.json") == b"{}"


@pytest.mark.parametrize(
    "address",
    [
        *("http://models.invalid/a", "HTTP://models.invalid/a", "ftp://127.0.0.1/a"),
        *("file:///etc/passwd", "http://127.0.0.1.models.invalid/a", "http://user@1.2.3.4/a"),
        *("http://localhost@models.invalid/a", "http://0.0.0.0/a", "//models.invalid/a", "a"),
    ],
)
def test_what_is_not_opened(address):
    with pytest.raises(EngineError, match="downloads go over https") as caught:
        web.get(address, {}, {})
    assert caught.value.kind == "insecure"


@pytest.mark.parametrize(
    "address",
    ["https://a.example/x", "http://localhost/x", "http://127.9.9.9:80", "http://[::1]/x"],
)
def test_what_is_opened(address):
    web.check(address)


def test_a_setting_is_named():
    with pytest.raises(EngineError, match=r"HF_ENDPOINT is http://hub\.example, but"):
        web.check("http://hub.example", "HF_ENDPOINT")


def test_the_proxy_of_the_environment_is_used(plain, monkeypatch):
    monkeypatch.setenv("https_proxy", plain.address)
    with pytest.raises(urllib.error.URLError):
        web.get("https://models.invalid/a.json", {}, {})
    assert [path for path, _ in plain.seen] == ["models.invalid:443"]


def test_what_is_on_this_computer_does_not_go_through_a_proxy(plain, monkeypatch):
    """Or the answer would come from anywhere, over plain http."""
    plain.files["/a.json"] = b"{}"
    with servers.serve() as proxy:
        monkeypatch.setenv("http_proxy", proxy.address)
        assert get(f"{plain.address}/a.json") == b"{}" and proxy.seen == []


def test_who_sends_more_than_promised_does_not_fill_the_disk(plain, tmp_path, monkeypatch):
    plain.files["/a.bin"] = bytes(10_000_000)
    written = []
    monkeypatch.setattr(
        "ludvig_engine.weights.download._verify",
        lambda part, size, sha256: written.append(part.stat().st_size),
    )
    download(f"{plain.address}/a.bin", tmp_path / "a.bin", size=1000)
    assert written[0] < 1_000_000
