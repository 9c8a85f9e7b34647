"""The scene that ships, and what a user does first: open a scene, click on a thing of it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import bpy
import pytest

from extension import ROOT

DEMO = ROOT / "demo/scene"
# The default is embedded in the engine: it needs no weights.
FEATURES = os.environ.get("LUDVIG_TEST_FEATURES", "colour")


def demo():
    """The demo scene: splats, views, masks and clicks of each thing."""
    if not (DEMO / "scene.json").exists():
        pytest.skip("the demo scene is not built (demo/build_scene.py)")
    things = json.loads((DEMO / "scene.json").read_text("utf-8"))["objects"]
    clicks = {
        one["name"]: (DEMO / "masks" / one["name"], one["view"], one["click"]) for one in things
    }
    return DEMO / "splats.ply", DEMO, clicks


def opened(source):
    """Import a scene and its cameras; the object, and what is in the scene."""
    path, views, things = source()
    bpy.ops.ludvig.import_splats(filepath=str(path))
    thing = bpy.context.object
    bpy.ops.ludvig.import_cameras(filepath=str(views))
    thing.ludvig_features.extractor = FEATURES
    return thing, things


def click(thing, name, things):
    """Click on a thing in the camera of one of its photos, as often as it is called for."""
    _, view, (x, y) = things[name]
    camera = next(
        o for o in bpy.data.objects if o.type == "CAMERA" and Path(o.name).stem == Path(view).stem
    )
    bpy.context.scene.render.resolution_x, bpy.context.scene.render.resolution_y = camera[
        "ludvig_size"
    ]
    bpy.context.view_layer.objects.active = thing
    bpy.ops.ludvig.click("EXEC_DEFAULT", True, camera=camera.name, pixels=f"{x} {y}", segment=name)
    return thing.ludvig.segments[name]
