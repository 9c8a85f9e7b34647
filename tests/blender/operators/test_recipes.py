"""The button of docs/recipes works when it is pressed."""

import importlib.util

import bpy
import numpy as np
import pytest
import recipes

from clouds import assert_same, gaussians, splat_object
from extension import NAME, blender_module

splats = blender_module("ludvig_blender.data.splats")
N = 30


@pytest.fixture
def operator(tmp_path):
    """The operator of the recipe, beside those of the extension."""
    copy = recipes.copied(tmp_path)
    assert not recipes.apply("button", copy)
    path = copy / "ludvig_blender" / "operators" / "editing.py"
    spec = importlib.util.spec_from_file_location(f"{NAME}.ludvig_blender.operators.recipe", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.CropSplats in module.CLASSES
    bpy.utils.register_class(module.CropSplats)
    yield bpy.ops.ludvig.crop
    bpy.utils.unregister_class(module.CropSplats)


def test_crop_keeps_what_is_selected_and_nothing_else(operator):
    thing = splat_object(gaussians(N))
    with pytest.raises(RuntimeError, match="poll"):
        operator()
    chosen = np.arange(N) % 3 == 0
    splats.set_selection(thing.data, chosen)
    operator()
    assert_same(splats.read(thing.data), gaussians(N).take(chosen))
