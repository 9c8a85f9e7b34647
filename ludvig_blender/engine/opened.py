"""What the engine has opened for an object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from ...ludvig_engine.wire.methods import SceneOpened


@dataclass(frozen=True)
class Opened:
    """The engine's scene of an object."""

    scene: SceneOpened
    identity: str  # `splats.identity` when it was opened
    paths: tuple[str, str]  # cameras and photos
    rendered_at: str  # `ludvig_capture.rendered_at`
    near: float  # the near plane that was asked for; 0: none
    points: int  # of the object
    # The row in the file of each point, or None if the points themselves were sent.
    rows: np.ndarray | None

    @property
    def asked(self) -> tuple[tuple[str, str], str, float]:
        """What the scene was opened with; it is opened again if the object asks for others."""
        return self.paths, self.rendered_at, self.near
