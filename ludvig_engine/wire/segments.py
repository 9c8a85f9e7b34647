"""Requests about segments: prompts, and the Gaussians that they mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from numpy import ndarray as Array

from ..errors import EngineError
from .prompt_kinds import KINDS
from .request import Request, exactly_one
from .scenes import Viewport

PLACES = ("pixels", "points", "mask")  # the fields of a prompt that tell where


@dataclass(frozen=True)
class Prompt:
    """One hint of the user about the object: in the photo `view`, in `viewport`, or in space.

    A click has one or more points. A scribble is a line through its points, `radius` wide to either
    side, or a mask of what was painted. A box has two corners. A mask is complete: it shows the
    object, and what it leaves out is not part of the object.
    """

    kind: str  # a row of prompt_kinds.KINDS
    positive: bool = True  # False: this is not the object
    through: bool = False  # True: also what lies behind the visible surface
    view: str = ""  # the photo's view
    viewport: Viewport | None = None
    # x, y in the photo file or the viewport, as indices: (0, 0) is the middle of the upper left
    # pixel. Cameras (`Viewport.K`, `SceneOpened.Ks`) have that middle at (0.5, 0.5) instead; the
    # engine adds the 0.5.
    pixels: Annotated[Array, "F32", "P 2"] | None = None
    points: Annotated[Array, "F32", "P 3"] | None = None  # scene units, object space
    # As large as the photo file or the viewport.
    mask: Annotated[Array, "BOOL", "H W"] | None = None
    radius: float = 0.0  # pixels for `pixels`, scene units for `points`
    text: str = ""
    # The reading that was shown when it was made, as `RunSegment.reading`; None: that one.
    reading: int | None = None

    def __post_init__(self) -> None:
        kind = KINDS.get(self.kind)
        if kind is None:
            raise EngineError(
                "bad_request", f"kind is {self.kind!r:.40}, expected one of {', '.join(KINDS)}."
            )
        if kind.words:
            exactly_one(self, *kind.given)
            exactly_one(self, *kind.given, *PLACES)  # a text has no place
            return
        exactly_one(self, *PLACES)
        if self.points is None:
            exactly_one(self, "view", "viewport")
        name = next(name for name in PLACES if getattr(self, name) is not None)
        if name not in kind.given:
            lacks = f"needs {kind.needed}" if len(kind.given) == 1 else f"has no {name}"
            raise EngineError("bad_request", f"A {self.kind} prompt {lacks}.")
        if kind.count and len(getattr(self, name)) != kind.count:
            raise EngineError("bad_request", f"A {self.kind} prompt needs {kind.needed}.")


@dataclass(frozen=True)
class Segment:
    scores: Annotated[Array, "F32", "N"]  # 0..1
    selected: Annotated[Array, "BOOL", "N"]  # scores > threshold
    threshold: float  # given, or found
    extractor: str  # the one that ran
    # How sure the answer is, in numbers: seeds, agreement with the prompts, ...
    evidence: dict[str, float]
    timings: dict[str, float]  # seconds by the ids of stages.py
    notes: tuple[str, ...] = ()
    # What the first click may mean, from part to whole, as steps from the best guess, 0; none: the
    # prompts leave no choice. All follow all prompts.
    readings: tuple[int, ...] = ()
    reading: int = 0  # the one of them that is selected
    # How many of the readings leave out each Gaussian: number k of them selects levels <= k.
    levels: Annotated[Array, "U8", "N"] | None = None
    found: bool = True  # False: none of the words is found in the scene, and nothing is selected
    # If not found: scores above this are the best guess.
    guess: float | None = None
    title: str = ""  # of the extractor, for people; "auto" is the one that it stood for
    # From how many pictures it was not found yet, and from how many it was (`RunSegment.early`).
    unread: int = 0
    read: int = 0


@dataclass(frozen=True)
class RunSegment(Request[Segment], method="segment/run"):
    """Find the object that the prompts mean. A later call computes only what new prompts change."""

    scene: str
    prompts: tuple[Prompt, ...]
    extractor: str = "colour"
    threshold: float | None = None  # 0..1; None: found by agreement with the prompts
    # True: scores spread along the graph. False: only the features decide.
    diffusion: bool = True
    # A running or waiting request with the same word here is superseded by this one.
    replaces: str = ""
    # Which Gaussians the editor showed when each of the P prompts was made. Those it had hidden do
    # not occlude the others. None: all were shown.
    visible: Annotated[Array, "BOOL", "N P"] | None = None
    # How the first click is read: steps from the best guess, below 0 towards a part of it, above 0
    # towards the whole. The nearest is taken of those that there are, which the answer tells.
    reading: int = 0
    # The SAM that turns clicks and boxes into masks first, such as "sam2", and outlines what words
    # find; "": none.
    sam: str = ""
    # True: if the features of all pictures would take seconds, answer from some of them. The answer
    # tells how many are `unread`; ask again, with False, for the answer from all.
    early: bool = False


@dataclass(frozen=True)
class PromptsSpread:
    # How far each Gaussian is reached at each of the T times, by the logarithm of its share of the
    # largest value: 255 is the largest, 0 a thousandth of it or less.
    levels: Annotated[Array, "U8", "N T"]
    times: tuple[int, ...]
    timings: dict[str, float]  # seconds by the ids of stages.py


@dataclass(frozen=True)
class SpreadPrompts(Request[PromptsSpread], method="segment/spread"):
    """How positive prompts spread in the paper's diffusion, to look at; words do not spread."""

    scene: str
    prompts: tuple[Prompt, ...]
    extractor: str = "colour"
    times: tuple[int, ...] = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500)  # steps, at most 64 of them
    visible: Annotated[Array, "BOOL", "N P"] | None = None  # as in `RunSegment`
    replaces: str = ""


@dataclass(frozen=True)
class Resized:
    selected: Annotated[Array, "BOOL", "N"]


@dataclass(frozen=True)
class GrowSegment(Request[Resized], method="segment/grow"):
    """Add the neighbors of the selected Gaussians in the graph."""

    scene: str
    selected: Annotated[Array, "BOOL", "N"]
    hops: int = 1  # how many times
    # The extractor whose similarities decide which edges of the graph are kept.
    extractor: str = "colour"
    replaces: str = ""


@dataclass(frozen=True)
class ShrinkSegment(Request[Resized], method="segment/shrink"):
    """Remove the selected Gaussians that have neighbors outside: growing the rest."""

    scene: str
    selected: Annotated[Array, "BOOL", "N"]
    hops: int = 1
    extractor: str = "colour"
    replaces: str = ""


@dataclass(frozen=True)
class Segments:
    # 0..count-1, the largest segment first; -1 for Gaussians in no segment.
    labels: Annotated[Array, "I32", "N"]
    count: int
    timings: dict[str, float]  # seconds by the ids of stages.py
    # The hierarchy that `labels` is one cut of; hierarchy.py cuts it anywhere else.
    leaves: Annotated[Array, "I32", "N"]  # 0..S-1, the smallest segments; -1 as in `labels`
    merges: Annotated[Array, "I32", "M 2"]  # the two nodes that become node S + m
    levels: Annotated[Array, "F32", "M"]  # the highest detail at which they are one
    features: Annotated[Array, "F32", "S D"]  # of the leaves, means of unit vectors
    title: str = ""  # as in `Segment`


@dataclass(frozen=True)
class AutoSegments(Request[Segments], method="segments/auto"):
    """Divide the whole scene into segments, without prompts: all levels of detail at once."""

    scene: str
    extractor: str = "colour"
    detail: float = 0.5  # of `labels`; 0: few large segments, 0.5: things, 1: many small parts
    # The SAM that segments everything in some photos first, such as "sam2"; "": none.
    sam: str = ""
