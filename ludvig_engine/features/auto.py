"""`auto`: the best features that this machine has the weights for; never downloads. `name` says what it chose."""

from __future__ import annotations

import logging
from collections.abc import Container
from importlib.util import find_spec

from .. import weights
from ..errors import EngineError
from ..machine.device import choose
from . import Extractor, load_extractor

# In order: what it takes of the models table, and what is then asked for.
CHOICES = (
    (("dinov2-small",), "dinov2:small"),
    (("dinov2-base",), "dinov2:base"),
    (("imgfocus", "xfeat"), "imgfocus+xfeat"),
    (("imgfocus",), "imgfocus"),
    (("effnet",), "effnet"),
)
GPU_CHOICES = ((("dinov2-large",), "dinov2:large"), (("dinov2-base",), "dinov2:base"), *CHOICES)

log = logging.getLogger(__name__)


def load(argument: str, *, device: str) -> Extractor:
    if argument:
        raise EngineError(
            "bad_input", f'"auto" takes no argument, but was given "{argument}".', ["Write: auto."]
        )
    spec = best(device)
    log.info("features: %s", spec)
    return load_extractor(spec, device=device)


def best(device: str) -> str:
    """The spec that `auto` stands for on this machine."""
    if not (find_spec("torch") and find_spec("transformers")):
        return "colour"
    here = {id for id, place in weights.status().items() if place}
    if _first(CHOICES, here) == _first(GPU_CHOICES, here):
        return _first(
            CHOICES, here
        )  # whatever the device, so that nobody waits for torch to say what there is
    return _first(CHOICES if choose(device) == "cpu" else GPU_CHOICES, here)


def wanted(device: str) -> str:
    """The spec that `auto` would stand for if all weights could be fetched."""
    return _first(CHOICES if choose(device) == "cpu" else GPU_CHOICES, weights.MODELS)


def _first(choices: tuple[tuple[tuple[str, ...], str], ...], here: Container[str]) -> str:
    return next((spec for needed, spec in choices if all(id in here for id in needed)), "colour")
