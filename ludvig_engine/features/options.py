"""Parse the argument of a spec: `small,size=1600,windows` is a choice followed by options."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import EngineError, nearest_name

Option = int | bool


def parse(argument: str, defaults: Mapping[str, Option]) -> tuple[str, dict[str, Option]]:
    """The choice ("" if there is none), and `defaults` updated with the given options.

    The choice is the first word without "=" that is not the name of an option. Integers are written
    `name=value`, switches `name`. Raises `EngineError` "bad_input" for unknown names and wrong
    values.
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
            switch = isinstance(defaults[name], bool)
            kind = "a switch and takes no value" if switch else "a whole number above 0"
            fix = f"Write {name}." if switch else f"Write {name}={defaults[name]}, the default."
            raise EngineError("bad_input", f'"{word}" is wrong: {name} is {kind}.', [fix])
        else:
            options[name] = int(value)
    return choice, options
