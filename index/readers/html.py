"""HTML pages: the article by trafilatura, the rest only where the page states it.

A date is never guessed: trafilatura's own search for one is left out. No network.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import ArticleError
from index.readers.days import BY_ADDRESS, Stated, day_in_path, local_day, read_day
from index.readers.exports import factiva_page, split
from index.readers.fields import one_line, under_title
from index.readers.markdown import front_matter
from index.readers.markup import plain_text
from index.readers.named import article_of
from index.readers.text import clean, decode, decode_as, read_bytes
from index.types import Article, Skipped

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_CHARSET = re.compile(rb"""charset\s*=\s*["']?([\w:.-]+)""", re.IGNORECASE)
_XML_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_META = (
    "//meta[translate(@{0}, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')='{1}']"
    "/@content"
)
_PROPERTY = _META.format("property", "{0}")
_CLASS = "//*[contains(concat(' ', normalize-space(@class), ' '), ' {0} ')]"
_CDATA = re.compile(
    r"\A\s*(?:(?://|/\*)\s*)?<!\[CDATA\[(?:\*/)?|(?:(?://|/\*)\s*)?\]\]>(?:\*/)?\s*\Z"
)
BY_TIME = "dated by the only time on the page"
_DAYS = (
    _PROPERTY.format("article:published_time"),
    _PROPERTY.format("og:published_time"),
    *(
        _META.format("name", name)
        for name in (
            "article:published_time", "date", "pubdate", "publishdate", "publish-date",
            "publish_date", "publication_date", "dc.date", "dc.date.issued", "dcterms.date",
            "dcterms.created", "dcterms.issued", "parsely-pub-date", "sailthru.date",
            "citation_publication_date", "last-published", "originalpublicationdate",
        )
    ),
    "//*[@itemprop='datePublished']/@content",
    "//*[@itemprop='datePublished']/@datetime",
    "//time[@pubdate]/@datetime",
    _CLASS.format("dt-published") + "/@datetime",
    _CLASS.format("entry-date") + "/@datetime",
    _CLASS.format("published") + "/@datetime",
    _CLASS.format("published") + "/@title",
)  # fmt: skip
_TITLES = (_PROPERTY.format("og:title"), "//*[@itemprop='headline']", "//h1", "//title")


def read(path: Path, name: str, day_first: bool | None = None) -> Iterator[Article | Skipped]:
    """Yield the one article of an HTML page, or those of an export of many.

    Raises:
        ArticleError: as `article` does.
        OSError: the file cannot be read.
    """
    raw = read_bytes(path)
    if b"<b>HD" in raw and (found := factiva_page(_tree(_page(raw)))):
        yield from split(found, path, name, day_first)
    else:
        yield article(raw, path, name, day_first)


def article(
    raw: bytes, path: Path, name: str, day_first: bool | None = None, fetched: str | None = None
) -> Article:
    """Return the one article of an HTML page, of which all bytes are given.

    Args:
        raw: The page.
        path: Where it lies.
        name: The article's id.
        day_first: Whether 03/04/2023 is 3 April.
        fetched: The address from which the page was fetched, where that is known.

    Raises:
        ArticleError: the bytes are no page, hold no article, or state an impossible date.
    """
    from trafilatura import extract

    page = _page(raw)
    fields, below = front_matter(page) if page.startswith("---\n") else ({}, "")
    if fields:
        body = clean(plain_text(below))
        return article_of(fields, name, str(path), day_first=day_first, body=body)
    tree = _tree(page)
    found = extract(page, include_comments=False, include_tables=False, with_metadata=False)
    body = "\n\n".join(line for line in clean(found or "").split("\n") if line.strip())
    if not body:
        raise ArticleError("no article text found in the page")
    headline, text = under_title(_first(tree, *_TITLES), body)
    source = _first(tree, _PROPERTY.format("og:site_name")) or None
    url = _first(tree, "//link[@rel='canonical']/@href", _PROPERTY.format("og:url"))
    address = url if url.startswith(("https://", "http://")) else fetched
    day, note = _stated_day(tree, address, day_first)
    return Article(name, str(path), headline, text, day, source, address, note)


def _page(raw: bytes) -> str:
    return _XML_DECLARATION.sub("", clean(_decode_page(raw)))


def _tree(page: str) -> HtmlElement:
    import lxml.html
    from lxml.etree import LxmlError

    try:
        return lxml.html.document_fromstring(page)
    except (LxmlError, ValueError) as error:
        raise ArticleError(f"not HTML: {error}") from error


def _decode_page(raw: bytes) -> str:
    """Decode as the page declares, where it is not UTF-8 and does declare an encoding."""
    try:
        return raw.decode("utf-8") if raw.strip() and b"\0" not in raw else decode(raw)
    except UnicodeDecodeError:
        declared = _CHARSET.search(raw, 0, 4096)
        try:
            return decode_as(raw, declared[1].decode("ascii")) if declared else decode(raw)
        except (LookupError, UnicodeDecodeError):
            return decode(raw)


def _stated_day(tree: HtmlElement, address: str | None, day_first: bool | None) -> Stated:
    """Return the day that the page states, else that of its address or of its only time.

    What one field gets wrong another may state; only a page without a day is refused for it.
    """
    note, wrong = "", None
    for written in _stated_days(tree):
        try:
            stated = read_day(written, day_first=day_first)
        except ArticleError as error:
            wrong = wrong or error
            continue
        if stated.day:
            return Stated(*local_day(written, stated.day, address))
        note = note or stated.note
    if address and (day := day_in_path(address)):
        return Stated(day, BY_ADDRESS)
    if wrong:
        raise wrong
    times = tree.xpath("//time/@datetime")
    if len(times) == 1 and len(tree.xpath("//time")) == 1:
        with suppress(ArticleError):
            if day := read_day(str(times[0]), day_first=day_first).day:
                return Stated(day, BY_TIME)
    return Stated(None, note)


def _stated_days(tree: HtmlElement) -> Iterator[str]:
    for query in _DAYS:
        yield from (str(written).strip() for written in tree.xpath(query))
    for script in tree.xpath("//script[@type='application/ld+json']/text()"):
        try:
            yield from _published(json.loads(_CDATA.sub("", script), strict=False))
        except (ValueError, RecursionError):
            continue


def _published(linked: object) -> Iterator[str]:
    """Yield `datePublished` of the articles in JSON-LD, at its top or in a list or `@graph`."""
    if isinstance(linked, list):
        for each in linked:
            yield from _published(each)
    elif isinstance(linked, dict):
        kinds = linked.get("@type")
        kinds = kinds if isinstance(kinds, list) else [kinds]
        written = linked.get("datePublished")
        if isinstance(written, str) and any(
            str(kind).endswith(("Article", "Posting")) for kind in kinds
        ):
            yield written.strip()
        for inner in ("@graph", "mainEntity", "mainEntityOfPage"):
            yield from _published(linked.get(inner))


def _first(tree: HtmlElement, *queries: str) -> str:
    """Return what the first of these queries finds that finds anything, on one line."""
    for query in queries:
        for found in tree.xpath(query):
            if line := one_line(found if isinstance(found, str) else found.text_content()):
                return line
    return ""
