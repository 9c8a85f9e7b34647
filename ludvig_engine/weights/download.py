"""Download one file over HTTP, so that it is complete and verified or not there.

A download can be watched and cancelled, and continues where it stopped.
"""

from __future__ import annotations

import errno
import hashlib
import http.client
import shutil
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from ..errors import EngineError
from ..outside import system, web
from ..progress import SILENT, Job
from ..stages import DOWNLOAD
from .folders import make_folder

CHUNK = 1 << 18  # bytes between two checks for cancellation
LISTING = 1 << 24  # bytes of a short answer at most; the hub's longest is a hundredth of that
TRIES = 3


def download(
    url: str,
    target: Path,
    *,
    size: int = 0,
    sha256: str = "",
    headers: Mapping[str, str] | None = None,
    job: Job = SILENT,
) -> None:
    """Download `url` to `target`. Until it is complete, the data is kept beside it as `.part`.

    `size` in bytes and `sha256` are those that the file must have; 0 and "" if unknown. `headers`
    are not sent to another host that the first one redirects to.

    Raises `EngineError` "no_network", "no_space", "gated", "not_found", "insecure" or "wrong_hash",
    and `Cancelled`.
    """
    part = target.with_name(target.name + ".part")
    make_folder(target.parent)
    for left in reversed(range(TRIES)):
        done = part.stat().st_size if part.exists() else 0
        if size and done > size:
            part.unlink()
            done = 0
        check_space(target, size - done)
        try:
            if not size or done < size:
                size = _receive(
                    url,
                    part,
                    done,
                    size,
                    dict(headers or {}),
                    DOWNLOAD.reading(f"Downloading {target.name}"),
                    job,
                )
            break
        except (http.client.HTTPException, OSError) as error:
            if (
                not left
                or isinstance(error, urllib.error.HTTPError)
                or getattr(error, "errno", 0) == errno.ENOSPC
            ):
                raise _explained(url, target, error) from error
    _verify(part, size, sha256)
    system.replace(part, target)


def get(url: str, *, headers: Mapping[str, str] | None = None) -> bytes:
    """The content of a short answer. Raises the network errors of `download`."""
    try:
        with _open(url, dict(headers or {}), {}) as answer:
            return answer.read(LISTING)
    except (http.client.HTTPException, OSError) as error:
        raise _explained(url, Path(url).name, error) from error


def _open(
    url: str, headers: dict[str, str], range_header: dict[str, str]
) -> http.client.HTTPResponse:
    # A token is meant for the hub, not for a host that it redirects to.
    return web.get(url, {"User-Agent": "ludvig-engine", **range_header}, headers)


def _receive(
    url: str, part: Path, done: int, size: int, headers: dict[str, str], stage: str, job: Job
) -> int:
    """Append the missing part of a file. Returns the size that the whole file must have."""
    with _open(url, headers, {"Range": f"bytes={done}-"} if done else {}) as answer:
        # The server does not continue files, so this is the whole file.
        if answer.status != 206:
            done = 0
        size = size or done + int(answer.headers.get("Content-Length", 0))
        with part.open("ab" if done else "wb") as file:
            while block := answer.read(CHUNK):
                job.check()
                file.write(block)
                done += len(block)
                job.report(stage, done, max(size, done))
                # Who sends more than promised could fill the disk.
                if size and done > size:
                    break
    if done < size:
        raise http.client.IncompleteRead(b"", size - done)
    return size


def _verify(part: Path, size: int, sha256: str) -> None:
    found = part.stat().st_size
    with part.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest() if sha256 else ""
    if (size and found != size) or digest != sha256:
        part.unlink()
        what = (
            f"{found:,} bytes instead of {size:,}"
            if size and found != size
            else f"SHA-256 {digest[:12]}…"
        )
        raise EngineError(
            "wrong_hash",
            f"{part.stem} was downloaded, but it is not the file that was expected ({what}). "
            "It has been deleted.",
            [
                "Fetch it again.",
                "If that repeats, a proxy on the way changes downloads: ask who runs it.",
            ],
        )


def check_space(target: Path, needed: int) -> None:
    """Raise `EngineError` "no_space" if the disk does not have room for `needed` more bytes."""
    free = shutil.disk_usage(target.parent).free
    if needed > free:
        raise EngineError(
            "no_space",
            f"{target.name} needs {needed / 1e6:,.0f} MB more, "
            f"but {target.parent} has {free / 1e6:,.0f} MB free.",
            ["Free some space, or set LUDVIG_MODELS to a folder on another disk."],
        )


def _explained(url: str, target: Path | str, error: Exception) -> EngineError:
    host = urllib.parse.urlsplit(url).netloc
    if getattr(error, "errno", 0) == errno.ENOSPC:
        return EngineError(
            "no_space", f"The disk filled up while {target} was downloaded.", ["Free some space."]
        )
    status = 0
    if isinstance(error, urllib.error.HTTPError):
        status = error.code
        error.close()
    if status in (401, 403):
        return EngineError(
            "gated",
            f"{host} refuses access to {url} (HTTP {status}).",
            [
                "Accept the model's license on its page "
                "and set HF_TOKEN to an access token of yours, or run `hf auth login`."
            ],
        )
    if status == 404:
        return EngineError(
            "not_found",
            f"{host} has no {url} (HTTP 404).",
            ["Update the engine: the file has moved."],
        )
    proxies = ", ".join(
        f"{kind} over {proxy}"
        for kind, proxy in urllib.request.getproxies().items()
        if kind != "no"
    )
    reason = f"HTTP {status}" if status else getattr(error, "reason", error)
    return EngineError(
        "no_network",
        f"{host} cannot be reached, or the connection broke off: {reason}.",
        [
            "Try again: what has arrived is kept and continued.",
            f"Check the proxy in use: {proxies}."
            if proxies
            else "Behind a proxy: set HTTPS_PROXY.",
            "Without a network: fetch on another computer and copy the models folder.",
        ],
    )
