"""The session of one client after its handshake: requests, answers, progress, cancelling."""

from __future__ import annotations

import contextlib
import functools
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from ..errors import EngineError, nearest_name
from ..progress import Job
from ..wire import codec
from ..wire.connection import Connection
from ..wire.error_message import error_to_message
from ..wire.frames import Frame
from ..wire.json_text import ProtocolError
from ..wire.methods import METHODS, Nothing, Request, Shutdown
from ..wire.protocol import Arrays, Message, Progress, pack_message
from .jobs import Jobs

# Turns a request of wire/methods.py into its answer; the second argument is the request's job.
Handler = Callable[[Any, Job], Any]

# Seconds from which a request gets a line in the log.
SLOW = 0.3
# These errors happen at every move of a brush, so they are not logged.
EXPECTED = ("cancelled", "superseded", "busy")

log = logging.getLogger(__name__)


class Session:
    """The messages from and to one client."""

    def __init__(
        self,
        connection: Connection,
        jobs: Jobs,
        handlers: Mapping[str, Handler],
        shutdown: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._jobs = jobs
        self._handlers = handlers
        self._shutdown = shutdown

    def run(self) -> None:
        """Handle messages until the client leaves or breaks the protocol.

        Raises EOFError or OSError in the first case, `ProtocolError` in the second.
        """
        try:
            while True:
                self._handle(*self._connection.receive())
        finally:
            self._jobs.cancel(lambda name: name[0] is self)

    def _handle(self, message: Message, arrays: Arrays) -> None:
        if "method" not in message:
            raise ProtocolError("an answer, but nothing was asked")
        method, params = message["method"], message.get("params", {})
        if "id" not in message:
            if method == "$/cancelRequest":
                self._jobs.cancel(lambda name: name == (self, params.get("id")))
            return
        answer = functools.partial(self._answer, message["id"], method, time.monotonic())
        try:
            request = self._read(method, params, arrays)
            if isinstance(request, Shutdown):
                answer(pack_answer(message["id"], Nothing()))
                self._shutdown()
            else:
                self._jobs.add(
                    functools.partial(_run, message["id"], self._handlers[method], request),
                    name=(self, message["id"]),
                    answer=answer,
                    tell=functools.partial(self._tell, message["id"]),
                    replaces=getattr(request, "replaces", ""),
                )
        except EngineError as error:
            answer(error)

    def _read(self, method: str, params: Message, arrays: Arrays) -> Request[Any]:
        served = {*self._handlers, Shutdown.method}
        if method not in served:
            name = method[:80]
            raise EngineError(
                "unknown_method", f'There is no method "{name}".', [nearest_name(name, served)]
            )
        return codec.decode(METHODS[method], params, arrays)

    def _answer(
        self, request: int, method: str, started: float, outcome: Frame | EngineError
    ) -> None:
        seconds = time.monotonic() - started
        if isinstance(outcome, EngineError):
            level = logging.DEBUG if outcome.kind in EXPECTED else logging.INFO
            log.log(level, "%.80r failed after %.2f s: %s", method, seconds, outcome)
            outcome = pack_message({"id": request, "error": error_to_message(outcome)})
        else:
            log.log(
                logging.INFO if seconds > SLOW else logging.DEBUG, "%s took %.2f s", method, seconds
            )
        self._send(outcome)

    def _tell(self, request: int, progress: Progress) -> None:
        self._send(
            pack_message(
                {"method": "$/progress", "params": {"id": request, **codec.encode(progress)[0]}}
            )
        )

    def _send(self, frame: Frame) -> None:
        # If the client has left, the receiving thread logs that.
        with contextlib.suppress(OSError):
            self._connection.send(frame)


def pack_answer(request: int, answer: Any) -> Frame:
    """Encode the answer to a request as a frame that is ready to be sent."""
    result, arrays = codec.encode(answer)
    return pack_message({"id": request, "result": result}, arrays)


def _run(number: int, handler: Handler, request: Request[Any], job: Job) -> Frame:
    answer = handler(request, job)
    if type(answer) is not request.answer:
        raise TypeError(f"{request.method} was answered with {type(answer).__name__}")
    try:
        return pack_answer(number, answer)
    except EngineError as error:
        # The handler made this answer, so the client must not be told that its request is bad.
        if error.kind == "bad_request":
            raise ValueError(f"the answer of {request.method} is wrong: {error}") from error
        raise
