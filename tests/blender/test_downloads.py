"""From *Download* to a selection, with models from a stand-in for the hub.

Their files have the published names and layout. The weights are tiny and random, so what is told is
that each step works, and not what is found.
"""

import hashlib
import json
import subprocess
import sys

import bpy
import pytest
from waiting import wait_for

from engines import installed, real_engine
from extension import ROOT, blender_module
from looks import CENTERS, click, heap, pixel_of, solid
from web import serve

catalog = blender_module("ludvig_blender.engine.catalog")
install = blender_module("ludvig_blender.engine.install")
features = blender_module("ludvig_blender.data.features")
link = blender_module("ludvig_blender.engine.link")
readings = blender_module("ludvig_blender.data.readings")
segments = blender_module("ludvig_blender.data.segments")
settings = blender_module("ludvig_blender.engine.settings")
pump = blender_module("ludvig_blender.engine.pump")
methods = blender_module("ludvig_engine.wire.methods")
table = blender_module("ludvig_engine.weights")

WEIGHTS = "model.safetensors"
PAGE = ("README.md", "preprocessor_config.json")
# By the model's id: what writes it, of tests/engine/support.
MAKERS = {
    "dinov2-small": "tiny_models.dinov2_with_registers",
    "siglip2": "tiny_models.siglip",
    "sam2-small": "tiny_sams.sam2",
}
MAKE = """
import sys
sys.path[:0] = sys.argv[2:]
from pathlib import Path
import tiny_models, tiny_sams
for id, make in {makers!r}.items():
    folder = Path(sys.argv[1], id)
    folder.mkdir()
    module, _, function = make.partition(".")
    getattr(globals()[module], function)(folder)
"""
# A Python for the preferences: its engine takes the tiny weights for the published ones.
# It runs the checkout's engine, whose kernels are compiled already.
PYTHON = """#!{python}
import os, sys
sys.path.insert(0, {root!r})
os.environ.pop("NUMBA_CACHE_DIR", None)
from dataclasses import replace
from ludvig_engine.weights import MODELS, table
from ludvig_engine.weights.model import File
assert sys.argv[1:3] == ["-m", "ludvig_engine"], sys.argv
for id, (size, digest) in {known!r}.items():
    MODELS[id] = replace(MODELS[id], files=(File({weights!r}, size, digest),))
table._TABLE = tuple(MODELS[row.id] for row in table._TABLE)
sys.argv[:3] = ["ludvig"]
from ludvig_engine.cli import main
main()
"""


@pytest.fixture(scope="module")
def repositories(tmp_path_factory):
    """The files of each model by name, made by the engine's Python."""
    python, *_ = real_engine(installed())
    folder = tmp_path_factory.mktemp("made")
    script = MAKE.format(makers=MAKERS)
    command = [python, "-c", script, *map(str, (folder, ROOT, ROOT / "tests/engine/support"))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"the engine's Python makes no models: {done.stderr[-200:]}")
    made = {}
    for id in MAKERS:
        made[id] = dict.fromkeys(PAGE, b"{}")
        made[id] |= {path.name: path.read_bytes() for path in (folder / id).iterdir()}
    return made


@pytest.fixture
def site(repositories, tmp_path, monkeypatch):
    """The stand-in for the hub, and a Blender that may go online and knows no other."""
    if sys.platform == "win32":
        pytest.skip("the stand-in for Python is a script")
    system = bpy.context.preferences.system
    before, system.use_online_access = system.use_online_access, True
    own = settings.get()
    known = {
        id: (len(files[WEIGHTS]), hashlib.sha256(files[WEIGHTS]).hexdigest())
        for id, files in repositories.items()
    }
    python = tmp_path / "python"
    real, *_ = real_engine(installed())
    python.write_text(PYTHON.format(python=real, known=known, weights=WEIGHTS, root=str(ROOT)))
    python.chmod(0o755)
    own.python, own.models = str(python), str(tmp_path / "models")
    own.cache = str(tmp_path / "cache")
    with serve() as site:
        for id, files in repositories.items():
            model = table.MODELS[id]
            site.add_repository(model.source, files, commit=model.commit or "c0ffee")
        monkeypatch.setenv("HF_ENDPOINT", site.address)
        monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
        monkeypatch.setenv("no_proxy", "*")
        link.stop(wait=True)
        yield site
        link.stop(wait=True)
    own.python = own.models = own.cache = ""
    install.Installation(settings.folder()).remove()  # the log
    settings.look()
    system.use_online_access = before


def download(id):
    done = bpy.ops.ludvig.fetch_model(model=id)
    assert done == {"FINISHED"}, bpy.context.window_manager.ludvig.text
    made = settings.get().models
    about = json.loads((ROOT / made / id / "ludvig.json").read_text("utf-8"))
    assert WEIGHTS in about["files"]


def extractor(spec):
    return next(info for info in catalog.extractors() if info.spec == spec)


def test_from_download_to_a_selection(site):
    thing = solid()
    thing.ludvig_features.extractor = "auto"
    # An artist looks at the menu after the engine has started.
    link.wait(link.ask(methods.MemoryInfo()))
    link.ask_about_itself()
    assert wait_for(catalog.extractors, pump.tick)
    assert not extractor("dinov2:small").ready
    assert extractor("dinov2:small").models == ("dinov2-small",)

    # The best features that are here are now those of the model.
    download("dinov2-small")
    assert wait_for(lambda: extractor("dinov2:small").ready, pump.tick)
    click(thing, 0)
    (segment,) = thing.ludvig.segments
    found = segments.mask(thing, segment)
    assert found[heap(0)].any() and not found.all()
    assert features.known(thing).title == "DINOv2 Small"

    # Words that another model knows are asked of the new one from then on.
    download("siglip2")
    bpy.ops.ludvig.text(text="a cat")
    segment = segments.active(thing)
    if segment.guess >= 0:
        bpy.ops.ludvig.guess()
    assert segments.mask(thing, segment).any()

    # A click by way of a SAM.
    download("sam2-small")
    thing.ludvig_features.sam = True
    assert wait_for(lambda: catalog.segmenter("sam2").ready, pump.tick)
    click(thing, 1)
    segment = segments.active(thing)
    before = segments.mask(thing, segment)
    assert before.any()
    steps = readings.steps(segment)
    assert len(steps) <= 3 and (not steps or segment.reading == 0)
    click(thing, 2, mode="REMOVE")
    after = segments.mask(thing, segment)
    assert after[heap(2)].sum() < max(before[heap(2)].sum(), 1)
    x, y = map(float, pixel_of(thing, CENTERS[0]).split())
    bpy.ops.ludvig.box(pixels=f"{x - 40} {y - 40} {x + 40} {y + 40}", mode="SET")
    assert segments.mask(thing, segment).any()
