"""The zip is what Blender's builder and users expect; enabling is quick and leaves nothing."""

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.util import find_spec
from pathlib import Path

import bpy
import pytest

import extension
from extension import NAME, ROOT, blender_module, built_zip, extension_cli
from tools import extension as packing
from tools import manifest

MENUS = (
    *("TOPBAR_MT_file_import", "TOPBAR_MT_file_export", "TOPBAR_MT_render"),
    "VIEW3D_MT_object_convert",
)


def registered():
    """Everything an add-on may leave: classes, properties, handlers, timers are named after it."""
    handlers = [
        h
        for name in dir(bpy.app.handlers)
        if isinstance(h := getattr(bpy.app.handlers, name), list)
    ]
    owners = (bpy.types.Object, bpy.types.Scene, bpy.types.WindowManager)
    called = [f for found in handlers for f in found if NAME in getattr(f, "__module__", "")]
    drawn = [f for menu in MENUS for f in getattr(bpy.types, menu).draw._draw_funcs]
    return {
        "types": sorted(n for n in dir(bpy.types) if "ludvig" in n.lower()),
        "operators": dir(bpy.ops.ludvig),
        "properties": [owner.__name__ for owner in owners if hasattr(owner, "ludvig")],
        "handlers": [f.__qualname__ for f in called],
        "keys": [item.idname for keymap, item in ours()],
        "menus": [f.__module__ for f in drawn if NAME in f.__module__],
    }


def ours():
    """The entries of the add-ons' keymaps that call something of this one, with their keymaps."""
    keymaps = bpy.context.window_manager.keyconfigs.addon.keymaps
    entries = [(keymap, item) for keymap in keymaps for item in keymap.keymap_items]
    return [one for one in entries if "LUDVIG" in getattr(one[1].properties, "name", "")]


def test_blenders_own_tool_accepts_it():
    extension_cli("validate", ROOT)
    extension_cli("validate", built_zip())


def test_the_list_of_files_is_up_to_date():
    assert not manifest.problems(), manifest.REMEDY


def test_zip_holds_what_is_listed_and_nothing_else():
    names = zipfile.ZipFile(built_zip()).namelist()
    assert sorted(names) == sorted([*manifest.listed(), "blender_manifest.toml"])
    tops = {name.split("/")[0] for name in names}
    packages = {"ludvig_blender", "ludvig_engine"}
    assert tops == {"__init__.py", "blender_manifest.toml", "LICENSE", "demo", *packages}
    assert "ludvig_blender/__init__.py" in names and "ludvig_engine/io/ply.py" in names
    assert not [name for name in names if name.startswith(manifest.OUTSIDE)]
    compiled = (".pyc", ".so", ".pyd", ".dll", ".nbi", ".nbc")
    assert not [name for name in names if name.endswith(compiled) or "/." in name]


def test_zip_takes_nothing_that_happens_to_lie_there(tmp_path):
    tree = tmp_path / "tree"
    for name in (*manifest.listed(), "blender_manifest.toml"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tree / name)
    for name in (
        *("demo.png", "notes.txt", ".env", "ludvig-0.1.0.zip", "demo_output/sheet.png"),
        *("scans/garden.ply", "ludvig_engine/.cache/big.bin", "ludvig_blender/notes.txt"),
        "ludvig_engine/__pycache__/errors.cpython-311.pyc",
    ):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("rubbish")
    extension_cli("build", "--source-dir", tree, "--output-dir", tmp_path)
    (packed,) = tmp_path.glob("*.zip")
    names = zipfile.ZipFile(packed).namelist()
    assert sorted(names) == sorted(zipfile.ZipFile(built_zip()).namelist())


def test_the_zip_of_our_own_builder_is_the_same(tmp_path):
    own, blenders = packing.build(tmp_path), built_zip()
    assert own.name == blenders.name
    extension_cli("validate", own)
    with zipfile.ZipFile(own) as one, zipfile.ZipFile(blenders) as other:
        assert sorted(one.namelist()) == sorted(other.namelist())
        for name in one.namelist():
            assert one.read(name) == other.read(name), name
    first = own.read_bytes()
    assert packing.build(tmp_path).read_bytes() == first


def test_a_stale_list_is_noticed(monkeypatch):
    right = manifest.listed()
    monkeypatch.setattr(manifest, "listed", lambda: [*right[:-1], "ludvig_engine/gone.py"])
    said = ["ludvig_engine/gone.py is listed but gone", f"{right[-1]} is not listed"]
    assert sorted(manifest.problems()) == sorted(said)


@pytest.mark.skipif(find_spec("typer") is None, reason="needs the engine's packages")
def test_the_command_line_does_without_what_stays_outside(tmp_path):
    zipfile.ZipFile(built_zip()).extractall(tmp_path)

    def ludvig(*arguments):
        command = [sys.executable, "-m", "ludvig_engine", *arguments]
        clean = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
        return subprocess.run(
            command, cwd=tmp_path, env=clean, capture_output=True, text=True, check=False
        )

    listing = ludvig("--help")
    assert listing.returncode == 0 and "bench" in listing.stdout, listing.stderr
    for arguments in (["bench", "lift", "--json"], ["eval", "captures", "."]):
        done = ludvig(*arguments)
        assert done.returncode == 2 and "Traceback" not in done.stderr, done.stderr
        assert "comes with the source code" in done.stdout + done.stderr


def test_versions_agree():
    manifest = tomllib.loads((ROOT / "blender_manifest.toml").read_text("utf-8"))
    assert manifest["version"] == blender_module("ludvig_engine").__version__
    assert manifest["blender_version_min"] == "4.5.0"


def test_a_repository_can_be_made(tmp_path):
    (tmp_path / built_zip().name).write_bytes(built_zip().read_bytes())
    extension_cli("server-generate", "--repo-dir", tmp_path, "--html")
    assert '"ludvig"' in (tmp_path / "index.json").read_text("utf-8")


def test_enable_and_disable_three_times():
    before = registered()
    assert all(before.values()), before
    for _ in range(3):
        bpy.ops.preferences.addon_disable(module=NAME)
        assert not any(registered().values()), registered()
        bpy.ops.preferences.addon_enable(module=NAME)
        assert registered() == before


# This runs in a Blender of its own: whoever holds the old modules would not see the ones that are
# imported again.
ENABLE = """
import sys
import bpy, extension
extension.install()
bpy.ops.preferences.addon_disable(module=extension.NAME)
for name in [name for name in sys.modules if name.startswith(extension.NAME)]:
    del sys.modules[name]
before = set(sys.modules)
bpy.ops.preferences.addon_enable(module=extension.NAME)
new = set(sys.modules) - before
late = (".splats", ".display", ".painter", ".scene")
heavy = [name for name in new if "numpy" in name or name.endswith(late)]
assert extension.NAME + ".ludvig_blender" in sys.modules
assert not heavy, f"these must wait until there are splats: {heavy}"
extension.remove()
"""


@pytest.mark.skipif(not bpy.app.module, reason="needs bpy as a module")
def test_enabling_imports_nothing_that_is_slow():
    here = os.pathsep.join((str(Path(extension.__file__).parent), str(ROOT)))
    done = subprocess.run(
        [sys.executable, "-c", ENABLE],
        env={**os.environ, "PYTHONPATH": here},
        text=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
