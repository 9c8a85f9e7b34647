"""Ask the Hugging Face hub which files a repository has, and choose those that a model needs."""

from __future__ import annotations

import fnmatch
import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..errors import EngineError
from ..io.safe_names import clash, is_safe
from ..outside import web
from .download import get
from .folders import hub_home
from .model import File, Model

# Settings, tokenizers and license terms.
WANTED = ("*.json", "*.txt", "*.model", "LICENSE*", "NOTICE*")
# Kinds of weights files, best first: the first kind that a repository has is fetched.
WEIGHTS = (
    *("model.safetensors", "model-*-of-*.safetensors", "pytorch_model.bin"),
    *("open_clip_model.safetensors", "open_clip_pytorch_model.bin"),
)
HUB = "https://huggingface.co"


def files_of(model: Model) -> tuple[str, list[File], dict[str, str]]:
    """The address of the model's commit, the files needed of it, and headers to ask with.

    Sizes and hashes are those of the table where it has them, else those that the hub lists.
    Raises `EngineError` "insecure", "no_network", "bad_file", "unsafe_name" or "wrong_hash", and
    the other errors of `get`.
    """
    endpoint = os.environ.get("HF_ENDPOINT", HUB).rstrip("/")
    web.check(endpoint, "HF_ENDPOINT")
    headers = {"Authorization": f"Bearer {found}"} if (found := token(endpoint)) else {}
    revision = model.commit or "main"
    url = f"{endpoint}/api/models/{model.source}/revision/{revision}?blobs=true"
    answer = get(url, headers=headers)
    try:
        said = json.loads(answer)
        commit = str(said["sha"])
        entries = {entry["rfilename"]: entry for entry in said["siblings"]}
        # What lies in folders is for other programs.
        listed = {name: _listed(name, entries[name]) for name in entries if "/" not in name}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise EngineError(
            "no_network",
            f"{endpoint} did not list the files of {model.source} ({error!r}).",
            ["Check HF_ENDPOINT and the proxy."],
        ) from error
    if model.commit not in ("", commit) or not re.fullmatch("[0-9a-f]+", commit):
        raise _another(model, f"commit {commit[:12]} instead of {model.commit[:12]}")
    wanted = _weights(model, listed)
    wanted += [name for kind in WANTED for name in fnmatch.filter(listed, kind)]
    _check_names(model, wanted)
    known = {file.name: file for file in model.files}
    return (
        f"{endpoint}/{model.source}/resolve/{commit}",
        [_agreed(model, listed[name], known.get(name)) for name in dict.fromkeys(wanted)],
        headers,
    )


def token(endpoint: str) -> str:
    """The user's access token: HF_TOKEN, or what Hugging Face's own tools have stored.

    The stored one was given for the hub, and goes to no other endpoint. "" if there is none.
    Raises `EngineError` "bad_input" if HF_TOKEN is set to something else.
    """
    if found := os.environ.get("HF_TOKEN", "").strip():
        if not (found.isascii() and found.isprintable()):
            raise EngineError(
                "bad_input",
                "HF_TOKEN is not an access token: those are letters and digits.",
                ["Set it to a token of yours, from huggingface.co/settings/tokens."],
            )
        return found
    place = Path(os.environ.get("HF_TOKEN_PATH") or hub_home() / "token").expanduser()
    try:
        stored = place.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return stored if endpoint == HUB and stored.isascii() and stored.isprintable() else ""


def _listed(name: str, entry: Mapping[str, Any]) -> File:  # Any: parsed JSON
    size, sha256 = entry["size"], (entry.get("lfs") or {}).get("sha256") or ""
    if type(size) is not int or size < 0:
        raise ValueError(f"{name} has {size} bytes")
    # For gated files, the hub may show something else in place of the hash.
    return File(name, size, sha256 if re.fullmatch("[0-9a-f]{64}", str(sha256)) else "")


def _weights(model: Model, listed: Iterable[str]) -> list[str]:
    names = [file.name for file in model.files]
    if names and set(names) <= set(listed):
        return names
    found = next((found for kind in WEIGHTS if (found := fnmatch.filter(listed, kind))), [])
    if names or not found:
        missing = ", ".join(names) or "weights in a format that this engine reads"
        raise EngineError(
            "bad_file",
            f"{model.source} does not have {missing}; it has "
            f"{', '.join(name for name in list(listed)[:9] if name.isprintable())}.",
            ["Choose another model: `ludvig models list` shows all."],
        )
    return found


def _check_names(model: Model, names: Iterable[str]) -> None:
    unsafe = next((name for name in names if not is_safe(name)), None)
    twice = clash(dict.fromkeys(names))
    if unsafe is None and twice is None:
        return
    what = (
        f"has a file called {unsafe!a}, which is not a file name on every system"
        if unsafe is not None
        else f"has {twice[0]!a} and {twice[1]!a}, which are one file on some systems"  # type: ignore[index]
    )
    raise EngineError(
        "unsafe_name",
        f"{model.source} {what}. Nothing was downloaded.",
        ["If you use a mirror, check HF_ENDPOINT; else tell the developers."],
    )


def _agreed(model: Model, listed: File, known: File | None) -> File:
    """The file with what is known of it. Raises `EngineError` "wrong_hash" if the hub disagrees."""
    if known is None:
        return listed
    for ours, theirs in ((known.sha256, listed.sha256), (known.size, listed.size)):
        if ours and theirs and ours != theirs:
            what = f"{known.name} with {str(theirs)[:12]} instead of {str(ours)[:12]}"
            raise _another(model, what)
    return File(known.name, known.size or listed.size, known.sha256)


def _another(model: Model, what: str) -> EngineError:
    return EngineError(
        "wrong_hash",
        f"The hub offers another {model.source} than the one that this engine knows: {what}. "
        "Nothing was downloaded.",
        ["If you use a mirror, check HF_ENDPOINT.", "Update the engine."],
    )
