"""Markdown with optional front matter: YAML, TOML, JSON or lines of `Name: value`.

Marks of form are taken away, so that a quote reads as the article did; it renders nothing.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from index.errors import ArticleError
from index.readers.encodings import decode
from index.readers.markup import plain_text
from index.readers.named import DATE, TITLE, article_of, by_name, key
from index.readers.text import Found, clean, read_bytes
from index.types import Article

_FRONT = re.compile(r"\s*---[ \t]*\n((?:.*?\n)??)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_TOML = re.compile(r"\s*\+\+\+[ \t]*\n(.*?\n)\+\+\+[ \t]*(?:\n|\Z)", re.DOTALL)
_LINES = re.compile(r"((?:[A-Za-z][\w -]{0,30}:[ \t]+\S.*\n(?:[ \t]+\S.*\n)*){2,})[ \t]*\n")
_FIELD = re.compile(r"^([A-Za-z][\w -]*):[ \t]+(.*)$", re.MULTILINE)
_TEMPLATE = re.compile(  # of Liquid and its like; attributes and boxes of kramdown and Pandoc
    r"\{%.*?%\}|\{\{.*?\}\}|^\{:[^}\n]*\}[ \t]*$|^:{3,}[^\n]*$", re.DOTALL | re.MULTILINE
)
_WIKI = re.compile(  # links, embedded files, marks of blocks and boxes, comments of Obsidian
    r"!\[\[[^][\n]*\]\] ?|\[\[(?:[^][|\n]*\|)?(?P<shown>[^][|\n]+)\]\](?![(\[])"
    r"|==(?P<marked>\S(?:[^=\n]*\S)?)==|(?<=\s)\^[\w-]+$|^(?P<quoted>> *)\[![\w-]+\][+-]?|%%.*?%%",
    re.DOTALL | re.MULTILINE,
)
_JOPLIN = re.compile(r"\n\n(id: \w{32}\n(?:\w+: ?.*\n)*type_: (\d+))\s*\Z")
_HEADED = re.compile(r"# +(.+)\n\s*\n")
_FOOTNOTE = re.compile(r"^\[\^[^\]\s]+\]:[ \t]*|\[\^[^\]\s]+\]", re.MULTILINE)
_PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_LISTS = ("bullet_list_open", "ordered_list_open", "table_open")
_GAPS = {"tr_open": "\n", "th_close": " | ", "td_close": " | ", "table_close": "\n\n"}
_LINE_END = re.compile(r" *\n *")
_BLANK_LINES = re.compile(r"\n{3,}")


def read(file: Found) -> Iterator[Article]:
    """Yield the one article of a Markdown file."""
    written = clean(decode(read_bytes(file.path)))
    fields, text = front_matter(written)
    text = _WIKI.sub(lambda mark: mark["shown"] or mark["marked"] or mark["quoted"] or "", text)
    tokens = _PARSER.parse(_FOOTNOTE.sub("", _TEMPLATE.sub("", text)))
    title = ""
    if not any(fields.get(name) for name in TITLE) and tokens and tokens[0].tag == "h1":
        title, tokens = plain(tokens[:3]), tokens[3:]
    body = plain(tokens)
    if not body.strip():
        raise ArticleError("empty")
    try:
        yield article_of(fields, file, title=title, body=body)
    except ArticleError as error:
        line = _line_of_day(written.removesuffix(text))
        raise type(error)(error.reason, line) from error


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
        elif written := _token_text(token):
            text += gap + marker + written
            gap, marker = "\n\n", ""
    return clean(_BLANK_LINES.sub("\n\n", text))


def _token_text(token: Token) -> str:
    match token.type:
        case "inline":
            return _LINE_END.sub("\n", "".join(map(_token_text, token.children or ()))).strip()
        case "text" | "code_inline" | "text_special" | "fence" | "code_block":
            return token.content
        case "softbreak":
            return " "
        case "hardbreak":
            return "\n"
        case "html_inline" if token.content.lower().startswith("<br"):
            return "\n"
        case "html_block":
            return plain_text(token.content).strip()
    return ""


def front_matter(text: str) -> tuple[dict[str, Any], str]:
    """Return the fields before a text, by their plain names, and the text below them.

    Raises:
        ArticleError: what is marked as front matter cannot be read.
    """
    fields, end = None, 0
    if front := _FRONT.match(text):
        fields, end = _parse_yaml(front[1]), front.end()
    elif front := _TOML.match(text):
        try:
            fields, end = tomllib.loads(front[1]), front.end()
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise ArticleError(f"front matter is not TOML: {error}") from error
    elif text.startswith("{"):
        try:
            fields, end = json.JSONDecoder().raw_decode(text)
        except (ValueError, RecursionError):  # a text may begin with a brace
            fields = None
    elif behind := _JOPLIN.search(text):
        fields, text = _parse_joplin(text[: behind.start()], behind)
    else:
        heading = _HEADED.match(text)  # Notion writes fields below it
        front = _LINES.match(text, heading.end() if heading else 0)
        lines = {name: value.strip() for name, value in _FIELD.findall(front[1])} if front else {}
        if front and not {"title", "date", "created"}.isdisjoint(map(key, lines)):
            fields, end = ({"title": heading[1]} if heading else {}) | lines, front.end()
    return (by_name(fields), text[end:]) if isinstance(fields, dict) else ({}, text)


def _parse_joplin(note: str, behind: re.Match[str]) -> tuple[dict[str, str], str]:
    """Return the fields that stand behind a note, whose first line is its title."""
    if behind[2] != "1":
        raise ArticleError("no note, but what Joplin keeps beside its notes")
    title, _, text = note.partition("\n")
    return dict(_FIELD.findall(behind[1])) | {"title": title}, text


def _parse_yaml(written: str) -> Any:
    """Read YAML, every value as the text that was written."""
    try:
        loaded = yaml.load(written, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else None
        raise ArticleError(f"front matter is not YAML: {error.problem}", line) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise ArticleError("front matter is not YAML") from error
    return {} if loaded is None else loaded


class _Loader(yaml.BaseLoader):
    """Knows no alias of a list: a few that name each other stand for millions of values."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        is_alias = self.check_event(yaml.AliasEvent)
        node = super().compose_node(parent, index)
        if is_alias and not isinstance(node, yaml.ScalarNode):
            mark = node.start_mark if node else None
            raise yaml.MarkedYAMLError(problem="an alias of a list", problem_mark=mark)
        return node


def _line_of_day(front: str) -> int | None:
    for number, line in enumerate(front.splitlines(), start=1):
        if key(line.partition(":")[0].partition("=")[0]) in DATE:
            return number
    return None
