"""The engine from Python: for scripts, and for programs with a window that must not freeze.

    with Engine.start() as engine:
        scene = engine.call(OpenScene(splats="/scans/garden.ply", views="/scans/garden"),
                            progress=print)
        click = Prompt("click", view="DSC0001.jpg", pixels=np.float32([[812, 430]]))
        pot = engine.call(RunSegment(scene.scene, prompts=(click,)))
        print(pot.selected.sum(), "of", scene.count, "splats")

A program with a window uses `send`, which returns at once, and calls `poll` from a timer.
Everything that may take time, including the start of the engine, happens in two threads: one
connects and receives, the other sends.

An engine on another machine is started and reached through SSH. The secret goes to its stdin, which
has to stay open:

    (echo $TOKEN; cat) | ssh -L 7777:127.0.0.1:7777 HOST \
        ludvig serve --port 7777 --connection-file ludvig.json
    Engine.attach(TOKEN, port=7777)

Standard library and NumPy only: this also runs inside Blender.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

from ..errors import EngineError, Fix
from . import codec
from .frames import Frame
from .methods import Initialize, Initialized, Request
from .process import EngineProcess, engine_command, read_connection_file
from .protocol import (
    PROTOCOL,
    Arrays,
    Connection,
    Message,
    Progress,
    ProtocolError,
    error_from_message,
    pack_message,
)

R = TypeVar("R")

# The limit for the connection, and again for the answer to `initialize`: a tunnel may be slow.
CONNECT_SECONDS = 10.0


class Call(Generic[R]):
    """A request that was sent. `done` turns true once; `progress` is the newest report."""

    def __init__(self, engine: Engine, request: Request[R], number: int, *, polled: bool) -> None:
        self.request = request
        self.number = number
        self.polled = polled
        self.progress: Progress | None = None
        self.outcome: R | EngineError | None = None
        self._engine = engine

    @property
    def done(self) -> bool:
        """Whether the call has ended, with an answer or with an error."""
        return self.outcome is not None

    def result(
        self, *, progress: Callable[[Progress], object] | None = None, timeout: float | None = None
    ) -> R:
        """Wait for the answer. `progress` is called with each newest report, in the calling thread.

        Raises TimeoutError after `timeout` seconds. Raises `EngineError` with the kind that the
        engine answered ("cancelled" and "superseded" among them), or with one such as "engine_gone"
        if there will be no answer.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        shown = None
        while self.outcome is None:
            with self._engine.changed:
                left = None if deadline is None else deadline - time.monotonic()
                if (
                    self.outcome is None
                    and self.progress is shown
                    and not self._engine.changed.wait(left)
                ):
                    raise TimeoutError(
                        f"{self.request.method} was not answered within {timeout} seconds"
                    )
            if progress and self.progress and self.progress is not shown:
                progress(self.progress)
            shown = self.progress
        if isinstance(self.outcome, EngineError):
            raise self.outcome
        return self.outcome

    def cancel(self) -> None:
        """Ask the engine to stop.

        The call then ends with the error "cancelled", or with its result if the engine had already
        sent it.
        """
        self._engine.notify("$/cancelRequest", {"id": self.number})


class Engine:
    """One connection to an engine, from the first attempt to its end. Any thread may use it."""

    def __init__(
        self,
        address: Callable[[], tuple[str, int]],
        token: str,
        process: EngineProcess | None = None,
    ) -> None:
        """Use `start` or `attach`."""
        # The engine's process, if it was started here.
        self.process = process
        # The engine's answer to `initialize`; None until it is ready.
        self.info: Initialized | None = None
        self.error: EngineError | None = None  # why the connection has ended
        # Guards everything that the two threads and the callers write.
        self.changed = threading.Condition()
        self._address, self._token = address, token
        # Calls by number: first those without an answer yet, then those with news since the last
        # `poll`.
        self._calls: dict[int, Call[Any]] = {}
        self._news: dict[int, Call[Any]] = {}
        self._numbers = itertools.count(1)
        self._outbox: SimpleQueue[Frame | None] = SimpleQueue()
        self._connection: Connection | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="engine, receiving", daemon=True)
        self._thread.start()

    def __repr__(self) -> str:
        if self._closing:
            return "Engine(closed)"
        if self.error:
            return f"Engine(ended: {self.error.kind})"
        if self.info is None:
            return "Engine(connecting)"
        return f"Engine({self.info.version}, process {self.info.pid})"

    @classmethod
    def start(
        cls,
        python: str | os.PathLike[str] | None = None,
        *,
        command: Sequence[str] = (),
        log: str | os.PathLike[str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Engine:
        """Start an engine and connect to it.

        The engine runs in the given Python (by default this one), or is started by another command.
        `environment` is added to the variables that it inherits, for example LUDVIG_MODELS. `log`
        is the file for what it prints. It ends with `close`, or with this process. Raises
        `EngineError` "not_found" if the program does not exist.
        """
        process = EngineProcess(
            command or engine_command(python or sys.executable), log=log, environment=environment
        )
        return cls(process.address, process.token, process)

    @classmethod
    def attach(
        cls,
        token: str,
        *,
        connection_file: str | os.PathLike[str] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> Engine:
        """Connect to a running engine.

        Give its connection file, or the host and port of the local end of a tunnel to it. `token`
        is the secret that was written to the engine's stdin.
        """
        return cls(
            lambda: read_connection_file(connection_file) if connection_file else (host, port),
            token,
        )

    def reconnect(self) -> Engine:
        """A new connection, made in the same way as this one, which is closed.

        If the engine was started here and has died, it is started again.
        """
        process = self.process
        if process and process.alive:
            self.process = None  # so that `close` does not end it
        self.close()
        if process and not process.alive:
            process = process.again()
        if process:
            return Engine(process.address, process.token, process)
        return Engine(self._address, self._token)

    def send(self, request: Request[R]) -> Call[R]:
        """Send a request and return at once; `poll` tells when something has happened to it.

        Do not change the request's arrays until the call is done. Raises `EngineError`:
        "bad_request" if a field does not fit its type, "too_large" if the message is over the
        limits of frames.py. Without a connection, the returned call has already ended with the
        reason.
        """
        return self._send(request, polled=True)

    def poll(self) -> list[Call[Any]]:
        """The calls made by `send` that were answered, or made progress, since the last `poll`."""
        with self.changed:
            news, self._news = self._news, {}
        return list(news.values())

    def call(
        self,
        request: Request[R],
        *,
        progress: Callable[[Progress], object] | None = None,
        timeout: float | None = None,
    ) -> R:
        """Send a request and wait for the answer, with the arguments and errors of `Call.result`.

        If the wait is interrupted, the request is cancelled.
        """
        call = self._send(request, polled=False)
        try:
            return call.result(progress=progress, timeout=timeout)
        except BaseException:  # Ctrl+C, a timeout, an error in `progress`
            if not call.done:
                call.cancel()
            raise

    def notify(self, method: str, params: Message) -> None:
        """Send a message that has no answer."""
        self._outbox.put(pack_message({"method": method, "params": params}))

    def close(self) -> None:
        """Close the connection.

        An engine that was started here ends; its results stay in its cache.
        """
        self._closing = True
        if self._connection:
            self._connection.hang_up()
        if self.process:
            self.process.end()
        # This returns at once, unless the thread is still trying to connect.
        self._thread.join(1.0)

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _send(self, request: Request[R], *, polled: bool) -> Call[R]:
        number = next(self._numbers)
        params, arrays = codec.encode(request)
        frame = pack_message({"id": number, "method": request.method, "params": params}, arrays)
        call = Call(self, request, number, polled=polled)
        with self.changed:
            self._calls[number] = call
            if self.error:
                self._end(number, self.error)
                return call
        if self._connection and self.info and not polled and not arrays:
            # Send from this thread, as the caller waits anyway and waking the sending thread takes
            # 30 µs. If the connection has ended, the receiving thread finds out why.
            with contextlib.suppress(OSError):
                self._connection.send(frame)
        else:
            self._outbox.put(frame)
        return call

    def _run(self) -> None:
        """Receive, from the first attempt to connect to the end of the connection."""
        error = EngineError(
            "internal",
            "The connection to the engine has failed.",
            [Fix("Restart the engine.", "restart_engine")],
        )
        try:
            self._connect()
        except (EngineError, EOFError, OSError) as reason:
            error = self._explain(reason)
        finally:
            with self.changed:
                self.error = error
                for number in list(self._calls):
                    self._end(number, error)
                self.changed.notify_all()

    def _connect(self) -> None:
        sock = socket.create_connection(self._address(), CONNECT_SECONDS)
        with contextlib.closing(Connection(sock)) as connection:
            sock.settimeout(None)
            self._connection = connection
            if self._closing:
                raise EOFError
            hello, _ = codec.encode(Initialize(self._token, PROTOCOL, f"Python {os.getpid()}"))
            connection.send(pack_message({"id": 0, "method": Initialize.method, "params": hello}))
            message, arrays = connection.receive(deadline=time.monotonic() + CONNECT_SECONDS)
            if "error" in message:
                raise error_from_message(message["error"])
            info = codec.decode(Initialized, message.get("result"), arrays)
            with self.changed:
                self.info = info
                self.changed.notify_all()
            writer = threading.Thread(
                target=self._write, args=(connection,), name="engine, sending", daemon=True
            )
            writer.start()
            try:
                while True:
                    self._receive(*connection.receive())
            finally:
                connection.hang_up()
                self._outbox.put(None)
                writer.join()

    def _write(self, connection: Connection) -> None:
        # If the connection has ended, the receiving thread finds out why.
        with contextlib.suppress(OSError):
            while frame := self._outbox.get():
                connection.send(frame)

    def _receive(self, message: Message, arrays: Arrays) -> None:
        outcome: Any
        match message:
            case {"method": "$/progress", "params": {"id": int(number), **report}}:
                with self.changed:
                    if call := self._calls.get(number):
                        call.progress = codec.decode(Progress, report, {})
                        self._tell(call)
                return
            case {"id": int(number), "error": error}:
                outcome = error_from_message(error)
            case {"id": int(number), "result": result} if call := self._calls.get(number):
                try:
                    outcome = codec.decode(call.request.answer, result, arrays)
                except EngineError as error:
                    outcome = ProtocolError(
                        f"The engine's answer to {call.request.method} is wrong: {error}"
                    )
            case _:
                raise ProtocolError(
                    "The engine sent a message that this client does not understand."
                )
        with self.changed:
            self._end(number, outcome)

    def _end(self, number: int, outcome: Any) -> None:
        if call := self._calls.pop(number, None):
            call.outcome = outcome
            self._tell(call)

    def _tell(self, call: Call[Any]) -> None:
        if call.polled:
            self._news[call.number] = call
        self.changed.notify_all()

    def _explain(self, reason: Exception) -> EngineError:
        """Why there is no connection, or no longer one, in a sentence for people."""
        if self._closing:
            return EngineError("closed", "The connection to the engine has been closed.")
        if isinstance(reason, EngineError):
            return reason
        if self.process:
            return EngineError(
                "engine_gone",
                f"The engine has stopped: {self.process.ending()}",
                self.process.fixes,
            )
        what = f": {reason}" if str(reason) else "."
        return EngineError(
            "engine_gone",
            f"There is no connection to the engine{what}",
            ["Check that it runs, then connect again."],
        )
