"""The two halves of the scenes: one to choose numbers on, one that is only reported."""

from __future__ import annotations

import reported
import tuning

TUNING = tuple(recipe.name for recipe in tuning.RECIPES)
REPORTED = tuple(recipe.name for recipe in reported.RECIPES)
RECIPES = {recipe.name: recipe for recipe in (*tuning.RECIPES, *reported.RECIPES)}
