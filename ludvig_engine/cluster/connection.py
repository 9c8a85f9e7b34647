"""A connection to a cluster of Ray, and what its errors mean to people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any  # Ray is not installed where types are checked

from ..errors import EngineError
from ..progress import cpu_count


@contextmanager
def connected(address: str) -> Iterator[tuple[Any, bool]]:
    """The module ray, connected, and whether it stays so, because a script has connected it."""
    ray: Any = import_module("ray")
    if ray.is_initialized():
        yield ray, True
        return
    options: dict[str, Any] = {"address": address, "logging_level": "error"}
    if address == "local":
        options |= {"num_cpus": cpu_count(), "include_dashboard": False}
    try:
        ray.init(**options, log_to_driver=False)
    except (ConnectionError, ImportError, RuntimeError, ValueError) as error:
        raise EngineError(
            "not_found",
            f"No cluster of Ray answers at {address}: {_line(error)}.",
            [
                "Start one with `ray start --head`, or use --cluster local.",
                'For ray://, also: pip install "ray[client]".',
                "If it asks for a token, set RAY_AUTH_MODE=token and its RAY_AUTH_TOKEN here too.",
            ],
        ) from error
    try:
        yield ray, False
    finally:
        ray.shutdown()


def explained(error: Exception) -> Exception:
    """An error of Ray as what a task has raised, or as one for people."""
    cause = getattr(error, "cause", None)
    if isinstance(cause, Exception):
        return cause
    return EngineError(
        "cluster_failed",
        f"A task failed on the cluster, again and again: {_line(error)}.",
        [
            "Look at its logs: ray logs.",
            "If memory ran out, start Ray with fewer workers: ray start --num-cpus 4.",
        ],
    )


def _line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:300].rstrip(".")
