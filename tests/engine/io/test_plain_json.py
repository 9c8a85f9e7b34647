import json
from enum import StrEnum
from pathlib import Path

import numpy as np
import pytest

from ludvig_engine.io.plain_json import to_json


def test_numbers_that_json_lacks_become_null():
    value = {"a": float("nan"), "b": [np.float32("inf"), 1.5], "c": np.array([[1, -np.inf]])}
    assert json.loads(to_json(value)) == {"a": None, "b": [None, 1.5], "c": [[1.0, None]]}


def test_what_programs_hold_becomes_what_json_has():
    word = StrEnum("word", "one")
    value = {1: (np.int64(2), np.bool_(True)), "path": Path("a/b"), "word": word.one, "no": None}
    expected = {"1": [2, True], "path": str(Path("a/b")), "word": "one", "no": None}
    assert json.loads(to_json(value)) == expected
    assert json.loads(to_json({"name": "\udc80\0\x1b"})) == {"name": "\udc80\0\x1b"}


def test_what_json_cannot_hold_is_an_error():
    with pytest.raises(TypeError):
        to_json({"a": object()})
