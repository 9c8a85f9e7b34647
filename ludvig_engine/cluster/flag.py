"""Whether the results of a run on a cluster are still wanted.

Beside `tasks`, because an actor's process imports what its class's file imports.
"""

from __future__ import annotations


class Flag:
    """An actor that is up while the results of a run are wanted.

    Tasks ask it before they begin, and return nothing if it is down. Ray's own way of canceling
    them ends the whole process of who asks if a task ends in the same moment
    (github.com/ray-project/ray/pull/54785).
    """

    def __init__(self) -> None:
        self._up = True

    def lower(self) -> None:
        """Let the tasks that wait end without a result."""
        self._up = False

    def is_up(self) -> bool:
        return self._up
