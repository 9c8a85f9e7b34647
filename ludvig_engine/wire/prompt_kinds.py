"""The kinds of prompts: one row each, of what a prompt must say and of the class that the engine reads it with.

Standard library only: this also runs inside Blender, where kinds.py of the add-on has the other half of each row.
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
    given: tuple[
        str, ...
    ]  # which fields of `methods.Prompt` say what is meant: exactly one of them
    reader: str = (
        ""  # "module:class" with `paint` and, if points are given, `place`; "": it is words
    )
    count: int = 0  # of the pixels or points; 0: one or more
    needed: str = ""  # in words: "two corners", "a mask"

    @property
    def words(self) -> bool:
        """Whether it is a text, which has no place."""
        return self.given == ("text",)

    def load(self) -> Any:
        """The class that turns it into paint or evidence; only inside the engine."""
        module, _, name = self.reader.partition(":")
        return getattr(import_module(module), name)


_TABLE = (
    PromptKind("click", ("pixels", "points"), _ENGINE + "Click"),
    PromptKind("scribble", ("pixels", "points", "mask"), _ENGINE + "Scribble"),
    PromptKind("mask", ("mask",), _ENGINE + "Mask", needed="a mask"),
    PromptKind("box", ("pixels", "points"), _ENGINE + "Box", count=2, needed="two corners"),
    PromptKind("text", ("text",)),
)

KINDS = {kind.name: kind for kind in _TABLE}
