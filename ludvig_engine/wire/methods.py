"""What may be asked of the engine: a dataclass per request and one for its answer.

`engine.call(OpenScene(splats="garden.ply", views="garden/"))` returns a `SceneOpened`. The fields' types are checked on
both ends (codec.py); arrays say their dtype and shape, and their unit in the comment. Arrays per Gaussian are in the
order of the splat file, or of the cloud that was sent. `python -m ludvig_engine.wire.methods` prints the table of
ARCHITECTURE.md. Standard library and NumPy only: this also runs inside Blender.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar, get_args, get_origin

from numpy import ndarray as Array

from ..errors import EngineError
from .codec import array_type, hints
from .prompt_kinds import KINDS

R = TypeVar("R")

METHODS: dict[str, type[Request[Any]]] = {}  # by name, filled by the classes below


class Request(Generic[R]):
    """The parameters of a method whose answer is an R."""

    method: ClassVar[str]
    answer: ClassVar[type]

    def __init_subclass__(cls, *, method: str) -> None:
        cls.method, METHODS[method] = method, cls
        cls.answer = get_args(cls.__orig_bases__[0])[0]  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Nothing:
    """An answer that only says: done."""


# ---- session


@dataclass(frozen=True)
class Initialized:
    version: str  # of the engine
    protocol: int
    pid: int  # of the engine's process, on its machine
    methods: tuple[str, ...]  # those it serves


@dataclass(frozen=True)
class Initialize(Request[Initialized], method="initialize"):
    """Must be the first message, within five seconds of connecting."""

    token: str
    protocol: int
    client: str  # who asks, for the log


@dataclass(frozen=True)
class Shutdown(Request[Nothing], method="shutdown"):
    """End the engine; what runs is cancelled."""


# ---- scenes


@dataclass(frozen=True)
class Cloud:
    """N Gaussians as they are in an editor. Activated values: linear scales, opacities 0..1."""

    means: Annotated[Array, "F32", "N 3"]  # scene units, object space
    quats: Annotated[Array, "F32", "N 4"]  # wxyz
    scales: Annotated[Array, "F32", "N 3"]  # scene units, standard deviations
    opacities: Annotated[Array, "F32", "N"]  # 0..1
    sh0: Annotated[Array, "F32", "N 1 3"]  # spherical harmonics of degree 0
    shN: Annotated[Array, "F32", "N S 3"]  # the higher degrees: S = 0, 3, 8, 15 or 24


@dataclass(frozen=True)
class SceneOpened:
    scene: str  # names the scene in later requests; the same input has the same name
    count: int  # N: rows of the file or of the cloud
    usable: int  # rows that are finite and can be drawn; the others get score 0
    sh_degree: int
    bounds: Annotated[Array, "F32", "2 3"]  # lowest and highest mean, scene units, object space
    names: tuple[str, ...]  # of the C views
    photos: tuple[str, ...]  # their files' paths on the engine's machine; "" if there is none
    viewmats: Annotated[
        Array, "F64", "C 4 4"
    ]  # world -> camera, OpenCV axes (x right, y down, z forward)
    Ks: Annotated[Array, "F64", "C 3 3"]  # pixels of `sizes`
    sizes: Annotated[Array, "I32", "C 2"]  # width, height of the ideal cameras
    photo_sizes: Annotated[Array, "I32", "C 2"]  # width, height of the photo files
    notes: tuple[str, ...] = ()  # what the user should know


@dataclass(frozen=True)
class OpenScene(Request[SceneOpened], method="scene/open"):
    """Load splats, and the views on them if there are any. Paths are absolute and the engine's."""

    splats: str = ""  # a splat file, or else
    cloud: Cloud | None = None  # the edited Gaussians themselves
    views: str = ""  # a COLMAP folder, transforms.json or cameras.json
    photos: str = ""  # the photos' folder, if it is not where `views` says

    def __post_init__(self) -> None:
        _exactly_one(self, "splats", "cloud")


@dataclass(frozen=True)
class SceneChecked:
    names: tuple[str, ...]  # of the V views compared
    psnr: Annotated[Array, "F32", "V"]  # dB, of each rendered view against its photo
    verdict: str  # one sentence: the cameras fit, or the likely cause why not
    fits: bool  # what the sentence says
    view: str  # the one in the pictures
    photo: Annotated[Array, "U8", "H W 3"]  # sRGB
    rendered: Annotated[Array, "U8", "H W 3"]


@dataclass(frozen=True)
class CheckScene(Request[SceneChecked], method="scene/check"):
    """Compare rendered views with their photos: do the cameras belong to the splats?"""

    scene: str
    views: tuple[str, ...] = ()  # names; none: a few, evenly spread
    picture: str = ""  # the view to return pictures of; "": the one of median PSNR


# ---- features


@dataclass(frozen=True)
class ExtractorInfo:
    spec: str  # what to ask for: "colour", "dinov2:small"
    licence: str  # of its weights, SPDX
    ready: bool  # it can run now
    download: int = 0  # bytes still to fetch before it can
    needs: str = ""  # what is missing, in a sentence
    title: str = ""  # for people; "" if it has none beside `spec`
    models: tuple[str, ...] = ()  # still to fetch before it can run: ids of `ludvig models fetch`
    text: bool = False  # its features can be compared with texts


@dataclass(frozen=True)
class FeaturesListed:
    extractors: tuple[ExtractorInfo, ...]


@dataclass(frozen=True)
class ListFeatures(Request[FeaturesListed], method="features/list"):
    """The feature extractors this engine knows."""


@dataclass(frozen=True)
class FeaturesComputed:
    extractor: str  # the one that ran, with its version
    dim: int  # D: channels kept per Gaussian
    seen: int  # Gaussians that at least one photo shows; the others have no features
    cached: bool  # nothing had to be computed
    timings: dict[str, float]  # seconds by the ids of stages.py
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ComputeFeatures(Request[FeaturesComputed], method="features/compute"):
    """Extract features from every photo, lift them to the Gaussians, build the graph. Long; resumes from the cache."""

    scene: str
    extractor: str = "colour"
    dim: int = 40  # channels to keep (PCA)


@dataclass(frozen=True)
class FeaturesPreviewed:
    colours: Annotated[Array, "F32", "N 3"]  # sRGB, 0..1


@dataclass(frozen=True)
class PreviewFeatures(Request[FeaturesPreviewed], method="features/preview"):
    """The three main directions of the features, as a color per Gaussian."""

    scene: str
    extractor: str = "colour"


# ---- segments


@dataclass(frozen=True)
class Viewport:
    """A camera that is no photo's, such as the 3D viewport of an editor."""

    viewmat: Annotated[
        Array, "F64", "4 4"
    ]  # world -> camera, OpenCV axes; the world is the object space
    K: Annotated[Array, "F64", "3 3"]  # pixels, the centre of the upper left one at 0.5
    width: int  # pixels
    height: int


PLACES = ("pixels", "points", "mask")  # the fields of a prompt that say where


@dataclass(frozen=True)
class Prompt:
    """One thing the user said about the object: in the photo `view`, in `viewport`, or in space.

    A click has one or more points. A scribble is a line through its points, `radius` wide to either side, or the mask
    of what was painted. A box has two corners. A mask says that it shows the object, and what it leaves out does not.
    """

    kind: str  # a row of prompt_kinds.KINDS
    positive: bool = True  # False: this is not the object
    through: bool = False  # also what lies behind the visible surface
    view: str = ""  # the photo's view
    viewport: Viewport | None = None
    # x, y of the photo file or the viewport; (0, 0) is the middle of the upper left pixel
    pixels: Annotated[Array, "F32", "P 2"] | None = None
    points: Annotated[Array, "F32", "P 3"] | None = None  # scene units, object space
    mask: Annotated[Array, "BOOL", "H W"] | None = (
        None  # as large as the photo file or the viewport
    )
    radius: float = 0.0  # pixels for `pixels`, scene units for `points`
    text: str = ""

    def __post_init__(self) -> None:
        kind = KINDS.get(self.kind)
        if kind is None:
            raise EngineError(
                "bad_request", f"kind is {self.kind!r:.40}, expected one of {', '.join(KINDS)}."
            )
        if kind.words:
            _exactly_one(self, *kind.given)
            return
        _exactly_one(self, *PLACES)
        if self.points is None:
            _exactly_one(self, "view", "viewport")
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
    evidence: dict[
        str, float
    ]  # numbers that say how sure this is: seeds, agreement with the prompts, ...
    timings: dict[str, float]  # seconds by the ids of stages.py
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunSegment(Request[Segment], method="segment/run"):
    """Find the object the prompts mean. After the first time only what the prompts change is computed again."""

    scene: str
    prompts: tuple[Prompt, ...]
    extractor: str = "colour"
    threshold: float | None = None  # 0..1; None: found by agreement with the prompts
    diffusion: bool = True  # spread along the graph; False: features alone decide
    replaces: str = (
        ""  # a running or waiting request with the same word here is superseded by this one
    )
    # Which Gaussians were shown when each of the P prompts was made: what is hidden hides nothing. None: all.
    visible: Annotated[Array, "BOOL", "N P"] | None = None


@dataclass(frozen=True)
class Resized:
    selected: Annotated[Array, "BOOL", "N"]


@dataclass(frozen=True)
class GrowSegment(Request[Resized], method="segment/grow"):
    """Add the neighbours of the selected Gaussians on the graph."""

    scene: str
    selected: Annotated[Array, "BOOL", "N"]
    hops: int = 1  # times
    extractor: str = "colour"  # whose similarities cut the graph
    replaces: str = ""


@dataclass(frozen=True)
class ShrinkSegment(Request[Resized], method="segment/shrink"):
    """Remove the selected Gaussians that have neighbours outside: growing what is not selected."""

    scene: str
    selected: Annotated[Array, "BOOL", "N"]
    hops: int = 1
    extractor: str = "colour"
    replaces: str = ""


@dataclass(frozen=True)
class Segments:
    labels: Annotated[Array, "I32", "N"]  # 0..count-1, largest segment first; -1: none
    count: int
    timings: dict[str, float]  # seconds by the ids of stages.py


@dataclass(frozen=True)
class AutoSegments(Request[Segments], method="segments/auto"):
    """Divide the whole scene into segments, without prompts."""

    scene: str
    extractor: str = "colour"
    detail: float = 0.5  # 0: few large segments, 1: many small ones


# ---- memory and cache


@dataclass(frozen=True)
class Memory:
    device: str  # for people: "CPU, 2 cores", "NVIDIA GeForce RTX 4070"
    free: int  # bytes
    total: int  # bytes
    freed: int = 0  # bytes given back by this request


@dataclass(frozen=True)
class MemoryInfo(Request[Memory], method="memory/info"):
    """What the engine computes on, and its memory."""


@dataclass(frozen=True)
class FreeMemory(Request[Memory], method="memory/free"):
    """Unload models and forget scenes; both come back when asked for."""


@dataclass(frozen=True)
class CacheState:
    folder: str
    entries: int
    size: int  # bytes
    limit: int  # bytes
    freed: int = 0  # bytes


@dataclass(frozen=True)
class CacheInfo(Request[CacheState], method="cache/info"):
    """Where computed features are kept, and how much of them."""


@dataclass(frozen=True)
class ClearCache(Request[CacheState], method="cache/clear"):
    """Delete everything computed so far."""


def _exactly_one(value: object, *names: str) -> None:
    given = [
        name
        for name in names
        if getattr(value, name) is not None and not _is_empty(getattr(value, name))
    ]
    if len(given) != 1:
        raise EngineError(
            "bad_request", f"{type(value).__name__} needs exactly one of {', '.join(names)}."
        )


def _is_empty(value: object) -> bool:
    return isinstance(value, str) and not value


def table() -> str:
    """The methods, and the objects they hold, and the kinds of prompts, as Markdown tables."""
    rows = ["| method | asked with | answered with | what it does |", "|---|---|---|---|"]
    own = {
        name: kind for name, kind in METHODS.items() if kind.__module__ == __name__
    }  # others may add theirs
    for name, kind in own.items():
        summary = (kind.__doc__ or "").splitlines()[0]
        rows.append(f"| `{name}` | {_fields(kind)} | {_fields(kind.answer)} | {summary} |")
    rows += ["", "| object | fields |", "|---|---|"]
    rows += [
        f"| `{kind.__name__}` | {_fields(kind)} |"
        for kind in (Cloud, Viewport, Prompt, ExtractorInfo)
    ]
    rows += ["", "| kind of prompt | exactly one of |", "|---|---|"]
    rows += [
        f"| `{kind.name}` | {', '.join(f'`{name}`' for name in kind.given)} |"
        for kind in KINDS.values()
    ]
    return "\n".join(rows)


def _fields(kind: type) -> str:
    return ", ".join(f"`{name}` {_type(hint)}" for name, hint in hints(kind).items()) or "nothing"


def _type(hint: Any) -> str:
    if found := array_type(hint):
        return f"{found[0]} ({', '.join(found[1].split())})"
    first, *others = get_args(hint) or (None,)
    if get_origin(hint) is Literal:
        return " ".join([first, *others])
    if get_origin(hint) is tuple:
        return f"{_type(first)}..."
    if get_origin(hint) is dict:
        return f"{_type(others[0])} by name"
    return _type(first) if first else hint.__name__


if __name__ == "__main__":
    print(table())
