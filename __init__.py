"""Blender's entry point: this repository's root is the extension."""


def register() -> None:
    from . import ludvig_blender

    ludvig_blender.register()


def unregister() -> None:
    from . import ludvig_blender

    ludvig_blender.unregister()
