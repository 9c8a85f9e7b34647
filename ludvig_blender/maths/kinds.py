"""The kinds of prompts that Blender makes: one class each, with everything that differs by kind.

Operators, tools, buttons, mouse input and the marks in the viewport are made from these classes.
The engine's half of each kind is the row of the same name in `ludvig_engine/wire/prompt_kinds.py`.
This module does not use bpy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ...ludvig_engine.errors import EngineError
from ..translation.say import say_report

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np

Place = tuple[float, float]
Stroke = tuple[list[Place], float, float]  # places, alpha, width in pixels

SMALLEST = 4  # the shortest side of a box, in pixels
MOST = 40  # points of a line that are looked up
# Where splats are looked up in a box, as fractions of its sides.
STEPS = (0.2, 0.35, 0.5, 0.65, 0.8)
# How many pixels the mouse moves before a line gets another point.
STEP = 2


class Worded(Protocol):
    """A prompt, as far as its title needs it."""

    text: str


class Kind:
    """A kind of prompt as it is stored, listed and named."""

    id: str  # in .blend files; on the wire in lower case
    number: int  # in .blend files
    label: str
    about: str
    icon: str
    placed = True  # drawn in a view; else it is text

    @property
    def wire(self) -> str:
        return self.id.lower()

    def title(self, prompt: Worded) -> str:
        """The text of a prompt in the panel's list."""
        return self.label


class Drawn(Kind):
    """A kind that is drawn in a view with the mouse."""

    needed: str  # what an error says is missing: "a place"
    action: str  # the operator's label
    tip: str  # the operator's description
    tool: str  # the tool's label
    tool_tip: str
    tool_icon = ""  # one of Blender's; else the tool has its own, of the kind's wire name
    at_once = False  # made by one press, not by dragging
    wide = False  # has a radius
    dots = False  # shown as dots, not as a line

    def extend(self, places: list[Place], place: Place) -> None:
        """Add the mouse's place to what has been drawn."""
        if not places or max(abs(place[0] - places[-1][0]), abs(place[1] - places[-1][1])) >= STEP:
            places.append(place)

    def stroke(self, places: list[Place], radius: float) -> Stroke | None:
        """What is shown while the user draws."""
        return None

    def complete(self, given: np.ndarray) -> bool:
        """Whether this number of pixels (P, 2) makes a prompt."""
        return len(given) > 0

    def inside(self, given: np.ndarray, width: int, height: int) -> np.ndarray:
        """The pixels that are inside a view of this size. Raises `EngineError` if none is."""
        import numpy as np

        last = np.array([width - 1, height - 1])
        within = np.all((given >= 0) & (given <= last), axis=1)
        if not within.any():
            x, y = given[0]
            what = say_report(
                "({x:g}, {y:g}) is outside the view of {width} x {height} pixels.",
                x=x,
                y=y,
                width=width,
                height=height,
            )
            raise EngineError("bad_input", what, ["Draw inside the view."])
        return given[within]

    def probes(self, pixels: np.ndarray) -> np.ndarray:
        """The pixels (Q, 2) at which the splats' surface is looked up, for the mark to lie on."""
        import numpy as np

        return pixels[np.unique(np.linspace(0, len(pixels) - 1, MOST).astype(int))]

    def outline(self, pixels: np.ndarray) -> np.ndarray | None:
        """The pixels (Q, 2) of a mark drawn at the surface's median depth; None: on the surface."""
        return None


class Click(Drawn):
    id = "CLICK"
    number = 0
    label = "Click"
    icon = "RESTRICT_SELECT_OFF"
    about = "A point on the object"
    needed = "a place"
    action = "Click on Object"
    tip = "Click on the object to find. Shift: also find this. Ctrl: exclude this"
    tool = "Find by Click"
    tool_tip = (
        "Click on an object made of splats to select it.\nShift: also find this. Ctrl: exclude this"
    )
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
    tip = "Draw a line over the object to find. Shift: also find this. Ctrl: exclude this"
    tool = "Find by Scribble"
    tool_tip = (
        "Draw over an object made of splats to select it."
        "\nShift: also find this. Ctrl: exclude this"
    )
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
    tip = "Draw a box around an object to find it. Shift: also find this. Ctrl: exclude this"
    tool = "Find in Box"
    tool_tip = (
        "Drag a box around an object to select it.\nShift: also find this. Ctrl: exclude this"
    )

    def extend(self, places: list[Place], place: Place) -> None:
        places[:] = [*places[:1], place]  # the first corner stays

    def stroke(self, places: list[Place], radius: float) -> Stroke | None:
        return (_around(*places), 1.0, 1.5) if len(places) == 2 else None

    def complete(self, given: np.ndarray) -> bool:
        return len(given) == 2

    def inside(self, given: np.ndarray, width: int, height: int) -> np.ndarray:
        """The box, cut off at the view's border. Raises `EngineError` if it is too small."""
        import numpy as np

        corners = np.clip(np.sort(given, axis=0), 0, np.array([width - 1, height - 1]))
        if (np.ptp(corners, axis=0) < SMALLEST).any():
            what = say_report("The box is less than {count} pixels wide or high.", count=SMALLEST)
            raise EngineError("bad_input", what, ["Drag it around the object."])
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

    def title(self, prompt: Worded) -> str:
        return f'"{prompt.text}"'


def _around(first: Iterable[float], second: Iterable[float]) -> list[Place]:
    """The border of a rectangle between two corners, closed."""
    (x0, y0), (x1, y1) = first, second
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]


KINDS: dict[str, Kind] = {kind.id: kind for kind in (Click(), Scribble(), Box(), Text())}


def drawn() -> list[Drawn]:
    """The kinds that have an operator and a tool, in the toolbar's order."""
    return [kind for kind in KINDS.values() if isinstance(kind, Drawn)]


def drawn_as(id: str) -> Drawn:
    """The kind called `id`, which is drawn in a view."""
    kind = KINDS[id]
    assert isinstance(kind, Drawn)
    return kind
