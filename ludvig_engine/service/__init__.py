"""What the engine does for its clients: a function per method of methods.py, each thin around the library.

They are called one at a time, so what they share (state.py) needs no locks. A file per group of methods.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

from ..errors import EngineError, Fix
from ..progress import Job, begin
from ..wire.methods import METHODS, Initialize, Request, Shutdown

Handlers = Mapping[str, Callable[[Any, Job], Any]]


class Service:
    """The handlers of all methods, before what they need is imported, which takes seconds: the engine starts at once.

        service = Service()
        server.serve(connection_file, service.handlers, ready=service.load)

    The first request waits for the import, and begins it if nobody has.
    """

    def __init__(self) -> None:
        self._loaded: Future[Handlers] | None = None
        served = METHODS.keys() - {Initialize.method, Shutdown.method}  # these the server answers
        self.handlers: Handlers = {name: functools.partial(self._answer, name) for name in served}

    def load(self) -> Future[Handlers]:
        """Begin the import, in a thread of its own."""
        self._loaded = self._loaded or begin(_load)
        return self._loaded

    def _answer(self, method: str, request: Request[Any], job: Job) -> Any:
        return job.wait(self.load())[method](request, job)


def _load() -> Handlers:
    try:
        from .handlers import handlers
    except ImportError as error:
        fixes = [Fix("Install the engine's packages again.", "install_engine")]
        raise EngineError(
            "missing_package", f"The engine's environment is damaged: {error}.", fixes
        ) from error
    return handlers()
