"""Every method can be sent, is documented, and refuses values that make no sense."""

from __future__ import annotations

import subprocess
import sys
import types
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, Literal, Union, get_args, get_origin

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ludvig_engine.errors import EngineError
from ludvig_engine.wire import codec, frames, methods, methods_table
from ludvig_engine.wire.methods import METHODS, OpenScene, Prompt, Viewport
from round_trip import equal, traveled

OURS = {
    name: kind for name, kind in METHODS.items() if kind.__module__.startswith(methods.__package__)
}


def example(hint: Any, path: str = "") -> Any:
    """Some value of a type, with every optional field given."""
    if found := codec.array_type(hint):
        sizes = {
            "N": 2,
            "C": 1,
            "V": 3,
            "H": 4,
            "W": 5,
            "P": 2,
            "S": 3,
            "M": 2,
            "D": 2,
            "K": 2,
            "T": 3,
        }
        return np.ones(
            [int(s) if s.isdigit() else sizes[s] for s in found[1].split()], frames.DTYPES[found[0]]
        )
    if get_origin(hint) in (types.UnionType, Union):
        return example(get_args(hint)[0])
    if get_origin(hint) is tuple:
        return (example(get_args(hint)[0]),)
    if get_origin(hint) is dict:
        return {"seconds": 0.5}
    if get_origin(hint) is Literal:
        return get_args(hint)[0]
    if hint is Prompt:
        return Prompt("box", view="a.jpg", pixels=np.ones((2, 2), np.float32))
    if hint is OpenScene:
        return OpenScene(cloud=example(methods.Cloud), views="/a", photos="/b")
    if is_dataclass(hint):
        return hint(**{name: example(part) for name, part in codec.hints(hint).items()})
    return {str: "a", int: 3, float: 0.25, bool: True}[hint]


@pytest.mark.parametrize("name", OURS)
def test_every_request_and_answer_travels(name):
    for kind in OURS[name], OURS[name].answer:
        value = example(kind)
        assert equal(traveled(value), value)


@pytest.mark.parametrize("name", OURS)
def test_every_method_says_what_it_does(name):
    first = (OURS[name].__doc__ or "").splitlines()[0]
    assert first.endswith((".", "?"))
    # Python gives a dataclass without a docstring one that begins with its name.
    assert not first.startswith(OURS[name].__name__)
    assert f"| `{name}` |" in methods_table.table()


def test_the_table_is_printed():
    printed = subprocess.run(
        [sys.executable, "-m", "ludvig_engine.wire.methods_table"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert printed.stdout.strip() == "\n".join(
        line for line in methods_table.table().splitlines() if "`fake/" not in line
    )


def test_array_fields_are_of_known_types():
    for kind in [k for pair in OURS.values() for k in (pair, pair.answer)]:
        for field in fields(kind):
            if found := codec.array_type(codec.hints(kind)[field.name]):
                assert found[0] in frames.DTYPES
            elif field.default is not MISSING:
                assert field.default is not None or field.name in {
                    "cloud",
                    "threshold",
                    "near",
                    "raster",
                    "cull",
                    "guess",
                }


PIXELS = np.ones((1, 2), np.float32)
CAMERA = Viewport(np.eye(4), np.eye(3), 640, 480)


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "click", "view": "a", "pixels": PIXELS},
        {"kind": "click", "viewport": CAMERA, "pixels": PIXELS},
        {"kind": "click", "points": np.ones((1, 3), np.float32)},
        {"kind": "scribble", "view": "a", "mask": np.ones((4, 5), bool), "positive": False},
        {"kind": "mask", "view": "a", "mask": np.ones((4, 5), bool)},
        {"kind": "box", "points": np.ones((2, 3), np.float32)},
        {"kind": "text", "text": "the pot"},
    ],
)
def test_prompts_that_make_sense(fields):
    assert traveled(Prompt(**fields)).kind == fields["kind"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "click", "view": "a"}, "exactly one of pixels, points, mask"),
        ({"kind": "click", "pixels": PIXELS}, "exactly one of view, viewport"),
        (
            {"kind": "click", "pixels": PIXELS, "view": "a", "viewport": CAMERA},
            "exactly one of view, viewport",
        ),
        ({"kind": "mask", "view": "a", "pixels": PIXELS}, "needs a mask"),
        ({"kind": "click", "view": "a", "mask": np.ones((4, 5), bool)}, "click prompt has no mask"),
        ({"kind": "box", "view": "a", "pixels": PIXELS}, "two corners"),
        ({"kind": "text"}, "exactly one of text"),
    ],
)
def test_prompts_that_do_not(fields, said):
    with pytest.raises(EngineError, match=said) as caught:
        Prompt(**fields)
    assert caught.value.kind == "bad_request"


names = st.sampled_from(
    sorted(
        {name for kind in OURS.values() for name in codec.hints(kind)} | set(codec.hints(Prompt))
    )
)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=3)
    | st.sampled_from(["click", "box"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=10,
)
arrays = st.dictionaries(
    st.sampled_from(["selected", "prompts.0.pixels", "prompts.0.mask", "cloud.means", "x"]),
    st.sampled_from([PIXELS, np.ones((2, 3), np.float32), np.ones(4, bool), np.zeros(0)]),
    max_size=3,
)


@settings(max_examples=500)
@given(
    st.sampled_from(sorted(OURS)),
    st.dictionaries(names, json_values, max_size=5) | json_values,
    arrays,
)
def test_anything_is_a_request_or_a_bad_request(name, data, arrays):
    try:
        request = codec.decode(OURS[name], data, arrays)
    except EngineError as error:
        assert error.kind == "bad_request"
    else:
        assert equal(traveled(request), request)


def test_a_scene_is_a_file_or_a_cloud():
    for wrong in OpenScene, lambda: OpenScene("a.ply", example(methods.Cloud)):
        with pytest.raises(EngineError, match="exactly one of splats, cloud"):
            wrong()


def test_the_client_needs_the_standard_library_and_numpy_only():
    """Blender's Python has nothing else."""
    script = """
import sys
class Nothing:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in sys.stdlib_module_names and top not in ("numpy", "ludvig_engine"):
            raise ImportError(f"{name} is not available in Blender")
sys.meta_path.insert(0, Nothing())
import ludvig_engine.wire.client, ludvig_engine.wire.methods, ludvig_engine.wire.protocol
"""
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
