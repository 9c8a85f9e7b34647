"""The names of the paper's experiments, apart from the experiments (configs.py), whose import takes
a second.
"""

from __future__ import annotations

from ..errors import EngineError, nearest_name

NAMES = (
    *("dif_SPIn", "dif_NVOS", "xdif_SPIn", "sam_NVOS", "sam_SPIn", "sam2_NVOS", "sam2_SPIn"),
    *("lerf", "lerf_no_diffusion", "lerf_sam", "removal"),
)


def parts(name: str) -> tuple[str, str]:
    """The name and the variant, "" or "released", of what a user writes: "NAME:released".

    Raises `EngineError` "bad_input" for unknown names and variants.
    """
    name, _, variant = name.partition(":")
    if name not in NAMES:
        raise EngineError(
            "bad_input", f'There is no configuration "{name}".', [nearest_name(name, NAMES)]
        )
    if variant not in ("", "released"):
        raise EngineError(
            "bad_input",
            f'{name} has no variant "{variant}".',
            [f"Write {name} or {name}:released."],
        )
    return name, variant
