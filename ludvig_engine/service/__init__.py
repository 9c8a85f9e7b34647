"""What the engine does for its clients: one thin function per method of wire/methods.py.

These functions are called one at a time, so the state they share (state.py) needs no locks. Each
group of methods has a file.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from importlib import import_module
from typing import Any

from ..errors import EngineError, Fix
from ..progress import Job, run_aside
from ..wire.methods import METHODS, Hello, Initialize, Request, Shutdown

Handlers = Mapping[str, Callable[[Any, Job], Any]]


class Service:
    """The handlers of all methods, importing what they need later so that the engine starts fast.

        service = Service()
        server.serve(connection_file, service.handlers, ready=service.load)

    The import takes a second. The first request waits for it, and begins it if nobody has called
    `load`.
    """

    def __init__(self) -> None:
        self._loaded: Future[Handlers] | None = None
        self._complete = False  # whether what handlers import later is being imported
        # The server's thread and that of the first request may both begin, and two imports would
        # make two states: a scene opened in one is unknown in the other.
        self._loading = threading.Lock()
        # The server itself answers these methods.
        served = METHODS.keys() - {Hello.method, Initialize.method, Shutdown.method}
        self.handlers: Handlers = {name: functools.partial(self._answer, name) for name in served}

    def load(self) -> Future[Handlers]:
        """Begin the import in a thread of its own, unless it has begun."""
        with self._loading:
            self._loaded = self._loaded or run_aside(_load)
            return self._loaded

    def _answer(self, method: str, request: Request[Any], job: Job) -> Any:
        try:
            return job.wait(self.load())[method](request, job)
        finally:
            self._import_the_rest()

    def _import_the_rest(self) -> None:
        """Import what the first click needs, once, while the client is busy with its answer."""
        with self._loading:
            if not self._complete:
                self._complete = True
                run_aside(_load_later)


def _load() -> Handlers:
    try:
        from .handlers import handlers
    except ImportError as error:
        fixes = [Fix("Install the engine's packages again.", "install_engine")]
        raise EngineError(
            "missing_package", f"A package of the engine cannot be imported: {error}.", fixes
        ) from error
    return handlers()


def _load_later() -> None:
    from .handlers import LATER

    for name in LATER:
        import_module(name)
