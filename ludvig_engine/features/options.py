"""The argument of a spec: `small,size=1600,windows` is a choice and options."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import EngineError, nearest_name

Option = int | bool


def parse(argument: str, defaults: Mapping[str, Option]) -> tuple[str, dict[str, Option]]:
    """The first word without "=" that is no option ("" if none), and `defaults` with what was given instead.

    Integers are written `name=value`, switches `name`. Raises `EngineError` "bad_input".
    """
    choice, options = "", dict(defaults)
    for word in filter(None, (word.strip() for word in argument.split(","))):
        name, equals, value = word.partition("=")
        if not equals and name not in defaults and not choice:
            choice = name
        elif name not in defaults:
            raise EngineError(
                "bad_input", f'There is no option "{name}".', [nearest_name(name, defaults)]
            )
        elif isinstance(defaults[name], bool) and not equals:
            options[name] = True
        elif isinstance(defaults[name], bool) or not value.isdecimal() or int(value) == 0:
            kind = (
                "a switch and takes no value"
                if isinstance(defaults[name], bool)
                else "a whole number above 0"
            )
            raise EngineError(
                "bad_input", f'"{word}": {name} is {kind}.', [f"Its default is {defaults[name]}."]
            )
        else:
            options[name] = int(value)
    return choice, options
