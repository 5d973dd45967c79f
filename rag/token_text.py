"""Turns tokens that arrive one by one into text, never splitting a character or a stop string.

Pure: knows nothing of engines; the decoder is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

REPLACEMENT = "\ufffd"
LONGEST_CHARACTER = 4
"""Bytes of the longest character in UTF-8, thus the most tokens that one can be spread over."""


class TokenText:
    """The text of one generation as it grows.

    Attributes:
        stopped: Whether a stop string was met; nothing after it is given out.
    """

    def __init__(self, decode: Callable[[list[int]], str], stop: Sequence[str] = ()) -> None:
        """Decode with `decode`; end before the first of `stop` that appears."""
        self.stopped = False
        self._decode = decode
        self._stop = tuple(text for text in stop if text)
        self._tokens: list[int] = []
        # Tokens before `_given` are decoded already; those from `_context` are decoded again with
        # what follows, since some decoders treat the first token of a run differently.
        self._context = 0
        self._given = 0
        self._held = ""

    def feed(self, token: int) -> str:
        """Take the next token; return the text that is settled by it, often empty."""
        if self.stopped:
            return ""
        self._tokens.append(token)
        return self._settle(self._complete_text())

    def flush(self) -> str:
        """Return what was held back; call it once, when no more tokens come."""
        if self.stopped:
            return ""
        rest = self._held + self._new_text().rstrip(REPLACEMENT)
        self._held = ""
        self._given = len(self._tokens)
        return rest

    def _new_text(self) -> str:
        before = self._decode(self._tokens[self._context : self._given])
        return self._decode(self._tokens[self._context :])[len(before) :]

    def _complete_text(self) -> str:
        text = self._new_text()
        pending = len(self._tokens) - self._given
        if text.endswith(REPLACEMENT) and pending < LONGEST_CHARACTER:
            return ""
        self._context, self._given = self._given, len(self._tokens)
        return text

    def _settle(self, text: str) -> str:
        """Cut at a stop string; hold back an end that might become one."""
        text = self._held + text
        found = [at for stop in self._stop if (at := text.find(stop)) >= 0]
        if found:
            self.stopped = True
            self._held = ""
            return text[: min(found)]
        keep = max((_overlap(text, stop) for stop in self._stop), default=0)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]


def _overlap(text: str, stop: str) -> int:
    """Length of the longest end of `text` with which `stop` begins."""
    longest = min(len(text), len(stop) - 1)
    return next((size for size in range(longest, 0, -1) if text.endswith(stop[:size])), 0)
