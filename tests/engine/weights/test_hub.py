"""What the hub answers is checked against what is known, and against what may be written."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest

from ludvig_engine.errors import EngineError
from ludvig_engine.weights import MODELS, fetch, status
from ludvig_engine.weights.hub import HUB, token
from ludvig_engine.weights.model import File

CONTENT = b"weights" * 1000
FILES = {"config.json": b'{"model_type": "dinov2"}', "model.safetensors": CONTENT}
COMMIT = "0123456789abcdef0123456789abcdef01234567"
WEIGHTS = File("model.safetensors", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
MODEL = replace(MODELS["dinov2-base"], commit=COMMIT, files=(WEIGHTS,))


def listing(site, **changes):
    """The hub's description of the model, to be changed and stored again."""
    path = f"/api/models/{MODEL.source}/revision/{COMMIT}?blobs=true"
    told = json.loads(site.files[path]) | changes
    site.files[path] = json.dumps(told).encode()
    return told["siblings"]


def asked(site):
    """The paths of what was downloaded."""
    return [path.rpartition("/")[2] for path, _ in site.seen if "/resolve/" in path]


def test_the_commit_of_the_table_is_fetched(site):
    site.add_repository(MODEL.source, FILES, commit=COMMIT)
    place = fetch(MODEL)
    assert all(COMMIT in path for path, _ in site.seen)
    about = json.loads((place / "ludvig.json").read_text())
    assert about["source"].endswith(COMMIT) and about["on_trust"] == ["config.json"]
    # The hub lists no hash of small files; that of what arrived is recorded.
    assert about["files"]["config.json"] == hashlib.sha256(FILES["config.json"]).hexdigest()


def test_without_a_pin_the_hub_is_trusted_and_that_is_recorded(site):
    site.add_repository(MODEL.source, FILES, commit=COMMIT)
    place = fetch(replace(MODEL, commit="", files=()))
    about = json.loads((place / "ludvig.json").read_text())
    assert about["on_trust"] == ["config.json", "model.safetensors"]
    assert about["files"]["model.safetensors"] == WEIGHTS.sha256 and COMMIT in about["source"]


def test_another_commit_is_refused(site):
    site.add_repository(MODEL.source, FILES, commit=COMMIT)
    listing(site, sha="f" * 40)
    with pytest.raises(EngineError, match="commit ffffffffffff instead of 0123456789ab") as caught:
        fetch(MODEL)
    assert caught.value.kind == "wrong_hash" and not asked(site)


@pytest.mark.parametrize("lfs", ["another", "hidden", "absent"])
def test_other_weights_are_refused(lfs, site):
    """Before gigabytes are downloaded if the hub lists a hash, and after if it does not."""
    other = CONTENT[:-1] + b"?"
    site.add_repository(MODEL.source, {**FILES, "model.safetensors": other}, commit=COMMIT)
    if lfs != "another":
        siblings = listing(site)
        siblings[1] |= {"lfs": {"sha256": "*" * 64}} if lfs == "hidden" else {"lfs": None}
        listing(site, siblings=siblings)
    with pytest.raises(EngineError) as caught:
        fetch(MODEL)
    assert caught.value.kind == "wrong_hash" and status()[MODEL.id] is None
    assert ("model.safetensors" in asked(site)) == (lfs != "another")


def test_a_size_that_is_not_known_is_the_hubs(site):
    site.add_repository(MODEL.source, FILES, commit=COMMIT)
    place = fetch(replace(MODEL, files=(replace(WEIGHTS, size=0),)))
    assert (place / "model.safetensors").read_bytes() == CONTENT


@pytest.mark.parametrize("size", [-1, "7000", None, 1.5, True])
def test_sizes_that_are_none(size, site):
    site.add_repository(MODEL.source, FILES, commit=COMMIT)
    siblings = listing(site)
    siblings[0]["size"] = size
    listing(site, siblings=siblings)
    with pytest.raises(EngineError, match="did not list the files") as caught:
        fetch(MODEL)
    assert caught.value.kind == "no_network" and not asked(site)


@pytest.mark.parametrize(
    "name",
    [
        *("..\\..\\evil.json", "C:evil.json", "C:\\evil.json", "a.json:evil.json", "nul.json"),
        *("evil\n.json", "LICENSE.", "LICENSE \u202e", "LICENSE\\..\\..\\evil", "CONFIG.JSON"),
    ],
)
def test_names_that_are_no_names_everywhere(name, site, tmp_path):
    site.add_repository(MODEL.source, {**FILES, name: b"{}"}, commit=COMMIT)
    if name == "CONFIG.JSON":
        site.add_repository(MODEL.source, {**FILES, "CONFIG.json": b"{}"}, commit=COMMIT)
    with pytest.raises(EngineError, match="Nothing was downloaded") as caught:
        fetch(MODEL)
    assert caught.value.kind == "unsafe_name" and not asked(site)
    assert str(caught.value).isprintable(), "a terminal is not controlled by a name"
    assert not (tmp_path / "models").exists()


def test_what_is_in_folders_or_not_needed_may_have_any_name(site, tmp_path):
    others = {"../evil.json": b"{}", "onnx/model.onnx": b"", "NUL": b"", "a:b.md": b""}
    site.add_repository(MODEL.source, {**FILES, **others}, commit=COMMIT)
    assert {p.name for p in fetch(MODEL).iterdir()} == {*FILES, "ludvig.json"}
    assert {p.name for p in tmp_path.iterdir()} == {"models"}


def test_weights_in_no_known_format_are_not_a_fault_of_the_network(site):
    files = {"tf_model.h5": CONTENT, "config.json": b"{}"}
    site.add_repository(MODEL.source, files, commit=COMMIT)
    with pytest.raises(EngineError, match=r"has tf_model\.h5") as caught:
        fetch(MODEL)
    assert caught.value.kind == "bad_file"
    with pytest.raises(EngineError, match="weights in a format that this engine reads"):
        fetch(replace(MODEL, files=()))


def test_an_interrupted_download_of_another_commit_leaves_nothing(site, tmp_path):
    old = tmp_path / "models" / f".{MODEL.id}.part"
    old.mkdir(parents=True)
    (old / "model.safetensors").write_bytes(CONTENT[:-1] + b"?")
    (old / "config.json").write_bytes(FILES["config.json"].replace(b"2", b"3"))
    (old / "generation_config.json").write_text("{}")
    site.add_repository(MODEL.source, FILES, commit=COMMIT)
    place = fetch(MODEL)
    assert {p.name: p.read_bytes() for p in place.iterdir() if p.name != "ludvig.json"} == FILES


def test_a_finished_file_is_not_downloaded_again(site, tmp_path):
    old = tmp_path / "models" / f".{MODEL.id}.part"
    old.mkdir(parents=True)
    (old / "model.safetensors").write_bytes(CONTENT)
    site.add_repository(MODEL.source, FILES, commit=COMMIT)
    fetch(MODEL)
    assert asked(site) == ["config.json"]


def test_the_hub_is_asked_over_https(monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://mirror.example")
    with pytest.raises(EngineError, match="HF_ENDPOINT is http://mirror") as caught:
        fetch(MODEL)
    assert caught.value.kind == "insecure"


def test_the_pinned_commit_of_the_cache_of_other_tools_comes_first(tmp_path):
    cached = tmp_path / "hub" / ("models--" + MODELS["dinov2-base"].source.replace("/", "--"))
    for commit in (MODELS["dinov2-base"].commit, "abc"):
        (cached / "snapshots" / commit).mkdir(parents=True)
        (cached / "snapshots" / commit / "model.safetensors").write_bytes(b"x")
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text("abc\n")
    assert status()["dinov2-base"].name == MODELS["dinov2-base"].commit
    (cached / "refs" / "main").write_text("../../elsewhere\n")
    (cached / "snapshots" / MODELS["dinov2-base"].commit / "model.safetensors").unlink()
    (tmp_path / "hub" / "elsewhere").mkdir()
    (tmp_path / "hub" / "elsewhere" / "model.safetensors").write_bytes(b"x")
    assert status()["dinov2-base"] is None


def test_tokens(tmp_path, monkeypatch):
    """The one that other tools have stored is the hub's; what the user sets goes where they say."""
    assert token(HUB) == ""
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "token").write_text("hf_stored\n")
    assert token(HUB) == "hf_stored" and token("https://mirror.example") == ""
    monkeypatch.setenv("HF_TOKEN_PATH", str(tmp_path / "mine"))
    assert token(HUB) == ""
    (tmp_path / "mine").write_bytes(b"\xff\xfe")
    assert token(HUB) == ""
    (tmp_path / "mine").write_text("two\nlines")
    assert token(HUB) == "", "it would add a header of its own"
    monkeypatch.setenv("HF_TOKEN", "hf_set\n")
    assert token(HUB) == token("https://mirror.example") == "hf_set"
    monkeypatch.setenv("HF_TOKEN", "hf_set\nX-Other: header")
    with pytest.raises(EngineError, match="HF_TOKEN is not an access token"):
        token(HUB)


def test_the_stored_token_is_where_hugging_face_s_tools_put_it(tmp_path, monkeypatch):
    """In the home folder on every system, unless one of three variables says otherwise."""
    for name in ("HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pathlib.Path.home", lambda: tmp_path)
    places = {
        tmp_path / ".cache" / "huggingface" / "token": {},
        tmp_path / "xdg" / "huggingface" / "token": {"XDG_CACHE_HOME": tmp_path / "xdg"},
        tmp_path / "hf" / "token": {"HF_HOME": tmp_path / "hf"},
        tmp_path / "own" / "secret": {"HF_TOKEN_PATH": tmp_path / "own" / "secret"},
    }
    for number, (place, variables) in enumerate(places.items()):
        place.parent.mkdir(parents=True)
        place.write_text(f"hf_{number}\n")
        for name, value in variables.items():
            monkeypatch.setenv(name, str(value))
        assert token(HUB) == f"hf_{number}", place


def test_a_gated_model_is_fetched_with_a_token_alone(site, monkeypatch):
    """What the hub does: without access 401, with it the files."""
    site.add_repository(MODEL.source, FILES, commit=COMMIT)
    site.token = "hf_right"
    for said in ("", "hf_wrong"):
        monkeypatch.setenv("HF_TOKEN", said)
        with pytest.raises(EngineError, match="Accept the model's license") as caught:
            fetch(MODEL)
        assert caught.value.kind == "gated"
    monkeypatch.setenv("HF_TOKEN", "hf_right")
    assert (fetch(MODEL) / "model.safetensors").read_bytes() == CONTENT
