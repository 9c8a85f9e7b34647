"""Layers of small convolutional networks, made from a state dict.

Each batch normalization is folded into the weights of the convolution before it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from ..errors import EngineError
from ..machine.device import import_torch


@dataclass(frozen=True)
class Layer:
    """Convolution, bias and activation: (B, C, H, W) -> (B, D, H / stride, W / stride)."""

    weight: Any
    bias: Any
    stride: int
    groups: int
    activation: Callable[[Any], Any]
    # Whether to pad as TensorFlow does: if the padding is odd, the extra pixel is right and below.
    same: bool

    def __call__(self, x: Any) -> Any:
        functional = import_torch().nn.functional
        kernel = self.weight.shape[-1]
        pad = kernel // 2
        if self.same:
            low, high = (max(kernel - self.stride + extra, 0) // 2 for extra in (0, 1))
            x, pad = functional.pad(x, (low, high, low, high)), 0
        return self.activation(
            functional.conv2d(x, self.weight, self.bias, self.stride, pad, groups=self.groups)
        )


def read_weights(folder: Path, device: str) -> dict[str, Any]:
    """The tensors of `folder`/model.safetensors. Raises `EngineError` "bad_file"."""
    import_torch()
    from safetensors.torch import load_file

    try:
        tensors: dict[str, Any] = load_file(folder / "model.safetensors", device=device)
    except (OSError, SafetensorError) as error:
        raise EngineError(
            "bad_file",
            f"{folder / 'model.safetensors'} cannot be read: {error}.",
            ["Fetch the model again."],
        ) from error
    return tensors


def layer(
    tensors: Mapping[str, Any],
    convolution: str,
    norm: str = "",
    *,
    eps: float = 1e-5,
    stride: int = 1,
    groups: int = 1,
    activation: Callable[[Any], Any] = lambda x: x,
    same: bool = False,
) -> Layer:
    """The convolution called `convolution`, followed by the batch normalization `norm` if given."""
    weight, bias = tensors[f"{convolution}.weight"], tensors.get(f"{convolution}.bias", 0)
    if norm:
        scale = (tensors[f"{norm}.running_var"] + eps) ** -0.5 * tensors.get(f"{norm}.weight", 1)
        bias = (bias - tensors[f"{norm}.running_mean"]) * scale + tensors.get(f"{norm}.bias", 0)
        weight = weight * scale.view(-1, 1, 1, 1)
    return Layer(weight, bias, stride, groups, activation, same)
