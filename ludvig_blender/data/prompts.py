"""The prompts of a segment, each with the camera it was drawn in, in the object's space.

They are stored in the .blend. A segment is found from its list of prompts; `request` turns each
into the message that the engine takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import (
    BoolProperty,
    EnumProperty,
    FloatProperty,
    FloatVectorProperty,
    IntProperty,
    IntVectorProperty,
    StringProperty,
)

from ..maths import kinds

if TYPE_CHECKING:
    import numpy as np

    from ...ludvig_engine.wire import methods
    from . import types

ITEMS = [(k.id, k.label, k.about, k.icon, k.number) for k in kinds.KINDS.values()]


class LudvigPrompt(bpy.types.PropertyGroup):
    """One prompt. Its camera is a pinhole in object space: `methods.Viewport`.

    After changing a prompt, call `solve.start` to find the segment again. The panel changes prompts
    with the operator `ludvig.prompt_change`, so that a change and the new result are one undo step.
    """

    kind: EnumProperty(name="Kind", items=ITEMS)
    positive: BoolProperty(
        name="Belongs to It",
        description="Whether this prompt marks the object, or something that is not part of it",
        default=True,
    )
    through: BoolProperty(
        name="Through", description="The prompt also means what lies behind the visible surface"
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
        description="Attribute with the splats hidden when the prompt was made; empty: none were"
    )
    reading: IntProperty(description="The segment's reading when the prompt was made")


def add(
    segment: types.Segment, kind: str, *, positive: bool, through: bool = False, text: str = ""
) -> types.Prompt:
    """A new prompt of a segment; unless it is text, call `place` next."""
    prompt = segment.prompts.add()
    prompt.kind = kind
    prompt.positive = positive
    prompt.through = through
    prompt.text = text
    prompt.reading = segment.reading
    return prompt


def clear(segment: types.Segment) -> None:
    """Remove all prompts of a segment. The next one is read as it is most likely meant."""
    segment.prompts.clear()
    segment.reading = 0


def read_anew(segment: types.Segment) -> None:
    """Call this when another prompt has become the first one: readings are those of the first."""
    segment.reading = 0
    for prompt in segment.prompts:
        prompt.reading = 0


def first(segment: types.Segment) -> int | None:
    """The number of the prompt whose readings there are; None if no prompt is positive."""
    return next((n for n, prompt in enumerate(segment.prompts) if prompt.positive), None)


def place(
    prompt: types.Prompt, viewport: methods.Viewport, pixels: np.ndarray, radius: float = 0.0
) -> None:
    """Set where a prompt was drawn: pixels (P, 2) of a viewport."""
    from ..maths import strokes

    prompt.viewmat = viewport.viewmat.ravel().tolist()
    prompt.K = viewport.K.ravel().tolist()
    prompt.size = viewport.width, viewport.height
    prompt.pixels = strokes.text(pixels)
    prompt.radius = radius


def request(prompt: types.Prompt) -> methods.Prompt:
    """A prompt as the engine takes it."""
    import numpy as np

    from ...ludvig_engine.wire.methods import Prompt, Viewport
    from ..maths import strokes

    kind = kinds.KINDS[prompt.kind]
    if not kind.placed:
        return Prompt(kind.wire, positive=prompt.positive, text=prompt.text)
    viewmat = np.array(prompt.viewmat, np.float64).reshape(4, 4)
    K = np.array(prompt.K, np.float64).reshape(3, 3)
    return Prompt(
        kind.wire,
        positive=prompt.positive,
        through=prompt.through,
        viewport=Viewport(viewmat, K, *prompt.size),
        pixels=strokes.read(prompt.pixels).astype(np.float32),
        radius=prompt.radius,
        reading=prompt.reading,
    )


def title(prompt: types.Prompt) -> str:
    """The text of a prompt in the panel's list."""
    return kinds.KINDS[prompt.kind].title(prompt)


def register() -> None:
    bpy.utils.register_class(LudvigPrompt)


def unregister() -> None:
    bpy.utils.unregister_class(LudvigPrompt)
