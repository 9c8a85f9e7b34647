"""What several tests of the viewport need."""

from __future__ import annotations

import pytest

from extension import blender_module
from region import Region

viewport = blender_module("ludvig_blender.viewport")


@pytest.fixture
def region():
    """A 3D viewport that is drawn without a window, and what draws in it ends with it."""
    made = Region()
    yield made
    viewport.drop()
    made.offscreen.free()
