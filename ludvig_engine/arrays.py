"""Array annotations with shapes: `means: Float[Array, "N 3"]`. Checked in tests, read by people everywhere else.

`errors`, `scene`, `sh`, `io.ply`, `protocol`, `methods` and `client` also run inside Blender, where only NumPy is
installed; there the annotations stay what they are in the source: strings that nobody evaluates.
"""

from numpy import ndarray as Array

try:
    from jaxtyping import Bool, Float, Int, Shaped, UInt, UInt8
except ImportError:  # inside Blender
    Bool = Float = Int = Shaped = UInt = UInt8 = None  # type: ignore[assignment]

__all__ = ["Array", "Bool", "Float", "Int", "Shaped", "UInt", "UInt8"]
