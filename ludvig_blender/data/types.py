"""The add-on's properties as type checkers see them. Import this only under `if TYPE_CHECKING`.

Blender turns the annotations of the classes in prompts.py, properties.py, capture.py, features.py
and criteria.py into properties when it registers them, and no stub can know that. `Segment` below
says which values the properties of `LudvigSegment` hold, and so on for each class; a test compares
their names. `splats.is_splats` narrows an object to `SplatObject`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import bpy

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems
    from bpy.types import bpy_prop_collection_idprop as Collection

    Outcome = set[OperatorReturnItems]  # what an operator's `execute`, `invoke` and `modal` return

Geometry = bpy.types.PointCloud | bpy.types.Mesh  # what has attributes of points


class Attribute(bpy.types.Attribute):
    """An attribute of a type that data/attributes.py reads and writes."""

    data: bpy.types.bpy_prop_collection[bpy.types.bpy_struct]


class Prompt(bpy.types.PropertyGroup):
    kind: str
    positive: bool
    through: bool
    text: str
    viewmat: Sequence[float]
    K: Sequence[float]
    size: Sequence[int]
    pixels: str
    radius: float
    unseen: str
    reading: int


class Segment(bpy.types.PropertyGroup):
    id_data: SplatObject
    name: str
    number: int
    attribute: str
    color: Sequence[float]
    threshold: float
    visible: bool
    prompts: Collection[Prompt]
    note: str
    reading: int
    readings: str
    guess: float
    leaf: int
    node: int


class Splats(bpy.types.PropertyGroup):
    id_data: SplatObject
    adopted: bool
    mode: str
    attribute: str
    low: float
    high: float
    strength: float
    sh_degree: int
    source: str
    segments: Collection[Segment]
    active_segment: int
    hierarchy: str
    granularity: float
    most: int


class Scene(bpy.types.PropertyGroup):
    id_data: bpy.types.Scene
    show: str
    coarse: bool
    selection: bool
    selection_color: Sequence[float]
    prompts: bool


class Tools(bpy.types.PropertyGroup):
    depth: str
    radius: int
    brush: int
    reach: float
    text: str


class Fix(bpy.types.PropertyGroup):
    text: str
    action: str
    arguments: str


class Message(bpy.types.PropertyGroup):
    text: str
    fixes: Collection[Fix]


class Capture(bpy.types.PropertyGroup):
    id_data: SplatObject
    views: str
    photos: str
    cameras: bpy.types.Collection | None
    show_cameras: bool
    show_photos: bool
    photo_opacity: float
    notes: str
    verdict: str
    fits: bool
    near: float
    trained: Sequence[float]
    rendered_at: str
    upright: Sequence[float]
    origin: Sequence[float]
    untouched: str


class Features(bpy.types.PropertyGroup):
    extractor: str
    sam: bool
    sam_model: str
    computed: str
    title: str
    notes: str


class Criteria(bpy.types.PropertyGroup):
    id_data: SplatObject
    what: str
    action: str
    attribute: str
    color: Sequence[float]
    low: float
    high: float
    left: float
    right: float


class SplatObject(bpy.types.Object):
    """An object that is made of splats."""

    data: bpy.types.PointCloud
    ludvig: Splats
    ludvig_capture: Capture
    ludvig_features: Features
    ludvig_criteria: Criteria


class CameraObject(bpy.types.Object):
    """An object that is a camera."""

    data: bpy.types.Camera


class LudvigScene(Protocol):
    """A scene with its property group."""

    ludvig: Scene


class LudvigManager(Protocol):
    """The window manager with its property groups."""

    ludvig: Message
    ludvig_tools: Tools
