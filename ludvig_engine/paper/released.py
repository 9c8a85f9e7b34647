"""How the published code departs from the paper when it uplifts features; for parity only."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from ..pipeline import Recipe
from ..uplifting import Uplifted


@dataclass(frozen=True)
class ReleasedRecipe(Recipe):
    """Features divided by their number, because the published code counts Σ w once per channel."""

    @classmethod
    def of(cls, recipe: Recipe) -> ReleasedRecipe:
        """The same recipe with the quirk."""
        return cls(**{field.name: getattr(recipe, field.name) for field in fields(Recipe)})

    def finished(self, uplifted: Uplifted) -> Uplifted:
        features = uplifted.features / np.float32(uplifted.features.shape[1])
        return replace(uplifted, features=features)
