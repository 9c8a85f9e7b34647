"""Who may import whom.

The extension imports few modules of the engine, which need nothing but NumPy. The engine never
imports Blender.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENGINE, ADDON = ROOT / "ludvig_engine", ROOT / "ludvig_blender"

# What also runs inside Blender, whose Python has the standard library and NumPy.
SHARED = {
    "methods",  # the wire's, under its public name
    *(
        f"wire.{name}"
        for name in ("protocol", "frames", "codec", "methods", "client", "process", "prompt_kinds")
    ),
    *("errors", "programs", "web", "scene", "arrays"),
    *("io.sh", "io.ply", "io.ply_header", "io.activation", "io.files", "io.atomic", "io.formats"),
    "features.table",
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


def name_of(path: Path, root: Path) -> str:
    """ "io.ply" of .../io/ply.py."""
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path, package: str) -> Iterator[str]:
    """Whole names of all that a file imports, at its top or inside functions.

    Examples: "numpy.linalg", "ludvig_engine.io.ply.read_ply".
    """
    inside = path.name == "__init__.py"
    place = f"{package}.{name_of(path, ROOT / package)}".removesuffix(".__init__").split(".")
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = place[: len(place) + inside - node.level] if node.level else []
            parts = [*base, *(node.module or "").split(".")]
            names = [".".join([*parts, alias.name]) for alias in node.names]
            yield from (name.strip(".").replace("..", ".") for name in names)


def modules(imported: str) -> set[str]:
    """The modules that an import runs: "io", "io.ply" for "ludvig_engine.io.ply.read_ply"."""
    parts = imported.split(".")[1:]
    found = {".".join(parts[:n]) for n in range(1, len(parts) + 1)}
    return {name for name in found if is_module(name)}


def is_module(name: str) -> bool:
    path = ENGINE.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def is_package(name: str) -> bool:
    return (ENGINE.joinpath(*name.split(".")) / "__init__.py").is_file()


ADDON_FILES = sorted(ADDON.rglob("*.py"))
ENGINE_FILES = sorted(ENGINE.rglob("*.py"))


@pytest.mark.parametrize("path", ADDON_FILES, ids=lambda path: name_of(path, ADDON))
def test_the_extension_imports_only_the_shared_modules(path):
    for imported in imports(path, "ludvig_blender"):
        top = imported.split(".")[0]
        assert top in STANDARD | BLENDER | {"ludvig_blender", "ludvig_engine"}, imported
        if top == "ludvig_engine":
            used = {name for name in modules(imported) if not is_package(name)}
            assert used <= SHARED, f"{imported} is not for the extension"


@pytest.mark.parametrize("name", sorted(SHARED))
def test_shared_modules_need_numpy_only(name):
    path = ENGINE.joinpath(*name.split(".")).with_suffix(".py")
    packages = {".".join(name.split(".")[:n]) for n in range(1, name.count(".") + 1)}
    for file in (
        path,
        ENGINE / "__init__.py",
        *(ENGINE.joinpath(*p.split(".")) / "__init__.py" for p in packages),
    ):
        for imported in imports(file, "ludvig_engine"):
            if imported.startswith("ludvig_engine"):
                used = {inner for inner in modules(imported) if not is_package(inner)}
                assert used <= SHARED, f"{file.name} imports {imported}"
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
    for imported in imports(path, "ludvig_engine"):
        assert imported.split(".")[0] not in {"bpy", "gpu", "mathutils", "ludvig_blender"}, imported


def test_the_check_itself_sees_imports(tmp_path, monkeypatch):
    """Relative, absolute, inside functions."""
    package = tmp_path / "ludvig_blender"
    (package / "inner").mkdir(parents=True)
    file = package / "inner" / "thing.py"
    file.write_text(
        "from ...ludvig_engine import pipeline\n"
        "def f():\n    import torch.nn\n    from . import other\n"
    )
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    assert list(imports(file, "ludvig_blender")) == [
        "ludvig_engine.pipeline", "torch.nn", "ludvig_blender.inner.other",
    ]  # fmt: skip
    assert modules("ludvig_engine.pipeline") == {"pipeline"}
    assert modules("ludvig_engine.io.ply.read_ply") == {"io", "io.ply"}
