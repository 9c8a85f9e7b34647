"""Array annotations with shapes, such as `means: Float[Array, "N 3"]`.

The tests check them, with jaxtyping, which they import first. Everywhere else they are
documentation: the annotations stay what they are in the source, strings that nobody evaluates. So
neither `ludvig --help` nor Blender, where only NumPy is installed, imports jaxtyping.
"""

import sys
from typing import TYPE_CHECKING

from numpy import ndarray as Array

if TYPE_CHECKING or sys.modules.get("jaxtyping"):
    from jaxtyping import Bool, Float, Int, Shaped, UInt, UInt8
else:

    class Float:
        """An array of any type and shape: `Float[Array, "N 3"]` is `Array`."""

        def __class_getitem__(cls, of: object) -> type[Array]:
            return Array

    Bool = Int = Shaped = UInt = UInt8 = Float

__all__ = ["Array", "Bool", "Float", "Int", "Shaped", "UInt", "UInt8"]
