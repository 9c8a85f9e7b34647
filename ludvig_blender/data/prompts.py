"""What the user said about a segment: kept in the .blend with the camera it was said in, in the object's space.

The list of prompts is what a segment is found from; `request` makes of each what the engine is asked with.
"""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import (
    BoolProperty,
    EnumProperty,
    FloatProperty,
    FloatVectorProperty,
    IntVectorProperty,
    StringProperty,
)

from ..maths import kinds

ITEMS = [(k.id, k.label, k.about, k.icon, k.number) for k in kinds.KINDS.values()]


class LudvigPrompt(bpy.types.PropertyGroup):
    """One thing the user said. Its camera is a pinhole in object space: `methods.Viewport`.

    After a change the segment is found anew by `solve.start`; the panel changes prompts by `ludvig.prompt_change`, so
    that a change and what is found by it are one step of undo.
    """

    kind: EnumProperty(name="Kind", items=ITEMS)
    positive: BoolProperty(
        name="Belongs to It",
        description="Whether this shows the object, or what is not part of it",
        default=True,
    )
    through: BoolProperty(
        name="Through", description="Also means what lies behind the visible surface"
    )
    text: StringProperty(name="Text", description="Words for the object")
    viewmat: FloatVectorProperty(
        size=16, description="Object space to camera, row by row; OpenCV axes"
    )
    K: FloatVectorProperty(size=9, description="Intrinsics in pixels, row by row")
    size: IntVectorProperty(size=2, description="Width and height in pixels")
    pixels: StringProperty(description='Places in pixels from the upper left: "x y x y ..."')
    radius: FloatProperty(description="Half the width of a line, in pixels")
    unseen: StringProperty(
        description="Attribute with the splats that were hidden then; empty: none was"
    )


def add(segment: Any, kind: str, *, positive: bool, through: bool = False, text: str = "") -> Any:
    """A new prompt of a segment, to be placed by `place` unless it is text."""
    prompt = segment.prompts.add()
    prompt.kind = kind
    prompt.positive = positive
    prompt.through = through
    prompt.text = text
    return prompt


def place(prompt: Any, viewport: Any, pixels: Any, radius: float = 0.0) -> None:
    """Say where: pixels (P, 2), of a `methods.Viewport`."""
    from ..maths import strokes

    prompt.viewmat = viewport.viewmat.reshape(-1)
    prompt.K = viewport.K.reshape(-1)
    prompt.size = viewport.width, viewport.height
    prompt.pixels = strokes.text(pixels)
    prompt.radius = radius


def request(prompt: Any) -> Any:
    """A prompt as `methods.Prompt`."""
    import numpy as np

    from ...ludvig_engine.wire.methods import Prompt, Viewport
    from ..maths import strokes

    kind = kinds.KINDS[prompt.kind]
    if not kind.placed:
        return Prompt(kind.wire, positive=prompt.positive, text=prompt.text)
    viewmat, K = (
        np.array(prompt.viewmat, np.float64).reshape(4, 4),
        np.array(prompt.K, np.float64).reshape(3, 3),
    )
    return Prompt(
        kind.wire,
        positive=prompt.positive,
        through=prompt.through,
        viewport=Viewport(viewmat, K, *prompt.size),
        pixels=strokes.read(prompt.pixels).astype(np.float32),
        radius=prompt.radius,
    )


def title(prompt: Any) -> str:
    """A prompt in the panel's list."""
    return kinds.KINDS[prompt.kind].title(prompt)


def register() -> None:
    bpy.utils.register_class(LudvigPrompt)


def unregister() -> None:
    bpy.utils.unregister_class(LudvigPrompt)
