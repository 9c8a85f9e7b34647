"""The extension's requirements, with versions and hashes: `python -m tools.lock`, with a network.

`requirements.txt` is the engine's; `-learned`, `-torch` and `-cuda` are what learned features take
besides. uv resolves them for all systems at once, and takes the hashes from the package index. Pins
are kept; give `--upgrade` to renew them. PyTorch's builds for one kind of device (`-torch-cpu`,
`-torch-cu130`) are on indexes of its own, which list a hash for most of them. A hash that such an
index does not list, or that cannot be asked for, stays as it is while PyTorch's version does.

`python -m tools.lock check` asks uv on which systems all of it can be installed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import urllib.error
import urllib.parse
import urllib.request
from itertools import product
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "ludvig_blender" / "engine"
CORE = FOLDER / "requirements.txt"
LEARNED, TORCH, CUDA = (
    FOLDER / f"requirements-{name}.txt" for name in ("learned", "torch", "cuda")
)
INDEX = "https://pypi.org/simple"
# `engine/torch_build.py` chooses among these and the package index.
BUILDS = ("cpu", "cu130")
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
# Systems by uv's names, and the version of macOS.
PLATFORMS = (
    *(("x86_64-manylinux_2_28", ""), ("aarch64-manylinux_2_28", "")),
    *(("x86_64-pc-windows-msvc", ""), ("aarch64-pc-windows-msvc", "")),
    *(("aarch64-apple-darwin", "14.0"), ("aarch64-apple-darwin", "13.0")),
    ("x86_64-apple-darwin", "15.0"),
)
# What PyTorch brings on Linux to use NVIDIA GPUs.
OF_CUDA = re.compile(r"(nvidia-|cuda-|triton==)")
MADE = "Made by: python -m tools.lock"


def main(arguments: list[str]) -> None:
    if arguments == ["check"]:
        check()
        return
    old = "" if arguments == ["--upgrade"] else pins()
    core = compiled(["pyproject.toml"], old)
    CORE.write_text(f"# The engine's packages, all pinned. {MADE}\n{''.join(core)}")
    needed = compiled(["-"], "\n".join(map(pin, core)) + "\n" + old, only_models())
    cuda = [block for block in needed if OF_CUDA.match(block)]
    (torch,) = [block for block in needed if block.startswith("torch==")]
    rest = [block for block in needed if block not in (*cuda, torch)]
    LEARNED.write_text(f"# What learned features take besides PyTorch. {MADE}\n" + "".join(rest))
    CUDA.write_text(
        "# What PyTorch takes on Linux besides, if its build is for NVIDIA GPUs: constraints.\n"
        f"# {MADE}\n" + "".join(cuda)
    )
    TORCH.write_text(f"# PyTorch as the package index has it. {MADE}\n{torch}")
    version = pin(torch).removeprefix("torch==")
    for build in BUILDS:
        build_file(build).write_text(of_build(build, version))


def compiled(arguments: list[str], constraints: str, given: str = "") -> list[str]:
    """What uv resolves, as one text for each package, with its version and hashes."""
    kept = ROOT / "build" / "pins.txt"
    kept.parent.mkdir(exist_ok=True)
    kept.write_text(constraints)
    command = ["uv", "pip", "compile", "--universal", "--python-version", PYTHONS[0]]
    command += ["--generate-hashes", "--no-header", "--no-annotate", "--quiet"]
    command += ["--default-index", INDEX, "-c", str(kept), *arguments]
    done = subprocess.run(
        command, cwd=ROOT, input=given, stdout=subprocess.PIPE, encoding="utf-8", check=True
    )
    blocks = re.findall(r"^\S.*\n(?: .*\n)*", done.stdout, re.MULTILINE)
    return [block for block in blocks if "sys_platform == 'emscripten'" not in block]


def only_models() -> str:
    """The requirements of the extra "models", without the engine's own."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return "\n".join(project["optional-dependencies"]["models"])


def pins() -> str:
    """The versions of all four files, without hashes."""
    texts = [path.read_text("utf-8") for path in (CORE, LEARNED, TORCH, CUDA) if path.exists()]
    blocks = [line for text in texts for line in text.splitlines() if line[:1].isalpha()]
    return "\n".join(dict.fromkeys(pin(block) for block in blocks)) + "\n"


def pin(block: str) -> str:
    return block.splitlines()[0].removesuffix(" \\")


def of_build(build: str, version: str) -> str:
    """The requirement of one of PyTorch's own builds. Its version says which build it is."""
    path = build_file(build)
    text = path.read_text("utf-8") if path.exists() else ""
    old = {name: digest for digest, name in re.findall(r"^# (\w{64}) (\S+)$", text, re.MULTILINE)}
    wheels = {name: old[name] for name in old if name.startswith(f"torch-{version}+{build}-")}
    wheels |= listed(build, version)
    hashes = [f"    --hash=sha256:{wheels[name]}" for name in sorted(wheels)]
    return "\n".join(
        [
            f"# PyTorch as its own index for {build} has it. {MADE}",
            *(f"# {wheels[name]} {name}" for name in sorted(wheels)),
            " \\\n".join([f"torch=={version}+{build}", *hashes]),
            "",
        ]
    )


def build_file(build: str) -> Path:
    return FOLDER / f"requirements-torch-{build}.txt"


def listed(build: str, version: str) -> dict[str, str]:
    """Hashes of wheels by name, as PyTorch's index for a build lists them."""
    address = f"https://download.pytorch.org/whl/{build}/torch/"
    try:
        with urllib.request.urlopen(address, timeout=30) as answer:
            page = urllib.parse.unquote(answer.read().decode())
    except urllib.error.URLError as error:
        print(f"{address} cannot be read, so its hashes stay: {error}", file=sys.stderr)
        return {}
    name = rf"torch-{re.escape(version)}\+{build}-cp3(?:11|12|13|14)-cp3\d\d-[\w.]+\.whl"
    return dict(re.findall(rf"({name})#sha256=(\w{{64}})", page))


def check() -> None:
    """Print the systems and Pythons for which every package has a wheel with a listed hash."""
    for (platform, macos), python in product(PLATFORMS, PYTHONS):
        why = lacking(platform, macos, python)
        print(f"{platform:24} {macos:5} {python:5} {'no' if why else 'yes'}  {why[:160]}")


def lacking(platform: str, macos: str, python: str, uv: str | Path = "uv") -> str:
    """What uv says is missing for a system and a Python; "" if all can be installed there."""
    command = [str(uv), "pip", "install", "--dry-run", "--quiet", "--target", "build/none"]
    command += ["--python-platform", platform, "--python-version", python]
    command += ["--only-binary", ":all:", "--require-hashes", "--default-index", INDEX]
    command += ["-r", str(CORE), "-r", str(LEARNED), "-r", str(TORCH), "-c", str(CUDA)]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **({"MACOSX_DEPLOYMENT_TARGET": macos} if macos else {})},
        stderr=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    )
    return " ".join(done.stderr.split()) if done.returncode else ""


if __name__ == "__main__":
    main(sys.argv[1:])
