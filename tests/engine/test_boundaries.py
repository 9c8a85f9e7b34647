"""Who may import whom.

The extension imports few modules of the engine, which need nothing but NumPy. The engine never
imports Blender.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from imports import imports, is_room, modules_of, name_of

ROOT = Path(__file__).resolve().parents[2]
ENGINE, ADDON = ROOT / "ludvig_engine", ROOT / "ludvig_blender"

# What also runs inside Blender, whose Python has the standard library and NumPy.
SHARED = {
    "methods",  # the wire's, under its public name
    *(
        f"wire.{name}"
        for name in (
            *(
                "protocol",
                "json_text",
                "frames",
                "error_message",
                "codec",
                "prompt_kinds",
                *("methods", "request", "session", "scenes", "features", "segments"),
                "hierarchy",
            ),
            *("connection", "handshake", "calls", "line", "connection_file", "process", "client"),
        )
    ),
    *(
        "errors",
        "arrays",
        "stages",
        "outside.packages",
        "outside.programs",
        "outside.system",
        "outside.web",
    ),
    *(f"scene.{name}" for name in ("gaussians", "cameras", "raster", "scene")),
    *("io.sh", "io.ply", "io.ply_header", "io.ply_rows", "io.ply_columns", "io.quantized"),
    *("io.activation", "io.files", "io.unpacked", "io.atomic", "io.formats"),
    *("io.splats", "io.compressed_ply", "io.antimatter", "io.spz", "io.ksplat"),
    *("planning.bounds", "features.table"),
}
BLENDER = {
    "bpy",
    "bpy_extras",
    "gpu",
    "gpu_extras",
    "mathutils",
    "blf",
    "bl_ui",
    "bl_ext",
    "addon_utils",
}
STANDARD = sys.stdlib_module_names | {"numpy", "__future__"}
# What has its own `except ImportError`.
OPTIONAL = {"arrays": {"jaxtyping"}}


def files_of(imported: str) -> set[str]:
    """The modules of the engine that an import runs, without the packages they are in."""
    return {name for name in modules_of(imported, ENGINE) if not is_room(name, ENGINE)}


ADDON_FILES = sorted(ADDON.rglob("*.py"))
ENGINE_FILES = sorted(ENGINE.rglob("*.py"))


@pytest.mark.parametrize("path", ADDON_FILES, ids=lambda path: name_of(path, ADDON))
def test_the_extension_imports_only_the_shared_modules(path):
    for imported in imports(path, ADDON):
        top = imported.split(".")[0]
        assert top in STANDARD | BLENDER | {"ludvig_blender", "ludvig_engine"}, imported
        if top == "ludvig_engine":
            assert files_of(imported) <= SHARED, f"{imported} is not for the extension"


@pytest.mark.parametrize("name", sorted(SHARED))
def test_shared_modules_need_numpy_only(name):
    path = ENGINE.joinpath(*name.split(".")).with_suffix(".py")
    packages = {".".join(name.split(".")[:n]) for n in range(1, name.count(".") + 1)}
    for file in (
        path,
        ENGINE / "__init__.py",
        *(ENGINE.joinpath(*p.split(".")) / "__init__.py" for p in packages),
    ):
        for imported in imports(file, ENGINE):
            if imported.startswith("ludvig_engine"):
                assert files_of(imported) <= SHARED, f"{file.name} imports {imported}"
            else:
                assert imported.split(".")[0] in STANDARD | OPTIONAL.get(name, set()), (
                    f"{file.name}: {imported}"
                )


def test_shared_modules_run_with_numpy_only():
    """Not only as they are written: in a Python where everything else refuses to be imported."""
    script = f"""
import importlib, sys
sys.path.insert(0, {str(ROOT)!r})
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] not in sys.stdlib_module_names | {{"numpy", "ludvig_engine"}}:
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
for name in {sorted(SHARED)!r}:
    importlib.import_module("ludvig_engine." + name)
print("io.ply" in str(sys.modules))
"""
    done = subprocess.run(
        [sys.executable, "-S", "-c", script],
        env={"PYTHONPATH": str(Path(sys.modules["numpy"].__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["True"]


@pytest.mark.parametrize("path", ENGINE_FILES, ids=lambda path: name_of(path, ENGINE) or "package")
def test_the_engine_knows_no_blender(path):
    for imported in imports(path, ENGINE):
        assert imported.split(".")[0] not in {"bpy", "gpu", "mathutils", "ludvig_blender"}, imported
