"""The service's requests and answers under their public name; `wire/methods.py` defines them."""

from .wire.methods import *  # noqa: F403
