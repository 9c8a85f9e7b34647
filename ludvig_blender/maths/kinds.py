"""The kinds of prompts that Blender makes: one class each, with all that differs between them.

Operators, tools, buttons, the drawing with the mouse and the marks in the viewport come from these. The other half of
each is the row of the same name in `ludvig_engine/wire/prompt_kinds.py`. Knows no bpy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...ludvig_engine.errors import EngineError

if TYPE_CHECKING:
    import numpy as np

Place = tuple[float, float]
Stroke = tuple[list[Place], float, float]  # places, alpha, width in pixels

SMALLEST = 4  # pixels of a box's side
MOST = 40  # points of a line that are looked for on the splats
STEPS = (0.2, 0.35, 0.5, 0.65, 0.8)  # of a box's sides: where it is looked through
STEP = 2  # pixels the mouse moves before a line gets another point


class Kind:
    """A kind of prompt as it is stored, listed and named."""

    id: str  # in .blend files; in small letters its name on the wire
    number: int  # in .blend files
    label: str
    about: str
    icon: str
    placed = True  # in a view; else it is words

    @property
    def wire(self) -> str:
        return self.id.lower()

    def title(self, prompt: Any) -> str:
        """A prompt in the panel's list."""
        return self.label


class Drawn(Kind):
    """A kind that is drawn in a view with the mouse."""

    needed: str  # "a place": what an error says is missing
    action: str  # the operator's label
    tip: str  # and its description
    tool: str  # the tool's label
    tool_tip: str
    tool_icon: str
    at_once = False  # a press is all; else the button is held while it is drawn
    wide = False  # has a radius
    dots = False  # is marked by dots and not by a line

    def extend(self, places: list[Place], place: Place) -> None:
        """The mouse is here now: add it to what has been drawn."""
        if not places or max(abs(place[0] - places[-1][0]), abs(place[1] - places[-1][1])) >= STEP:
            places.append(place)

    def stroke(self, places: list[Place], radius: float) -> Stroke | None:
        """What is shown while it is drawn."""
        return None

    def complete(self, given: np.ndarray) -> bool:
        """Whether so many pixels (P, 2) can be a prompt."""
        return len(given) > 0

    def inside(self, given: np.ndarray, width: int, height: int) -> np.ndarray:
        """The part that is in a view of this size: a line loses its points outside, unless it has none inside."""
        import numpy as np

        last = np.array([width - 1, height - 1])
        within: np.ndarray = ((given >= 0) & (given <= last)).all(1)
        if not within.any():
            raise EngineError(
                "bad_input",
                f"({given[0, 0]:g}, {given[0, 1]:g}) is outside the view of {width} x {height} pixels.",
                ["Draw inside the view."],
            )
        return given[within]

    def probes(self, pixels: np.ndarray) -> np.ndarray:
        """The pixels (Q, 2) in which the surface is looked for that the mark is drawn on."""
        import numpy as np

        return pixels[np.unique(np.linspace(0, len(pixels) - 1, MOST).astype(int))]

    def outline(self, pixels: np.ndarray) -> np.ndarray | None:
        """The pixels (Q, 2) of a line in the surface's middle depth; None: the mark is the surface that was found."""
        return None


class Click(Drawn):
    id = "CLICK"
    number = 0
    label = "Click"
    icon = "RESTRICT_SELECT_OFF"
    about = "A point on the object"
    needed = "a place"
    action = "Click on Object"
    tip = "Click on the object to find. Shift: also this. Ctrl: not this"
    tool = "Find by Click"
    tool_tip = "Click on an object made of splats to select it.\nShift: also this. Ctrl: not this"
    tool_icon = "ops.generic.select"
    at_once = True
    dots = True


class Scribble(Drawn):
    id = "SCRIBBLE"
    number = 1
    label = "Scribble"
    icon = "GREASEPENCIL"
    about = "A line over the object"
    needed = "a line"
    action = "Scribble over Object"
    tip = "Draw a line over the object to find. Shift: also this. Ctrl: not this"
    tool = "Find by Scribble"
    tool_tip = "Draw over an object made of splats to select it.\nShift: also this. Ctrl: not this"
    tool_icon = "ops.generic.select_paint"
    wide = True

    def stroke(self, places: list[Place], radius: float) -> Stroke | None:
        return places, 0.5, 2 * radius


class Box(Drawn):
    id = "BOX"
    number = 2
    label = "Box"
    icon = "SELECT_SET"
    about = "A rectangle around the object"
    needed = "two corners"
    action = "Box around Object"
    tip = "Draw a box around the object to find. Shift: also what is in this. Ctrl: nothing of this"
    tool = "Find in Box"
    tool_tip = "Drag a box around an object to select it.\nShift: also in this. Ctrl: nothing of it"
    tool_icon = "ops.generic.select_box"

    def extend(self, places: list[Place], place: Place) -> None:
        places[:] = [*places[:1], place]  # the first corner stays

    def stroke(self, places: list[Place], radius: float) -> Stroke | None:
        return (_around(*places), 1.0, 1.5) if len(places) == 2 else None

    def complete(self, given: np.ndarray) -> bool:
        return len(given) == 2

    def inside(self, given: np.ndarray, width: int, height: int) -> np.ndarray:
        """Cut off at the border."""
        import numpy as np

        corners = np.clip(np.sort(given, axis=0), 0, np.array([width - 1, height - 1]))
        if (np.ptp(corners, axis=0) < SMALLEST).any():
            raise EngineError(
                "bad_input",
                "The box is too small to hold anything.",
                ["Drag it around the object."],
            )
        return corners

    def probes(self, pixels: np.ndarray) -> np.ndarray:
        import numpy as np

        grid = np.stack(np.meshgrid(STEPS, STEPS), axis=-1).reshape(-1, 2)
        return pixels[0] + grid * (pixels[1] - pixels[0])

    def outline(self, pixels: np.ndarray) -> np.ndarray | None:
        import numpy as np

        return np.array(_around(*pixels))


class Text(Kind):
    id = "TEXT"
    number = 3
    label = "Text"
    icon = "VIEWZOOM"
    about = "Words for the object"
    placed = False

    def title(self, prompt: Any) -> str:
        return f'"{prompt.text}"'


def _around(first: Any, second: Any) -> list[Place]:
    """The border of a rectangle between two corners, closed."""
    (x0, y0), (x1, y1) = first, second
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]


KINDS: dict[str, Kind] = {kind.id: kind for kind in (Click(), Scribble(), Box(), Text())}


def drawn() -> list[Drawn]:
    """The kinds that have an operator and a tool to draw them with, in the order of the toolbar."""
    return [kind for kind in KINDS.values() if isinstance(kind, Drawn)]


def drawn_as(id: str) -> Drawn:
    """The kind called `id`, which is drawn in a view."""
    kind = KINDS[id]
    assert isinstance(kind, Drawn)
    return kind
