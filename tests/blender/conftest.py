"""Blender's tests need its module `bpy`; without it they are skipped.

There is a wheel of Blender 4.5 for Python 3.11, and those of 5.2 and 5.3 are for Python 3.13.
"""

from __future__ import annotations

from importlib.util import find_spec

import pytest

HAVE_BLENDER = find_spec("bpy") is not None
collect_ignore_glob = [] if HAVE_BLENDER else ["*"]
if HAVE_BLENDER:
    # It says where Blender's user folder is, so it must run before any test file imports bpy.
    import extension


def pytest_sessionfinish():
    if HAVE_BLENDER:
        extension.remove()


def pytest_terminal_summary(terminalreporter):
    if not HAVE_BLENDER:
        message = "SKIPPED tests/blender: no module bpy (pip install bpy==4.5.15 or bpy==5.3.0)"
        terminalreporter.write_line(message, yellow=True, bold=True)


@pytest.fixture(scope="session")
def features_cache(tmp_path_factory):
    """One cache of the real engine for all files: the features of a scene are computed once."""
    return {"LUDVIG_CACHE": str(tmp_path_factory.mktemp("cache"))}


@pytest.fixture(autouse=True)
def empty_scene():
    """Every test begins with an empty scene. The add-on stays enabled."""
    import bpy

    bpy.ops.wm.read_homefile(use_empty=True)
