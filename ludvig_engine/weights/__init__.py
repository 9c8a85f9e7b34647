"""Weights of learned models: which there are, where they are kept, and how to get them.

Nothing is downloaded without being asked for. `path` finds a model, `fetch` downloads it, `status`
tells which are there. A front end catches `MissingWeights` to show size and license, and to ask
before it fetches.
"""

from .fetch import fetch, path, status
from .folders import MissingWeights, default_folder, fingerprint
from .model import Model
from .table import MODELS, model_called

__all__ = [
    "MODELS",
    "MissingWeights",
    "Model",
    "default_folder",
    "fetch",
    "fingerprint",
    "model_called",
    "path",
    "status",
]
