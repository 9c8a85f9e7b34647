"""The chance level: the same network with every weight tensor permuted.

Nothing that it has learned is left, but its layers and the spread of its weights are.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from ..features.join import Joined
from ..machine.device import import_torch


def shuffled(extractor: Any, seed: int = 0) -> Any:
    """A copy of `extractor` with permuted weights, for the chance level; None without weights.

    Its name starts with "CONTROL", so that its figures are not taken for results.
    """
    if isinstance(extractor, Joined):
        parts = [shuffled(part, seed) for part in extractor.parts]
        if not any(parts):
            return None
        pairs = zip(parts, extractor.parts, strict=True)
        return Joined(tuple(part or whole for part, whole in pairs))
    changed = copy.deepcopy(extractor)
    tensors = [tensor for tensor in _tensors(changed) if tensor.dim() > 1]
    if not tensors:
        return None
    torch = import_torch()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for tensor in tensors:
            order = torch.randperm(tensor.numel(), generator=generator)
            tensor.copy_(tensor.detach().cpu().flatten()[order].reshape(tensor.shape))
    return replace(
        changed,
        name=f"CONTROL: {extractor.name}, weights shuffled",
        key=f"{extractor.key}-shuffled-{seed}",
    )


def _tensors(thing: Any) -> Iterator[Any]:
    """All weights in an extractor, which is made of dataclasses, containers and torch modules."""
    torch = import_torch()
    if isinstance(thing, torch.Tensor):
        yield thing
    elif isinstance(thing, torch.nn.Module):
        yield from thing.parameters()
    elif isinstance(thing, Mapping):
        for value in thing.values():
            yield from _tensors(value)
    elif isinstance(thing, list | tuple):
        for value in thing:
            yield from _tensors(value)
    elif is_dataclass(thing):
        for field in fields(thing):
            yield from _tensors(getattr(thing, field.name))
