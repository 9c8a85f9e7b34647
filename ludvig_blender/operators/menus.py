"""Registering operators together with their entry in one of Blender's menus."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import bpy

# It gets the menu or the header that it is drawn in.
Entry = (
    Callable[[bpy.types.Menu, bpy.types.Context], None]
    | Callable[[bpy.types.Header, bpy.types.Context], None]
)


def with_entry(
    classes: Sequence[type],
    # Any, because the stubs take menus for objects, and forget that an entry gets the menu as
    # an argument.
    menu: Any,
    entry: Entry,
) -> tuple[Callable[[], None], Callable[[], None]]:
    """The functions `register` and `unregister` of a module with these classes and this entry."""
    register_classes, unregister_classes = bpy.utils.register_classes_factory(classes)

    def register() -> None:
        register_classes()
        menu.append(entry)

    def unregister() -> None:
        menu.remove(entry)
        unregister_classes()

    return register, unregister
