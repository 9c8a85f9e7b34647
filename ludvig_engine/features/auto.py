"""`auto`: the best extractor whose weights are on this machine; it never downloads.

The `name` of the loaded extractor tells which one was chosen.
"""

from __future__ import annotations

import logging
from collections.abc import Container
from importlib.util import find_spec

from .. import weights
from ..errors import EngineError
from ..machine.device import choose
from . import Extractor, load_extractor, ranked

log = logging.getLogger(__name__)


def load(argument: str, *, device: str) -> Extractor:
    """Load the best extractor. Raises `EngineError` "bad_input" if there is an argument."""
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
    # If both devices have the same answer, torch need not be asked for one, which takes seconds.
    if _first("cpu", here) == _first("gpu", here):
        return _first("cpu", here)
    return _first(_order(device), here)


def wanted(device: str) -> str:
    """The spec that `auto` would stand for if all weights were here."""
    return _first(_order(device), weights.MODELS)


def _order(device: str) -> str:
    return "cpu" if choose(device) == "cpu" else "gpu"


def _first(order: str, here: Container[str]) -> str:
    return next(entry.spec for entry in ranked(order) if all(id in here for id in entry.models))
