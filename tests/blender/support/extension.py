"""The real extension: built by Blender's own builder, installed into a throw-away user folder.

from extension import blender_module
splats = blender_module("ludvig_blender.data.splats")
"""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[3]
NAME = "bl_ext.user_default.ludvig"
DATA = os.environ.get("LUDVIG_DATA")

# The user's own Blender must neither be read nor changed. Inside a Blender that runs pytest it is
# too late to set the variable: whoever starts that Blender has to.
_folder = Path(tempfile.mkdtemp(prefix="ludvig-blender-"))
if "bpy" not in sys.modules:
    # Blender ignores the variable if the folder does not exist.
    (_folder / "user").mkdir()
    os.environ["BLENDER_USER_RESOURCES"] = str(_folder / "user")

import bpy  # noqa: E402

from tools import manifest  # noqa: E402

VERSION = bpy.app.version


def extension_cli(*arguments: str | Path) -> str:
    """Run Blender's extension tool; its output."""
    tool = Path(sys.modules["bl_pkg"].__file__).parent / "cli/blender_ext.py"
    done = subprocess.run(
        [sys.executable, tool, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@cache
def built_zip() -> Path:
    """The extension, packed by Blender's builder."""
    assert not manifest.problems(), "\n".join((*manifest.problems(), manifest.REMEDY))
    extension_cli("build", "--source-dir", ROOT, "--output-dir", _folder)
    (path,) = _folder.glob("*.zip")
    return path


@cache
def install() -> None:
    bpy.ops.extensions.package_install_files(
        filepath=str(built_zip()), repo="user_default", enable_on_install=False, overwrite=True
    )
    # Python may have looked before the folder was there.
    importlib.invalidate_caches()
    bpy.ops.preferences.addon_enable(module=NAME)
    assert NAME in bpy.context.preferences.addons


def blender_module(name: str) -> ModuleType:
    """A module of the installed extension, such as "ludvig_blender.data.splats"."""
    install()
    return importlib.import_module(f"{NAME}.{name}")


def remove() -> None:
    shutil.rmtree(_folder, ignore_errors=True)
