"""Markdown with optional YAML front matter (`date`, `title`, `source`, `url`).

Marks of form are taken away, so that a quote reads as the article did; it renders nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import unescape
from pathlib import Path

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from index.errors import ArticleError
from index.readers.fields import one_line, parse_day, under_title
from index.readers.text import clean, decode, read_bytes
from index.types import Article

_FRONT = re.compile(r"\s*---[ \t]*\n((?:.*?\n)??)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_KEYS = {
    "date": ("date", "published_at", "publish_date", "published"),
    "title": ("title", "headline"),
    "source": ("source", "publisher"),
    "url": ("url", "link"),
}
_PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_HTML = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?</\1\s*>|<[^>]*>", re.DOTALL | re.IGNORECASE
)
_LISTS = ("bullet_list_open", "ordered_list_open", "table_open")
_GAPS = {"tr_open": "\n", "th_close": " | ", "td_close": " | ", "table_close": "\n\n"}
_LINE_END = re.compile(r" *\n *")
_BLANK_LINES = re.compile(r"\n{3,}")


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
    title, tokens = fields.get("title", ""), _PARSER.parse(text)
    if not title and tokens and tokens[0].tag == "h1":
        title, tokens = plain(tokens[:3]), tokens[3:]
    body = plain(tokens)
    if not body.strip():
        raise ArticleError("empty")
    day = parse_day(fields.get("date", ""), line=_line_of("date", front[0]) if front else None)
    headline, text = under_title(title, body)
    source, url = fields.get("source"), fields.get("url")
    yield Article(name, str(path), headline, text, day, source, url)


def plain(tokens: Iterable[Token]) -> str:
    """Return parsed Markdown as plain paragraphs: links as their words, no images, no marks."""
    text, gap, marker = "", "", ""
    for token in tokens:
        gap = _GAPS.get(token.type, gap)
        if token.type == "list_item_open":
            marker = f"{token.info}{token.markup} " if token.info else "- "
        elif token.type == "paragraph_open" and token.hidden:  # in a list without blank lines
            gap = "\n"
        elif token.type in _LISTS and token.level == 0:
            text += "\n"
        elif written := _written(token):
            text += gap + marker + written
            gap, marker = "\n\n", ""
    return clean(_BLANK_LINES.sub("\n\n", text))


def _written(token: Token) -> str:
    match token.type:
        case "inline":
            return _LINE_END.sub("\n", "".join(map(_written, token.children or ()))).strip()
        case "text" | "code_inline" | "text_special" | "fence" | "code_block":
            return token.content
        case "softbreak":
            return " "
        case "hardbreak":
            return "\n"
        case "html_inline" if token.content.lower().startswith("<br"):
            return "\n"
        case "html_block":
            return unescape(_HTML.sub("", token.content)).strip()
    return ""


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
