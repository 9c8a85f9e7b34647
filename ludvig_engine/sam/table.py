"""The SAMs that front ends offer, one row each, the default first, and what each of them needs.

Standard library only, so that menus can read it.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..outside import packages


@dataclass(frozen=True)
class Entry:
    """One SAM."""

    spec: str  # what users write, as for `load_segmenter`
    title: str  # what menus show
    model: str  # an id in weights.MODELS
    packages: tuple[str, ...] = ("torch", "transformers")

    def lacking(self) -> list[str]:
        """The modules it needs that this Python does not have."""
        return [name for name in self.packages if not packages.has(name)]


_ORIGINAL = ("torch", "segment_anything")

_TABLE = (
    Entry("sam2", "SAM 2.1 Small", "sam2-small"),
    Entry("sam2:tiny", "SAM 2.1 Tiny", "sam2-tiny"),
    Entry("sam2:base", "SAM 2.1 Base", "sam2-base"),
    Entry("sam2:large", "SAM 2.1 Large", "sam2-large"),
    Entry("sam", "SAM 1 Base", "sam"),
    Entry("sam:huge", "SAM 1 Huge", "sam-huge"),
    Entry("sam-pth", "SAM 1 Base (.pth)", "sam-pth", _ORIGINAL),
    Entry("sam-pth:large", "SAM 1 Large (.pth)", "sam-large-pth", _ORIGINAL),
    Entry("sam-pth:huge", "SAM 1 Huge (.pth)", "sam-huge-pth", _ORIGINAL),
    Entry("sam3", "SAM 3", "sam3"),
)

SAMS = {entry.spec: entry for entry in _TABLE}
