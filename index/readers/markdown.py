"""Markdown with optional YAML front matter (`date`, `title`, `source`, `url`).

Marks of form are taken away, so that a quote reads as the article did; it renders nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from index.errors import ArticleError
from index.readers.decoding import clean, decode, read_bytes
from index.readers.fields import one_line, parse_day, under_title
from index.types import Article

_FRONT = re.compile(r"\s*---[ \t]*\n((?:.*?\n)??)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_TITLE = re.compile(r"\s*(?:#[ \t]+([^\n]+?)[ \t#]*|([^\n]+)\n=+[ \t]*)(?:\n|\Z)")
_KEYS = {
    "date": ("date", "published_at", "publish_date", "published"),
    "title": ("title", "headline"),
    "source": ("source", "publisher"),
    "url": ("url", "link"),
}
_PLAIN: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"<!--(?:(?!<!--).)*?-->", re.DOTALL), ""),
    (re.compile(r"!\[[^\[\]\n]*\]\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)"), ""),
    (re.compile(r"\[([^\[\]\n]+)\]\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)"), r"\1"),
    (re.compile(r"\[([^\[\]\n]+)\]\[[^\[\]\n]*\]"), r"\1"),
    (re.compile(r"<(https?://[^>\s]+)>"), r"\1"),
    (re.compile(r"^ {0,3}\[[^\[\]\n]+\]:[ \t]+\S+.*$", re.MULTILINE), ""),
    (re.compile(r"^ {0,3}(?:[-*_][ \t]*){3,}$|^ {0,3}=+[ \t]*$", re.MULTILINE), ""),
    (re.compile(r"^ {0,3}#{1,6}[ \t]+(.*?)[ \t#]*$", re.MULTILINE), r"\n\1\n"),
    (re.compile(r"^ {0,3}>[ \t]?", re.MULTILINE), ""),
    (re.compile(r"^([ \t]*)[*+](?=[ \t])", re.MULTILINE), r"\1-"),
    (re.compile(r"(?<![\\*])(\*{1,3})(?=\S)([^*\n]*(?:\n[^*\n]+)*?)(?<=\S)\1(?!\*)"), r"\2"),
    (re.compile(r"(?<![\\\w])(_{1,2})(?=\S)([^_\n]+?)(?<=\S)\1(?!\w)"), r"\2"),
    (re.compile(r"(`+)([^`\n]+)\1"), r"\2"),
    # A line end inside a paragraph is a space, unless a list item or a table row begins there.
    (re.compile(r"(?<=\S)[ \t]*\n(?=[^\s\-|\d]|\d+[^\s\d.)])"), " "),
    (re.compile(r"\\([\\`*_{}\[\]()#+.!>-])"), r"\1"),
    (re.compile(r"\n{3,}"), "\n\n"),
)


def read(path: Path, name: str) -> Iterator[Article]:
    """Yield the one article of a Markdown file.

    Raises:
        ArticleError: the file is no text, its front matter no YAML, its date impossible.
    """
    text = clean(decode(read_bytes(path)))
    front = _FRONT.match(text)
    fields = _front_matter(front[1]) if front else None
    if front and fields is not None:
        text = text[front.end() :]
    fields = fields or {}
    title = fields.get("title", "")
    if not title and (first := _TITLE.match(text)):
        title, text = plain(first[1] or first[2]), text[first.end() :]
    body = plain(text)
    if not body.strip():
        raise ArticleError("empty")
    day = parse_day(fields.get("date", ""), line=_line_of("date", front[0]) if front else None)
    headline, text = under_title(title, body)
    source, url = fields.get("source"), fields.get("url")
    yield Article(name, str(path), headline, text, day, source, url)


def plain(markdown: str) -> str:
    """Return Markdown as plain paragraphs: links as their words, no images, no marks."""
    for pattern, replacement in _PLAIN:
        markdown = pattern.sub(replacement, markdown)
    return clean(markdown)


def _front_matter(written: str) -> dict[str, str] | None:
    """Read the fields that are known; every value stays the text that was written.

    None where it is no front matter, but text between two rules.
    """
    try:
        loaded = yaml.load(written, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else None
        raise ArticleError(f"front matter is not YAML: {error.problem}", line) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise ArticleError("front matter is not YAML") from error
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        return None
    named = {str(key).lower(): value for key, value in loaded.items()}
    fields = {}
    for field, names in _KEYS.items():
        values = (named[name] for name in names if isinstance(named.get(name), str))
        if value := next((one_line(clean(value)) for value in values if value.strip()), ""):
            fields[field] = value
    return fields


def _line_of(field: str, front: str) -> int | None:
    for number, line in enumerate(front.splitlines(), start=1):
        if line.lower().startswith(_KEYS[field]):
            return number
    return None
