"""The feature extractors, one row each.

Everything that lists, chooses, loads or documents extractors reads this table. It also runs inside
Blender, so it uses the standard library only, and an extractor's file is imported only when the
extractor is loaded. `python -m ludvig_engine.features` prints the tables of README.md and
docs/features.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import entry_points

from ..outside import packages

GROUP = "ludvig.extractors"  # the entry point group for other packages


@dataclass(frozen=True)
class Entry:
    """One extractor.

    Rows of one family, such as "dinov2:small" and "dinov2:base", have the same `load`.
    """

    # What users write: "colour", "dinov2:small".
    spec: str
    # What menus show.
    title: str
    # "module:function", which is called with the part of the spec after the colon, and `device=`.
    load: str
    # A description for the documentation.
    about: str = ""
    # Ids in weights.MODELS; it needs all of them.
    models: tuple[str, ...] = ()
    # Modules that its models need besides torch and transformers.
    packages: tuple[str, ...] = ()
    # The license (SPDX) of everything that is not in one of these models.
    licence: str = ""
    # What must follow the name, as in files:DIR; such a row is not listed in menus.
    argument: str = ""
    # The ranks for choosing the best extractor that is ready: 1 is tried first, 0 is never chosen.
    cpu: int = 0  # for "auto" on a CPU
    gpu: int = 0  # for "auto" on a GPU
    # For texts, on any device; 0 also means that its features cannot be compared with texts.
    words: int = 0

    @property
    def name(self) -> str:
        """The part of the spec before the colon, which is common to a family."""
        return self.spec.partition(":")[0]

    @property
    def text(self) -> bool:
        """Whether its features can be compared with texts."""
        return self.words > 0

    def lacking(self) -> list[str]:
        """The modules it needs that this Python does not have."""
        needed = ("torch", "transformers", *self.packages) if self.models else ()
        return [name for name in needed if not packages.has(name)]


_HERE = "ludvig_engine.features."
_TOKENS = "patch tokens of {}; options `size=`, `layer=`, `windows` (the paper's crops of 840 px)"
_ALIGNED = "features that texts can be compared with; options `dense` and LERF's `pyramid`"
_CONSE = ("effnet", "minilm", "imagenet-names")


def _dinov2(size: str, cpu: int, gpu: int) -> Entry:
    return Entry(
        f"dinov2:{size}",
        f"DINOv2 {size.title()}",
        _HERE + "dinov2:load",
        _TOKENS.format("DINOv2 with registers"),
        (f"dinov2-{size}",),
        cpu=cpu,
        gpu=gpu,
    )


def _dinov3(size: str) -> Entry:
    return Entry(
        f"dinov3:{size}",
        f"DINOv3 {size.title()}",
        _HERE + "dinov2:load_dinov3",
        _TOKENS.format("DINOv3"),
        (f"dinov3-{size}",),
    )


_TABLE = (
    Entry(
        "auto",
        "Best Available",
        _HERE + "auto:load",
        "the default: the best of these that is ready; the output names which one ran",
    ),
    Entry(
        "colour",
        "Color",
        _HERE + "colour:load",
        "color, texture and edges at several scales; nothing learned",
        licence="GPL-3.0-or-later",
        cpu=6,
        gpu=7,
    ),
    Entry(
        "imgfocus+xfeat",
        "Objects and Texture",
        _HERE + "join:load_imgfocus_xfeat",
        "the channels of `imgfocus` and of `xfeat`",
        ("imgfocus", "xfeat"),
        cpu=3,
        gpu=4,
    ),
    Entry(
        "imgfocus",
        "Objects",
        _HERE + "imgfocus:load",
        "a network that was fine-tuned from DINOv2 and differs from it",
        ("imgfocus",),
        cpu=4,
        gpu=5,
    ),
    Entry("xfeat", "Texture", _HERE + "xfeat:load", "local features for matching", ("xfeat",)),
    Entry(
        "effnet",
        "EfficientNet",
        _HERE + "effnet:load",
        "activations of a classifier of ImageNet",
        ("effnet",),
        cpu=5,
        gpu=6,
    ),
    Entry(
        "conse",
        "EfficientNet with Words",
        _HERE + "conse:load",
        "a stand-in for CLIP: ImageNet's classes, by the meaning of their names",
        _CONSE,
        words=5,
    ),
    _dinov2("small", cpu=1, gpu=3),
    _dinov2("base", cpu=2, gpu=2),
    _dinov2("large", cpu=0, gpu=1),
    _dinov2("giant", cpu=0, gpu=0),
    _dinov3("small"),
    _dinov3("base"),
    _dinov3("large"),
    Entry("clip", "CLIP", _HERE + "clip:load", _ALIGNED, ("clip",), words=2),
    Entry("clip:laion", "CLIP (LAION)", _HERE + "clip:load", _ALIGNED, ("clip-laion",), words=3),
    Entry("siglip", "SigLIP", _HERE + "clip:load_siglip", _ALIGNED, ("siglip2",), words=4),
    Entry(
        "tips",
        "TIPS",
        _HERE + "clip:load_tips",
        _ALIGNED,
        ("tips",),
        # Its tokenizer is a file of SentencePiece.
        packages=("sentencepiece", "google.protobuf"),
        words=1,
    ),
    Entry(
        "files",
        "Files",
        _HERE + "files:load",
        "your own maps, one `.npy`, `.npz` or `.png` per photo",
        argument="DIR",
    ),
    Entry(
        "join", "Join", _HERE + "join:load", "the channels of extractors A and B", argument="A+B"
    ),
    Entry(
        "everything",
        "Everything",
        _HERE + "everything:load",
        "extractor A, averaged within each mask that SAM finds",
        argument="A@SAM",
    ),
)

EXTRACTORS = {entry.spec: entry for entry in _TABLE}


def known() -> dict[str, Entry]:
    """All extractors by spec: first those of this table, then those of other packages."""
    added = sorted(entry_points(group=GROUP), key=lambda point: point.name)
    others = {point.name: Entry(point.name, point.name, point.value) for point in added}
    return {**EXTRACTORS, **{spec: entry for spec, entry in others.items() if spec not in names()}}


def title(spec: str) -> str:
    """An extractor's name for people; those of other packages have only their spec."""
    return EXTRACTORS[spec].title if spec in EXTRACTORS else spec


def names() -> tuple[str, ...]:
    """The names that may precede the colon of a spec, in the order of the table."""
    return tuple(dict.fromkeys(entry.name for entry in EXTRACTORS.values()))


def ranked(order: str) -> list[Entry]:
    """The entries that have a rank in `order` ("cpu", "gpu" or "words"), best first."""
    placed = [entry for entry in EXTRACTORS.values() if getattr(entry, order)]
    return sorted(placed, key=lambda entry: getattr(entry, order))


def text_models() -> str:
    """The names of the extractors that texts can be compared with, for help and messages."""
    return ", ".join(dict.fromkeys(entry.name for entry in ranked("words")))
