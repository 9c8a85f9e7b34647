"""What a user does with the active splat object, and what is known of it."""

from __future__ import annotations

import bpy
import numpy as np

from extension import blender_module
from looks import pixel_of

splats = blender_module("ludvig_blender.data.splats")
segments = blender_module("ludvig_blender.data.segments")
FEW = 5  # splats that are chosen, all of the last heap


def run(operator, **options):
    """Call an operator as a user does, with a step of undo."""
    assert operator("EXEC_DEFAULT", True, **options) == {"FINISHED"}
    text = bpy.context.window_manager.ludvig.text
    assert not text, text


def thing():
    """The active object, which undo and other files replace."""
    return bpy.context.view_layer.objects.active


def selected():
    return splats.selection(thing().data)


def hidden():
    return segments.hidden(thing())


def of_heap(number):
    """Which splats have the color of a heap."""
    return splats.read(thing().data).sh0[:, 0].argmax(1) == number


def click(number=2, **options):
    """Click on the visible splat of a heap that is nearest to its middle."""
    means = splats.read(thing().data).means[of_heap(number) & ~hidden()]
    target = means[np.argmin(np.linalg.norm(means - means.mean(0), axis=1))]
    run(bpy.ops.ludvig.click, pixels=pixel_of(thing(), target), **options)


def choose(count=FEW):
    """Select some splats of the last heap, as a user does in Edit Mode."""
    chosen = np.zeros(len(thing().data.points), bool)
    chosen[np.flatnonzero(of_heap(2) & ~hidden())[:count]] = True
    splats.set_selection(thing().data, chosen)
    bpy.ops.ed.undo_push(message="choose")
