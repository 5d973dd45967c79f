"""Plain text, and text whose first line begins `date YYYY-MM-DD `.

Knows nothing of folders; a text without a date line is an article without a date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from index.errors import ArticleError
from index.readers.decoding import clean, decode, read_bytes
from index.readers.fields import lead_headline, parse_day
from index.types import Article

# Figures in three parts were meant as a date; "date 2023 was set" and "date palms" were not.
_DATE_LINE = re.compile(r"\s*date:?[ \t]+(\d+([-/.])\d+\2\d+)(?=\s|\Z)[ \t]*", re.IGNORECASE)


def read(path: Path, name: str) -> Iterator[Article]:
    """Yield the one article of a text file.

    Raises:
        ArticleError: the file is empty, binary, in another encoding, or has an impossible date.
    """
    written = decode(read_bytes(path))
    text = clean(written)
    day = None
    if stated := _DATE_LINE.match(text):
        day = parse_day(stated[1], line=_first_line(written))
        text = clean(text[stated.end() :])
    if not text.strip():
        raise ArticleError("empty")
    yield Article(name, str(path), lead_headline(text), text, day)


def _first_line(written: str) -> int:
    """Return the number of the first line that is not blank."""
    blank = written[: len(written) - len(written.lstrip("\ufeff \t\r\n"))]
    return blank.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
