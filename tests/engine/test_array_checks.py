"""Wrong arrays are refused while tests run, by functions, methods, properties and dataclasses."""

from __future__ import annotations

import sys
from importlib import import_module

import numpy as np
import pytest
from jaxtyping import TypeCheckError

import array_checks
from ludvig_engine.rendering import render
from ludvig_engine.segmentation.nesting import Nesting

SOURCE = """
from __future__ import annotations
from dataclasses import dataclass
from functools import cached_property
from ludvig_engine.arrays import Array, Float

def twice(means: Float[Array, "N 3"], count: int = 2) -> Float[Array, "N 3"]:
    return means if count == 2 else means[:, :2]

def plain(name: str) -> str:
    return name

class Holder:
    def __init__(self, values): self.values = values
    def method(self, means: Float[Array, "N 3"]) -> None: ...
    @classmethod
    def made(cls, means: Float[Array, "N 3"]) -> None: ...
    @staticmethod
    def free(means: Float[Array, "N 3"]) -> None: ...
    @property
    def read(self) -> Float[Array, "N 3"]: return self.values
    @cached_property
    def kept(self) -> Float[Array, "N 3"]: return self.values

@dataclass(frozen=True)
class Cloud:
    means: Float[Array, "N 3"]
    weights: Float[Array, " N"]
"""


@pytest.fixture
def checked(tmp_path, monkeypatch):
    """A module of that source, imported with checks."""
    (tmp_path / "of_shapes.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", [array_checks.Checks({"of_shapes"}), *sys.meta_path])
    monkeypatch.setitem(sys.modules, "of_shapes", None)  # what is imported goes again
    del sys.modules["of_shapes"]
    return import_module("of_shapes")


def test_wrong_arrays_are_refused(checked):
    right, wrong = np.zeros((4, 3)), np.zeros((4, 2))
    assert checked.twice(right) is right and checked.plain("a") == "a"
    holder = checked.Holder(wrong)
    refused = [
        lambda: checked.twice(wrong),
        lambda: checked.twice(right, 1),  # it returns something else
        lambda: holder.method(wrong),
        lambda: checked.Holder.made(wrong),
        lambda: checked.Holder.free(wrong),
        lambda: holder.read,
        lambda: holder.kept,
        lambda: checked.Cloud(right, np.zeros(3)),  # four means, three weights
    ]
    for call in refused:
        with pytest.raises(TypeCheckError):
            call()
    assert checked.Cloud(right, np.zeros(4)).means is right
    holder.values = right
    assert holder.read is right and holder.kept is right


def test_a_function_is_checked_in_its_first_calls_of_each_test(checked):
    right, wrong = np.zeros((4, 3)), np.zeros((4, 2))
    for _ in range(2):
        array_checks.begin()
        for _ in range(array_checks.CALLS):
            with pytest.raises(TypeCheckError):
                checked.twice(wrong)
        assert checked.twice(wrong) is wrong
        for _ in range(array_checks.CALLS - 1):
            checked.Cloud(right, np.zeros(4))
        with pytest.raises(TypeCheckError):
            checked.Cloud(right, np.zeros(3))
        assert len(checked.Cloud(right, np.zeros(3)).weights) == 3


def test_the_engine_is_checked():
    assert all(hasattr(one, "__wrapped__") for one in (render, Nesting.around, Nesting.ranks))
