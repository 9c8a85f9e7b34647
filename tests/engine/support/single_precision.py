"""Apple's GPUs have no float64; here any tensor of it is refused, wherever it would be."""

from __future__ import annotations

from torch import Tensor, float64
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class SinglePrecision(TorchDispatchMode):
    """While this context is entered, what computes in float64 raises what torch raises there."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        if any(isinstance(leaf, Tensor) and leaf.dtype == float64 for leaf in tree_leaves(result)):
            raise TypeError(f"Cannot convert a MPS Tensor to float64 dtype: {function}")
        return result
