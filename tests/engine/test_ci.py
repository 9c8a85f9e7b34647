"""The file for the forge runs what is there."""

from __future__ import annotations

import os
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")


def test_it_runs_the_gate_on_linux():
    assert "- run: .ci/run\n" in TEXT and "ubuntu-latest" in TEXT
    assert os.access(ROOT / ".ci" / "run", os.X_OK) or os.name == "nt"


def test_the_tests_of_the_other_systems_are_there():
    named = re.findall(r"^ +(tests/\S+)$", TEXT, re.MULTILINE)
    assert len(named) > 5 and all((ROOT / name).is_dir() for name in named)
    assert "tests/engine/outside" in named, "the one that is about systems"
    assert {"windows-latest", "macos-14"} <= {*re.findall(r"[\w-]+", TEXT)}


def test_each_blender_has_its_python():
    import tasks

    linux = TEXT[TEXT.index("linux:") : TEXT.index("others:")]
    versions = set(re.findall(r"(?<![\d.])3\.\d+(?![\d.])", repr(tasks.BLENDERS)))
    assert set(re.findall(r"^ +(3\.\d+)$", linux, re.MULTILINE)) == versions
