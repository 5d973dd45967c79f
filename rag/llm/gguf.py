"""Reads a model file's own list of special tokens (GGUF, github.com/ggml-org/ggml/docs/gguf.md)."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, BinaryIO

from index.errors import ModelUnavailable

_TOKENS, _TYPES = "tokenizer.ggml.tokens", "tokenizer.ggml.token_type"
_CONTROL, _USER_DEFINED = 3, 4  # the types of tokens that no text is cut into
_NUMBERS = "BbHhIif?"  # of types 0 to 7, in the letters of `struct`; 10 to 12 are below
_STRING, _ARRAY = 8, 9


def special_tokens(path: Path) -> tuple[str, ...]:
    """Return the tokens that text must not be taken for, the longest first.

    Raises:
        ModelUnavailable: the file is no GGUF with a tokenizer.
    """
    found: dict[str, Any] = {}
    try:
        with path.open("rb") as file:
            magic, _, _, count = struct.unpack("<4sIQQ", file.read(24))
            for _ in range(count if magic == b"GGUF" else 0):
                name = _string(file)
                found[name] = _value(file, _number(file, "I"))
                if found.keys() >= {_TOKENS, _TYPES}:
                    break
        tokens, types = found[_TOKENS], found[_TYPES]
    except (OSError, struct.error, KeyError, IndexError, ValueError) as error:
        raise ModelUnavailable(f"{path} is no GGUF file with a tokenizer") from error
    pairs = zip(tokens, types, strict=False)
    special = {token for token, kind in pairs if kind in (_CONTROL, _USER_DEFINED)}
    words = (token for token in special if any(map(str.isalnum, token)))  # some are only blanks
    return tuple(sorted(words, key=len, reverse=True))


def _value(file: BinaryIO, kind: int) -> Any:
    if kind == _STRING:
        return _string(file)
    if kind == _ARRAY:
        inner, length = _number(file, "I"), _number(file, "Q")
        if inner == _STRING:
            return [_string(file) for _ in range(length)]
        letter = _letter(inner)
        return struct.unpack(f"<{length}{letter}", file.read(length * struct.calcsize(letter)))
    return _number(file, _letter(kind))


def _letter(kind: int) -> str:
    return {10: "Q", 11: "q", 12: "d"}.get(kind) or _NUMBERS[kind]


def _string(file: BinaryIO) -> str:
    return file.read(_number(file, "Q")).decode("utf-8", "replace")


def _number(file: BinaryIO, letter: str) -> Any:
    (value,) = struct.unpack(f"<{letter}", file.read(struct.calcsize(letter)))
    return value
