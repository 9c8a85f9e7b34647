"""Tokenizers in the files that the families' repositories publish, with tiny vocabularies."""

from __future__ import annotations

import json
import struct
from pathlib import Path

WORDS = ("cat", "dog", "banana", "photo", "chair", "table")


def _pieces(letters: str) -> list[str]:
    """Letters, and for each word all its beginnings: what byte-pair merges need."""
    words = [f"▁{word}" for word in (*WORDS, "a", "of")]
    beginnings = [word[:end] for word in words for end in range(2, len(word) + 1)]
    return [*dict.fromkeys([*beginnings, "▁", *letters])]


def gemma(folder: Path) -> None:
    """SigLIP 2's: `tokenizer.json`, and settings that name Gemma's class, which keeps the case."""
    from tokenizers import AddedToken, Tokenizer, normalizers
    from tokenizers.models import BPE
    from tokenizers.processors import TemplateProcessing

    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"]
    names = [*special, *_pieces("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")]
    merges = [(piece[:-1], piece[-1]) for piece in names if piece.startswith("▁") and piece[1:]]
    vocabulary = {name: number for number, name in enumerate(names)}
    made = Tokenizer(BPE(vocabulary, merges, unk_token="<unk>", fuse_unk=True))
    made.normalizer = normalizers.Replace(" ", "▁")
    made.post_processor = TemplateProcessing(single="$A <eos>", special_tokens=[("<eos>", 1)])
    made.add_special_tokens([AddedToken(name, special=True) for name in special])
    made.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "GemmaTokenizer",
        "padding_side": "right",
        "model_max_length": 64,
        **{f"{name}_token": f"<{name}>" for name in ("pad", "eos", "bos", "unk", "mask")},
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))


# The fields of sentencepiece_model.proto that are used: ModelProto has pieces 1, trainer_spec 2
# and normalizer_spec 3; a piece has piece 1, score 2 and type 3; trainer_spec has model_type 3,
# byte_fallback 35, unk_id 40, bos_id 41, eos_id 42 and pad_id 43; normalizer_spec has name 1.
NORMAL = 1
UNKNOWN = 2
CONTROL = 3
BYTE = 6
BPE_MODEL = 2


def sentencepiece(folder: Path) -> None:
    """TIPSv2's: SentencePiece's own `tokenizer.model`, and no `tokenizer.json`."""
    pieces = [("<pad>", CONTROL), ("<unk>", UNKNOWN)]
    pieces += [(f"<0x{byte:02X}>", BYTE) for byte in range(256)]
    pieces += [(piece, NORMAL) for piece in _pieces("abcdefghijklmnopqrstuvwxyz")]
    content = b""
    for number, (piece, kind) in enumerate(pieces):
        score = struct.pack("<f", -number)
        entry = _bytes(1, piece.encode()) + bytes([2 << 3 | 5]) + score + _number(3, kind)
        content += _bytes(1, entry)
    trainer = _number(3, BPE_MODEL) + _number(35, 1) + _number(40, 1)
    trainer += b"".join(_number(field, -1) for field in (41, 42)) + _number(43, 0)
    content += _bytes(2, trainer) + _bytes(3, _bytes(1, b"identity"))
    (folder / "tokenizer.model").write_bytes(content)
    settings = {"tokenizer_class": "Tipsv2Tokenizer", "do_lower_case": True}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))


def _varint(value: int) -> bytes:
    value %= 1 << 64  # as protocol buffers write negative numbers
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value
