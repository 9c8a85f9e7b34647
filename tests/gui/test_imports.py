"""Files of each format, good and bad, are dropped: splats or a sentence, and Blender goes on."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from ludvig_engine.bench.fuzz.kinds import kinds
from ludvig_engine.io.load import load_scene

NAMES = (
    *("PLY", "PLY, gzipped", "PLY in a zip", "compressed PLY", ".splat", ".ksplat level 1"),
    *(".spz version 2", ".spz version 3", ".spz version 4"),
    *(".sog", ".sog version 2, unpacked"),
)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_imports(play, tmp_path):
    good = {name: write(tmp_path / "good" / str(n), name) for n, name in enumerate(NAMES)}
    bad = {
        name: cut(tmp_path / "bad" / str(n), path) for n, (name, path) in enumerate(good.items())
    }
    folder = tmp_path / "several"
    folder.mkdir()
    bad["empty"], bad["noise"] = tmp_path / "empty.ply", folder / "noise.ply"
    bad["pipe"], bad["endless"] = tmp_path / "pipe.ply", tmp_path / "endless.ply"
    bad["empty"].write_bytes(b"")
    bad["noise"].write_bytes(np.random.default_rng(0).bytes(1001))
    os.mkfifo(bad["pipe"])
    bad["endless"].symlink_to("/dev/zero")
    several = [shutil.copy(good[name], folder) for name in ("PLY", ".splat", ".sog")]
    said = play(
        "imports.py",
        "imports",
        good={name: str(path) for name, path in good.items()},
        bad={name: str(path) for name, path in bad.items()},
        several=[*map(str, several), str(bad["noise"])],
        shown=".sog",
    )
    for name, path in good.items():
        there = {"points": [len(load_scene(path))], "left": 0, "message": ""}
        assert said["good"][name] == there, name
    for name, path in bad.items():
        about = said["bad"][name]
        assert path.name in about["message"], name
        assert not about["points"] and not about["left"], name
    counts = sorted(len(load_scene(path)) for path in several)
    assert said["several"]["points"] == counts
    assert "noise.ply" in said["several"]["message"], (
        "the good ones are there, the bad one is named"
    )
    assert said["undo"]["points"] == [], "several files are one step back"
    assert said["redo"]["points"] == counts
    assert said["dialog"] == {"points": [len(load_scene(several[0]))], "left": 0, "message": ""}


def write(folder: Path, name: str) -> Path:
    """A good file of a kind; a meta.json stands for its folder."""
    folder.mkdir(parents=True)
    kind = kinds()[name]
    files = kind.files()
    for file, content in (kind.pack(files) if kind.pack else files).items():
        (folder / file).write_bytes(content)
    meta = folder / "meta.json"
    return meta if meta.exists() else next(folder.iterdir())


def cut(folder: Path, path: Path) -> Path:
    """The first half of a file."""
    folder.mkdir(parents=True)
    content = path.read_bytes()
    (folder / path.name).write_bytes(content[: len(content) // 2 - 1])
    return folder / path.name
