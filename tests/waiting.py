"""Wait for an event.

No test asserts how long something took: on a busy machine everything takes long.
"""

from __future__ import annotations

import time
from collections.abc import Callable

# Seconds after which a test that waits has failed.
LIMIT = 120.0


def wait_for(
    condition: Callable[[], object],
    step: Callable[[], object] = lambda: None,
    *,
    pause: float = 0.005,
) -> bool:
    """Whether the condition comes true in time. `step` is called between two checks."""
    end = time.monotonic() + LIMIT
    while not condition():
        if time.monotonic() > end:
            return False
        step()
        time.sleep(pause)
    return True
