"""Articles that a program pipes in as JSON Lines.

A record is known again by its `id`, else its `url`, else by what it says: the same record twice
is one article, and the same `id` with another text takes the place of the first.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from index.errors import ArticleError
from index.readers.records import article_or_skipped, from_lines, named_once
from index.types import STDIN, Article, Skipped


def read_stream(file: BinaryIO) -> Iterator[Article | Skipped]:
    """Yield the articles of a stream in its order, and what had to be skipped with its line."""
    seen: set[str] = set()
    said: set[str] = set()
    for line, value in from_lines(file):
        if isinstance(value, ArticleError):
            value = ArticleError(f"{value.reason}; expected one JSON object a line")
        item = article_or_skipped(value, line, Path(STDIN), STDIN)
        if isinstance(item, Article) and item.id == f"{STDIN}#{line}":
            item = _named(item)
            if item.id in said:
                continue
            said.add(item.id)
        yield named_once(item, Path(STDIN), line, seen) if isinstance(item, Article) else item


def _named(article: Article) -> Article:
    """Name an article without a name of its own by what it says."""
    day = article.date.isoformat() if article.date else None
    said = json.dumps([article.headline, article.text, day, article.source])
    name = f"{STDIN}#{hashlib.sha256(said.encode()).hexdigest()[:16]}"
    return replace(article, id=name, location=name)
