"""Build the things of a recipe as Blender's scene."""

from __future__ import annotations

from functools import partial

import bpy
from arrangements import Thing, place
from catalog import KINDS
from palette import palette
from pieces import Recipe
from surroundings import light


def arrange(recipe: Recipe) -> None:
    """Build the things of a recipe, and nothing else, as Blender's scene."""
    bpy.ops.wm.read_homefile(use_empty=True)
    colors = palette(recipe.seed)
    things = [
        Thing(
            piece.name,
            partial(KINDS[piece.kind], colors[piece.color], colors[piece.other], **piece.more),
            piece.at,
            piece.turn,
            piece.size,
        )
        for piece in recipe.pieces
    ]
    place(things, recipe.names)
    light(recipe.light)
