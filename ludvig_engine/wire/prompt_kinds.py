"""The kinds of prompts, one row each: the fields that a prompt needs, and the class that reads it.

Standard library only: this also runs inside Blender, where kinds.py of the add-on has the other
half of each row.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

_ENGINE = "ludvig_engine.service.kinds:"


@dataclass(frozen=True)
class PromptKind:
    """One kind of prompt."""

    name: str  # on the wire
    # The fields of `methods.Prompt` of which exactly one must be given.
    given: tuple[str, ...]
    # "module:class" with the methods `paint` and, for kinds with points, `place`; "" for words.
    reader: str = ""
    # The number of pixels or points that are needed; 0 for one or more.
    count: int = 0
    # What is needed, in words for people: "two corners", "a mask".
    needed: str = ""
    # What a SAM takes it for: "click", "box", or "" if it takes no such prompts.
    pointing: str = ""

    @property
    def words(self) -> bool:
        """Whether a prompt of this kind is a text, which has no place."""
        return self.given == ("text",)

    def load(self) -> Any:
        """The class that turns such a prompt into paint or evidence.

        Only for use inside the engine.
        """
        module, _, name = self.reader.partition(":")
        return getattr(import_module(module), name)


_TABLE = (
    PromptKind("click", ("pixels", "points"), _ENGINE + "Click", pointing="click"),
    PromptKind("scribble", ("pixels", "points", "mask"), _ENGINE + "Scribble"),
    PromptKind("mask", ("mask",), _ENGINE + "Mask", needed="a mask"),
    PromptKind(
        *("box", ("pixels", "points"), _ENGINE + "Box"),
        count=2,
        needed="two corners",
        pointing="box",
    ),
    PromptKind("text", ("text",)),
)

KINDS = {kind.name: kind for kind in _TABLE}
