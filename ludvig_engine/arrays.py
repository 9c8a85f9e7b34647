"""Array annotations with shapes, such as `means: Float[Array, "N 3"]`.

The tests check them; everywhere else they are documentation. Modules that also run inside Blender,
where only NumPy is installed, import them too: there the annotations stay what they are in the
source, strings that nobody evaluates.
"""

from numpy import ndarray as Array

try:
    from jaxtyping import Bool, Float, Int, Shaped, UInt, UInt8
except ImportError:  # inside Blender
    Bool = Float = Int = Shaped = UInt = UInt8 = None  # type: ignore[assignment]

__all__ = ["Array", "Bool", "Float", "Int", "Shaped", "UInt", "UInt8"]
