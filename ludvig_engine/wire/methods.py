"""What can be asked of the engine: one dataclass for each request and one for its answer.

`engine.call(OpenScene(splats="garden.ply", views="garden/"))` returns a `SceneOpened`. The types of
the fields are checked on both ends (codec.py). Arrays state their dtype and shape in the type and
their unit in the comment; arrays per Gaussian are in the order of the splat file, or of the cloud
that was sent.

`python -m ludvig_engine.wire.methods_table` prints the table of ARCHITECTURE.md. Standard library
and NumPy only: this also runs inside Blender.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Generic, TypeVar, get_args

from numpy import ndarray as Array

from ..errors import EngineError
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
    """The answer of a request that has nothing to return."""


# ---- session


@dataclass(frozen=True)
class Greeted:
    nonce: str  # of the engine, for this connection only
    proof: str  # that the engine knows the token (handshake.py)


@dataclass(frozen=True)
class Hello(Request[Greeted], method="hello"):
    """The first message of every connection; the engine answers with a proof that it is the one."""

    nonce: str  # of the client, for this connection only
    protocol: int


@dataclass(frozen=True)
class Initialized:
    version: str  # of the engine
    protocol: int
    pid: int  # of the engine's process, on its machine
    methods: tuple[str, ...]  # those that the engine serves


@dataclass(frozen=True)
class Initialize(Request[Initialized], method="initialize"):
    """The second message, within five seconds of connecting: the client's proof."""

    proof: str  # that the client knows the token
    client: str  # for the engine's log


@dataclass(frozen=True)
class Shutdown(Request[Nothing], method="shutdown"):
    """End the engine. Requests under way are cancelled."""


# ---- scenes


@dataclass(frozen=True)
class Cloud:
    """N Gaussians as an editor holds them, with activated values: linear scales, opacities 0..1."""

    means: Annotated[Array, "F32", "N 3"]  # scene units, object space
    quats: Annotated[Array, "F32", "N 4"]  # wxyz
    scales: Annotated[Array, "F32", "N 3"]  # scene units, standard deviations
    opacities: Annotated[Array, "F32", "N"]  # 0..1
    sh0: Annotated[Array, "F32", "N 1 3"]  # spherical harmonics of degree 0
    shN: Annotated[Array, "F32", "N S 3"]  # higher degrees; S = 0, 3, 8, 15 or 24


@dataclass(frozen=True)
class Viewport:
    """A camera without a photo, such as the 3D viewport of an editor."""

    # World -> camera, with OpenCV axes; the world is the object space of the splats.
    viewmat: Annotated[Array, "F64", "4 4"]
    # In pixels, with the middle of the upper left pixel at (0.5, 0.5).
    K: Annotated[Array, "F64", "3 3"]
    width: int  # pixels
    height: int


@dataclass(frozen=True)
class Settings:
    """What a scene is drawn with: the usual, or what its photos show that it was trained with."""

    near: float  # scene units; nearer Gaussians are not drawn
    alpha_clamp: float
    blur: float  # px², added to every ellipse
    antialiased: bool  # whether opacities make up for the blur
    # How many tan(fov/2) beyond the border a center may be; None: any number.
    cull: float | None = None


@dataclass(frozen=True)
class SceneOpened:
    # The scene's name in later requests. The same input always gets the same name.
    scene: str
    count: int  # N, the rows of the file or cloud
    # Rows that are finite and can be drawn; the other rows get score 0.
    usable: int
    sh_degree: int
    # The lowest and the highest mean on each axis, in scene units and object space.
    bounds: Annotated[Array, "F32", "2 3"]
    names: tuple[str, ...]  # of the C views
    # Paths of the photo files on the engine's machine; "" for a view without one.
    photos: tuple[str, ...]
    # World -> camera, with OpenCV axes (x right, y down, z forward).
    viewmats: Annotated[Array, "F64", "C 4 4"]
    Ks: Annotated[Array, "F64", "C 3 3"]  # in pixels of `sizes`
    sizes: Annotated[Array, "I32", "C 2"]  # width, height of the pinhole cameras
    photo_sizes: Annotated[Array, "I32", "C 2"]  # width, height of the photo files
    raster: Settings | None = None
    notes: tuple[str, ...] = ()  # what the user should know


@dataclass(frozen=True)
class OpenScene(Request[SceneOpened], method="scene/open"):
    """Load splats and the views of them. Paths are absolute, on the engine's machine.

    Where no photo is found, the splats are rendered at the views instead. Without views, they are
    planned from the splats, and called view_01, view_02, ...
    """

    splats: str = ""  # a splat file; either this
    cloud: Cloud | None = None  # or the edited Gaussians themselves
    views: str = ""  # a COLMAP folder, transforms.json or cameras.json
    # The folder of the photos, if it is not where `views` says.
    photos: str = ""
    # Instead of `views`: an editor's own cameras. They are called camera_01, camera_02, ...
    cameras: tuple[Viewport, ...] = ()
    # The near plane in scene units; None: the scene's size and photos decide.
    near: float | None = None
    # The file that a cloud was read from. nerfstudio leaves beside it how it moved the cameras.
    source: str = ""

    def __post_init__(self) -> None:
        _exactly_one(self, "splats", "cloud")
        if self.views and self.cameras:
            _exactly_one(self, "views", "cameras")


@dataclass(frozen=True)
class SplatsRead:
    splats: Cloud  # all N rows of the file, in its order
    # False for rows with values that no scan has, which `splats` has as they are.
    valid: Annotated[Array, "BOOL", "N"]
    notes: tuple[str, ...] = ()  # what the user should know


@dataclass(frozen=True)
class ReadSplats(Request[SplatsRead], method="splats/read"):
    """Read a splat file of any format, without opening a scene: for editors that have no reader.

    The path is absolute, on the engine's machine.
    """

    splats: str


@dataclass(frozen=True)
class SceneChecked:
    names: tuple[str, ...]  # of the V views compared
    psnr: Annotated[Array, "F32", "V"]  # dB, of each rendered view against its photo
    # One sentence for people: the cameras fit, or what is likely wrong.
    verdict: str
    fits: bool  # the verdict, for programs
    view: str  # the view that the pictures show
    photo: Annotated[Array, "U8", "H W 3"]  # sRGB
    rendered: Annotated[Array, "U8", "H W 3"]


@dataclass(frozen=True)
class CheckScene(Request[SceneChecked], method="scene/check"):
    """Compare rendered views with their photos, to see whether the cameras belong to the splats."""

    scene: str
    views: tuple[str, ...] = ()  # names; none: a few, evenly spread
    # The view to return pictures of; "" for the one of median PSNR.
    picture: str = ""


@dataclass(frozen=True)
class Floaters:
    # How likely each Gaussian is a floater, 0..1. Chosen are those above 1 - strength, for any
    # strength in 0..1.
    scores: Annotated[Array, "F32", "N"]
    strength: float  # the usual one
    timings: dict[str, float]  # seconds by the ids of stages.py


@dataclass(frozen=True)
class FindFloaters(Request[Floaters], method="scene/floaters"):
    """Find Gaussians that float in the air and belong to no surface."""

    scene: str


# ---- features


@dataclass(frozen=True)
class ExtractorInfo:
    spec: str  # such as "colour" or "dinov2:small"
    licence: str  # of its weights, as an SPDX identifier
    ready: bool  # whether it can run now
    download: int = 0  # bytes still to fetch before it can
    needs: str = ""  # what is missing, in a sentence
    # A name for people; "" if it has none beside `spec`.
    title: str = ""
    # Ids of the models to fetch before it can run, as for `ludvig models fetch`.
    models: tuple[str, ...] = ()
    text: bool = False  # whether its features can be compared with texts


@dataclass(frozen=True)
class FeaturesListed:
    extractors: tuple[ExtractorInfo, ...]
    # The SAMs that can turn clicks and boxes into masks, the default first.
    segmenters: tuple[ExtractorInfo, ...] = ()


@dataclass(frozen=True)
class ListFeatures(Request[FeaturesListed], method="features/list"):
    """The feature extractors this engine knows, and the SAMs."""


@dataclass(frozen=True)
class FeaturesComputed:
    extractor: str  # the extractor that ran, with its version
    dim: int  # D: channels kept per Gaussian
    # Gaussians that at least one photo shows. The others have no features.
    seen: int
    cached: bool  # whether all was there already
    timings: dict[str, float]  # seconds by the ids of stages.py
    notes: tuple[str, ...] = ()
    title: str = ""  # of the extractor, for people; "auto" is the one that it stood for
    # How many photos show each Gaussian: the effective number, so one that fills a photo and is
    # hardly seen in others counts little more than 1.
    views: Annotated[Array, "F32", "N"] | None = None


@dataclass(frozen=True)
class ComputeFeatures(Request[FeaturesComputed], method="features/compute"):
    """Extract features from all photos, lift them, build the graph.

    Slow; resumes from the cache.
    """

    scene: str
    extractor: str = "colour"
    dim: int = 40  # channels to keep (PCA)


@dataclass(frozen=True)
class FeaturesPreviewed:
    colours: Annotated[Array, "F32", "N 3"]  # sRGB, 0..1


@dataclass(frozen=True)
class PreviewFeatures(Request[FeaturesPreviewed], method="features/preview"):
    """The three main directions of the features, as one color per Gaussian."""

    scene: str
    extractor: str = "colour"


# ---- segments


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
            _exactly_one(self, *kind.given)
            _exactly_one(self, *kind.given, *PLACES)  # a text has no place
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
    # The SAM that turns clicks and boxes into masks first, such as "sam2"; "": none.
    sam: str = ""


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
class ObjectRemoved:
    """How a scene of N Gaussians becomes one without the object."""

    removed: Annotated[Array, "BOOL", "N"]
    cut: Annotated[Array, "BOOL", "N"]  # of which a part stays, or whose color changes
    parts: Cloud  # what takes their place, in the order of the Gaussians that were cut
    filled: Cloud  # new ones, where nothing was behind the object
    timings: dict[str, float]  # seconds by the ids of stages.py
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class RemoveObject(Request[ObjectRemoved], method="scene/remove"):
    """Take an object out of a scene, and continue the surfaces behind it. The scene stays open."""

    scene: str
    selected: Annotated[Array, "BOOL", "N"]
    boundary: bool = True  # whether Gaussians across the border are cut
    residue: bool = True  # whether what only drew the object's edge and inside goes too
    fill: bool = True
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


@dataclass(frozen=True)
class AutoSegments(Request[Segments], method="segments/auto"):
    """Divide the whole scene into segments, without prompts: all levels of detail at once."""

    scene: str
    extractor: str = "colour"
    detail: float = 0.5  # of `labels`; 0: few large segments, 0.5: things, 1: many small parts


# ---- memory and cache


@dataclass(frozen=True)
class Memory:
    # The device's name for people: "CPU, 2 cores", "NVIDIA GeForce RTX 4070".
    device: str
    free: int  # bytes
    total: int  # bytes
    freed: int = 0  # bytes given back by this request


@dataclass(frozen=True)
class MemoryInfo(Request[Memory], method="memory/info"):
    """What device the engine computes on, and how much memory that has."""


@dataclass(frozen=True)
class FreeMemory(Request[Memory], method="memory/free"):
    """Unload models and forget scenes. Both are loaded again when a request needs them."""


@dataclass(frozen=True)
class CacheState:
    folder: str
    entries: int
    size: int  # bytes
    limit: int  # bytes
    freed: int = 0  # bytes


@dataclass(frozen=True)
class CacheInfo(Request[CacheState], method="cache/info"):
    """Where computed features are kept, and how much space they take."""


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
