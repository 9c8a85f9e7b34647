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

import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from ..errors import EngineError
from . import codec
from .calls import Call
from .line import Line
from .methods import Initialized, Request
from .process import EngineProcess, engine_command, read_connection_file
from .protocol import Message, Progress, pack_message

R = TypeVar("R")


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
        self._address, self._token = address, token
        self._line = Line(address, token, self._explain)
        self._line.start()

    @property
    def info(self) -> Initialized | None:
        """The engine's answer to `initialize`; None until it is ready."""
        return self._line.info

    @property
    def error(self) -> EngineError | None:
        """Why the connection has ended; None while it has not."""
        return self._line.calls.error

    @property
    def changed(self) -> threading.Condition:
        """Told when a call has news, and when `info` or `error` has."""
        return self._line.calls.changed

    def __repr__(self) -> str:
        if self._line.closing:
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
        return self._line.calls.poll()

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
        self._line.notify(method, params)

    def close(self) -> None:
        """Close the connection.

        An engine that was started here ends; its results stay in its cache.
        """
        self._line.hang_up()
        if self.process:
            self.process.end()
        self._line.join(1.0)

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _send(self, request: Request[R], *, polled: bool) -> Call[R]:
        number = self._line.calls.next_number()
        params, arrays = codec.encode(request)
        frame = pack_message({"id": number, "method": request.method, "params": params}, arrays)
        call = self._line.calls.add(request, number, polled=polled)
        if not call.done:
            # A caller who waits anyway may send.
            self._line.send(frame, now=not polled and not arrays)
        return call

    def _explain(self, reason: Exception) -> EngineError:
        """Why there is no connection, or no longer one, in a sentence for people."""
        if self._line.closing:
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
