"""The requests and answers of the service, under their public name; they are defined in `wire/methods.py`."""

from .wire.methods import *  # noqa: F403
