"""Engines for tests: a stand-in with predictable answers, and the real one if it can run here."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from extension import NAME, ROOT, blender_module

# The extension runs the engine from its own folder. An engine that is also installed from a
# checkout must not step in for a file that the zip lacks. Only what is compiled is the checkout's.
SUPPORT = ROOT / "tests/engine/support"
COMPILED = {"NUMBA_CACHE_LOCATOR_CLASSES": "kept_kernels.BesideTheCheckout"}
INSTALLED = """
import os, sys
sys.path[:] = [{folder!r}, *sys.path, {support!r}]
os.environ.update({compiled!r})
sys.meta_path[:] = [one for one in sys.meta_path if "Editable" not in getattr(one, "__name__", "")]
sys.argv[0] = "ludvig"
from ludvig_engine.cli import main
main()
"""
STAND_IN = (sys.executable, str(Path(__file__).with_name("stand_in.py")))


@contextmanager
def engine_by(*command, environment=None):
    """Let the extension start its engine by this command."""
    engine = blender_module("ludvig_blender.engine.link")
    package = blender_module("ludvig_blender.engine")
    place = SimpleNamespace(python=command[0], command=command, environment=environment or {})
    name = f"{NAME}.ludvig_blender.engine.interpreter"
    before = sys.modules.get(name)
    sys.modules[name] = package.interpreter = SimpleNamespace(find=lambda: place)
    engine.stop(wait=True)
    try:
        yield engine
    finally:
        engine.stop(wait=True)
        if before is None:
            del sys.modules[name], package.interpreter
        else:
            sys.modules[name] = package.interpreter = before


def about(thing):
    """A splat object as the engine knows it."""
    return blender_module("ludvig_blender.engine.subject").of(thing)


def installed() -> Path:
    """The folder that the extension's zip is unpacked in."""
    return Path(blender_module("ludvig_engine").__file__).parents[1]


def real_engine(folder: Path = ROOT):
    """The command of the real engine in a folder, by this Python or the repository's environment.

    Skips the test if neither has the engine's packages.
    """
    program = INSTALLED.format(folder=str(folder), support=str(SUPPORT), compiled=COMPILED)
    for python in (
        os.environ.get("LUDVIG_ENGINE_PYTHON"),
        sys.executable,
        ROOT / ".venv/bin/python",
    ):
        if python and Path(python).exists():
            test = [
                python,
                "-c",
                "import jaxtyping, numba, pycolmap, safetensors, skimage, sklearn, scipy, typer",
            ]
            if subprocess.run(test, capture_output=True, check=False).returncode == 0:
                return str(python), "-c", program, "serve"
    pytest.skip("no Python here has the engine's packages (LUDVIG_ENGINE_PYTHON names one)")
