"""Weights of learned models: which there are, where they lie, how to get them. Nothing downloads without being asked.

`path` finds a model, `fetch` brings it, `status` says which are there; `MissingWeights` is what a front end catches to
show size and licence and to ask before it fetches.
"""

from .fetch import fetch, path, status
from .folders import MissingWeights, default_folder, fingerprint
from .table import MODELS, Model, find

__all__ = [
    "MODELS",
    "MissingWeights",
    "Model",
    "default_folder",
    "fetch",
    "find",
    "fingerprint",
    "path",
    "status",
]
