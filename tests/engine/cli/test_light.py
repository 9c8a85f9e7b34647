"""A command imports what its work needs, when it needs it: wrong files are refused at once.

Seconds would depend on the machine, so what is imported is asserted. Commands that should not
import something are run one after another in a process: whichever does, it is there from then on.
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from collections.abc import Iterator, Sequence

import pytest

import small_scene
from ludvig_engine import cli
from ludvig_engine.paper.configs import CONFIGS
from ludvig_engine.paper.names import NAMES

# Each of these takes a fifth of a second to a second, or 50 MB.
HEAVY = {"numba", "pycolmap", "scipy.spatial", "scipy.stats", "scipy.optimize", "sklearn", "torch"}
# Fast enough where pictures are read, but no list of options needs them.
PICTURES = {"PIL", "scipy", "skimage"}
NUMBERS = {"numpy", "jaxtyping"}
SCRIPT = """
import json, sys
import ludvig_engine.cli as cli
for line in json.loads(sys.argv[1]):
    sys.argv[1:] = line
    code = 0
    try:
        cli.main()
    except SystemExit as end:
        code = end.code or 0
    print(json.dumps([code, sorted(sys.modules)]), file=sys.stderr)
"""


def imported(*lines: Sequence[object]) -> Iterator[tuple[str, int, set[str]]]:
    """Each command line, its exit code, and what it and those before it have imported."""
    given = [[str(argument) for argument in line] for line in lines]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(given)], capture_output=True, text=True
    )
    found = [json.loads(text) for text in done.stderr.splitlines() if text.startswith("[")]
    for line, (code, modules) in zip(given, found, strict=True):
        yield " ".join(line), code, set(modules)


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    return small_scene.write(tmp_path_factory.mktemp("light") / "scene")


WORK = {
    "info": (),
    "segment": ("--out=r.safetensors", "--click=photo_0:1,1"),
    "render": ("--view=all", "--what=rgb", "--out=pictures"),
    "uplift": ("--out=u.safetensors",),
}


def test_the_list_of_verbs_imports_none_of_them():
    ((_, code, modules),) = imported(["--help"])
    assert code == 0 and not (HEAVY | PICTURES | NUMBERS) & modules
    assert not {f"ludvig_engine.cli.{verb}" for verb in cli.VERBS} & modules


def test_neither_does_a_wrong_word_import_what_computes():
    for line, _, modules in imported(["nothing"], ["info", "--nothing"], ["render", "--help"]):
        assert not HEAVY & modules, line


def test_wrong_splat_files_are_refused_without_what_computes(scene, tmp_path):
    lines = []
    for n, content in enumerate(("", "ply\nformat", "no splats\n" * 1000)):
        splats = tmp_path / f"{n}.ply"
        splats.write_text(content)
        lines += [(verb, splats, "--views", scene, *given) for verb, given in WORK.items()]
    for line, code, modules in imported(*lines):
        assert code == 2 and not HEAVY & modules, line


def test_wrong_camera_files_too(scene, tmp_path):
    lines = []
    for n, content in enumerate(("", "[]", '{"frames": [{"file_path": "a.jpg"}]}')):
        cameras = tmp_path / str(n) / "transforms.json"
        cameras.parent.mkdir()
        cameras.write_text(content)
        asked = (scene / "splats.ply", "--views", cameras)
        lines += [(verb, *asked, *given) for verb, given in WORK.items()]
    for line, code, modules in imported(*lines):
        assert code == 2 and not HEAVY & modules, line


def test_and_damaged_models_of_colmap(scene, tmp_path):
    """They are cut short, or have a lens or a pose that is none."""
    lines = []
    for damage in ({"cameras": 30}, {"images": 40}, {"focal": 1e300}, {"length": 0.0}):
        camera = struct.pack("<QIiQQ3d", 1, 1, 0, 8, 8, damage.get("focal", 8), 4, 4)
        pose = struct.pack("<7d", damage.get("length", 1.0), 0, 0, 0, 0, 0, 0)
        image = struct.pack("<QI", 1, 1) + pose + struct.pack("<I", 1) + b"a.jpg\0" + bytes(8)
        model = tmp_path / next(iter(damage))
        model.mkdir()
        for name, content in {"cameras": camera, "images": image}.items():
            (model / f"{name}.bin").write_bytes(content[: damage.get(name, len(content))])
        lines.append(("info", scene / "splats.ply", "--views", model))
    for line, code, modules in imported(*lines):
        assert code == 2 and not HEAVY & modules, line


def test_a_right_file_is_drawn_but_nothing_is_learned(scene):
    ((_, code, modules),) = imported(("info", scene / "splats.ply", "--views", scene))
    assert code == 0 and {"numba", "pycolmap"} <= modules
    assert not {"sklearn", "torch", "scipy.stats"} & modules


@pytest.mark.parametrize("verb", cli.VERBS)
def test_the_list_says_what_the_help_of_each_verb_begins_with(verb):
    verbs = cli._verbs(verb)
    about = verbs.info.help if isinstance(verbs.info.help, str) else ""
    for one in () if about else verbs.registered_commands:
        about = one.callback.__doc__
    assert " ".join(about.split()).startswith(cli.VERBS[verb])


def test_the_names_of_the_experiments_are_those_of_the_table():
    assert tuple(CONFIGS) == NAMES


def test_an_engine_answers_before_it_imports_what_only_clicks_need():
    script = "import json, sys, ludvig_engine.service.handlers; print(json.dumps([*sys.modules]))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert not {"pycolmap", "sklearn", "torch", "scipy.stats"} & {*json.loads(done.stdout)}
