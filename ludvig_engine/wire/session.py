"""Requests about the engine itself: how a connection begins and ends, memory, and the cache."""

from __future__ import annotations

from dataclasses import dataclass

from .request import Nothing, Request


@dataclass(frozen=True)
class Greeted:
    nonce: str  # of the engine, for this connection only
    proof: str  # that the engine knows the token (handshake.py)


@dataclass(frozen=True)
class Hello(Request[Greeted], method="hello"):
    """The first message of every connection; the engine answers with a proof that it is the one."""

    nonce: str  # of the client, for this connection only
    protocol: int


@dataclass(frozen=True)
class Initialized:
    version: str  # of the engine
    protocol: int
    pid: int  # of the engine's process, on its machine
    methods: tuple[str, ...]  # those that the engine serves


@dataclass(frozen=True)
class Initialize(Request[Initialized], method="initialize"):
    """The second message, within five seconds of connecting: the client's proof."""

    proof: str  # that the client knows the token
    client: str  # for the engine's log


@dataclass(frozen=True)
class Shutdown(Request[Nothing], method="shutdown"):
    """End the engine. Requests under way are cancelled."""


@dataclass(frozen=True)
class Memory:
    # The device's name for people: "CPU, 2 cores", "NVIDIA GeForce RTX 4070".
    device: str
    free: int  # bytes
    total: int  # bytes
    freed: int = 0  # bytes given back by this request


@dataclass(frozen=True)
class MemoryInfo(Request[Memory], method="memory/info"):
    """What device the engine computes on, and how much memory that has."""


@dataclass(frozen=True)
class FreeMemory(Request[Memory], method="memory/free"):
    """Unload models and forget scenes. Both are loaded again when a request needs them."""


@dataclass(frozen=True)
class CacheState:
    folder: str
    entries: int
    size: int  # bytes
    limit: int  # bytes
    freed: int = 0  # bytes


@dataclass(frozen=True)
class CacheInfo(Request[CacheState], method="cache/info"):
    """Where computed features are kept, and how much space they take."""


@dataclass(frozen=True)
class ClearCache(Request[CacheState], method="cache/clear"):
    """Delete everything computed so far."""
