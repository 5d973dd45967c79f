"""How a model is spoken to: the chat template and the special tokens of its own files.

Read from a GGUF file (github.com/ggml-org/ggml/docs/gguf.md), or from a folder that holds
`tokenizer_config.json`. Templates are run in the sandbox that transformers has for them.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from langchain_core.messages import BaseMessage

from index.errors import ModelUnavailable

_ROLES = {"system": "system", "human": "user", "ai": "assistant"}
_TOKENIZER = "tokenizer.ggml."
_CONTROL, _USER_DEFINED = 3, 4  # the types of tokens that no text is cut into
_STRING, _ARRAY = 8, 9
_NUMBERS = dict(enumerate("BbHhIif?")) | {10: "Q", 11: "q", 12: "d"}  # in the letters of `struct`


@dataclass(frozen=True, slots=True)
class Template:
    """A model's chat template.

    Attributes:
        source: Jinja, as the model's maker wrote it.
        end: The token that ends an answer.
        start: The token that begins a text; empty where there is none.
        special: The tokens that no text may be taken for, the longest first.
    """

    source: str
    end: str
    start: str = ""
    special: tuple[str, ...] = ()

    def literal(self, text: str) -> str:
        """Return what somebody wrote with tokens taken apart, so that they are read as words."""
        text = text.replace("<|", "< |")
        for token in self.special:
            text = text.replace(token, f"{token[0]} {token[1:]}")
        return text

    def prompt(self, messages: Sequence[BaseMessage]) -> str:
        """Return messages as the model reads them, ready to answer, without thinking aloud.

        Roles other than system and AI speak as the user.

        Raises:
            ModelUnavailable: the template does not take them.
        """
        from transformers.utils.chat_template_utils import render_jinja_template

        turns = [
            {"role": _ROLES.get(message.type, "user"), "content": self.literal(str(message.text))}
            for message in messages
        ]
        try:
            rendered: Any = render_jinja_template(
                [turns],
                chat_template=self.source,
                add_generation_prompt=True,
                enable_thinking=False,
                bos_token=self.start,
                eos_token=self.end,
            )
        except Exception as error:  # a template is somebody's program
            raise ModelUnavailable(f"the model's chat template fails: {error}") from error
        return str(rendered[0][0])


def read_template(path: Path) -> Template:
    """Return the template of a GGUF file, or of a folder in OpenVINO's form.

    Raises:
        ModelUnavailable: there is none; the message names what was read.
    """
    try:
        template = _of_folder(path) if path.is_dir() else _of_gguf(path)
    except (OSError, struct.error, LookupError, ValueError, TypeError) as error:
        kind = "no folder" if path.is_dir() else "no GGUF file"
        raise ModelUnavailable(f"{path} is {kind} of a model with a chat template") from error
    return template


def _of_gguf(path: Path) -> Template:
    found: dict[str, Any] = {}
    with path.open("rb") as file:
        magic, _, _, count = struct.unpack("<4sIQQ", file.read(24))
        for _ in range(count if magic == b"GGUF" else 0):
            name = _string(file)
            found[name] = _value(file, _number(file, "I"))
    tokens = found[f"{_TOKENIZER}tokens"]
    pairs = zip(tokens, found[f"{_TOKENIZER}token_type"], strict=False)
    start = found.get(f"{_TOKENIZER}bos_token_id")
    return Template(
        found["tokenizer.chat_template"],
        tokens[found[f"{_TOKENIZER}eos_token_id"]],
        "" if start is None else tokens[start],
        _words(token for token, kind in pairs if kind in (_CONTROL, _USER_DEFINED)),
    )


def _of_folder(folder: Path) -> Template:
    config = _json(folder / "tokenizer_config.json")
    beside = folder / "chat_template.jinja"
    source = beside.read_text("utf-8") if beside.is_file() else config["chat_template"]
    added = config.get("added_tokens_decoder", {}).values()
    if not added:
        added = _json(folder / "tokenizer.json")["added_tokens"]
    end, start = (_content(config.get(name)) for name in ("eos_token", "bos_token"))
    if not isinstance(source, str) or not end:
        raise ValueError(folder)
    return Template(source, end, start, _words(token["content"] for token in added))


def _json(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def _content(token: str | dict[str, Any] | None) -> str:
    return token["content"] if isinstance(token, dict) else token or ""


def _words(tokens: Any) -> tuple[str, ...]:
    words = (token for token in set(tokens) if any(map(str.isalnum, token)))  # some are only blanks
    return tuple(sorted(words, key=lambda word: (-len(word), word)))


def _value(file: BinaryIO, kind: int) -> Any:
    if kind == _STRING:
        return _string(file)
    if kind == _ARRAY:
        inner, length = _number(file, "I"), _number(file, "Q")
        if inner == _STRING:
            return [_string(file) for _ in range(length)]
        letter = _NUMBERS[inner]
        return struct.unpack(f"<{length}{letter}", file.read(length * struct.calcsize(letter)))
    return _number(file, _NUMBERS[kind])


def _string(file: BinaryIO) -> str:
    return file.read(_number(file, "Q")).decode("utf-8", "replace")


def _number(file: BinaryIO, letter: str) -> Any:
    (value,) = struct.unpack(f"<{letter}", file.read(struct.calcsize(letter)))
    return value


_OPENS, _CLOSES = "<think>", "</think>"


class Spoken:
    """Leaves out of an answer what its model thinks aloud before it."""

    def __init__(self) -> None:
        self._buffer = ""
        self._answering = False

    def feed(self, text: str) -> str:
        """Take the next piece; return what of it belongs to the answer."""
        if self._answering:
            return text
        self._buffer += text
        begun = self._buffer.lstrip()
        if begun.startswith(_OPENS):
            answer = begun.partition(_CLOSES)[2].lstrip()
        else:
            answer = "" if _OPENS.startswith(begun) else self._buffer
        self._answering = bool(answer)
        return answer

    def flush(self) -> str:
        """Return what was held back, once no more comes; thoughts without an end are none."""
        return "" if self._answering or self._buffer.lstrip().startswith(_OPENS) else self._buffer
