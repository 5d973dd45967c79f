"""HTML pages: the article by trafilatura, the rest only where the page states it.

A date is never guessed: trafilatura's own search for one is left out. No network.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, Any

from index.errors import ArticleError
from index.readers.days import BY_ADDRESS, Stated, day_in_path, local_day, read_day
from index.readers.encodings import decode, decode_as
from index.readers.exports import documents, europresse_page, factiva_page, is_export, split
from index.readers.markdown import front_matter
from index.readers.markup import plain_text
from index.readers.named import article_of, by_name, details_of
from index.readers.text import Found, clean, headline_and_text, one_line, read_bytes, strip_site
from index.types import Article, Details, Skipped

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
_AFTER_HEADING = re.compile(r"\s+[-–—|·»•]\s+.{2,60}")
BY_TIME = "dated by the only time on the page"
_DAY_QUERIES = (
    _PROPERTY.format("article:published_time"),
    _PROPERTY.format("og:published_time"),
    _PROPERTY.format("article:published"),
    _PROPERTY.format("og:article:published_time"),
    *(
        _META.format("name", name)
        for name in (
            "article:published_time", "date", "pubdate", "publishdate", "publish-date",
            "publish_date", "publication_date", "dc.date", "dc.date.issued", "dcterms.date",
            "dcterms.created", "dcterms.issued", "parsely-pub-date", "sailthru.date",
            "article:publish_date", "article.published", "cxenseparse:recs:publishtime",
            "citation_publication_date", "last-published", "originalpublicationdate",
        )
    ),
    "//*[@itemprop='datePublished']/@content",
    "//*[@itemprop='datePublished']/@datetime",
    "//time[@itemprop='datePublished'][not(@datetime)]",
    "//time[@pubdate]/@datetime",
    _CLASS.format("dt-published") + "/@datetime",
    _CLASS.format("entry-date") + "/@datetime",
    _CLASS.format("published") + "/@datetime",
    _CLASS.format("published") + "/@title",
)  # fmt: skip
_DETAIL_QUERIES = {
    "author": (
        *(_META.format("name", name) for name in ("author", "parsely-author", "dc.creator")),
        _PROPERTY.format("article:author"),
        "//*[@itemprop='author']//*[@itemprop='name']",
        "//*[@rel='author']",
    ),
    "section": (
        _PROPERTY.format("article:section"),
        *(_META.format("name", name) for name in ("section", "parsely-section", "article:section")),
    ),
    "tags": (
        _PROPERTY.format("article:tag"),
        *(_META.format("name", name) for name in ("news_keywords", "keywords", "parsely-tags")),
    ),
    "modified": (
        *map(_PROPERTY.format, ("article:modified_time", "og:updated_time", "article:modified")),
        "//*[@itemprop='dateModified']/@content",
        "//*[@itemprop='dateModified']/@datetime",
        _CLASS.format("dt-updated") + "/@datetime",
    ),
    "language": ("/html/@lang", _PROPERTY.format("og:locale"), _META.format("name", "language")),
}
"""Where a page states what JSON-LD of it does not."""
_SAVED = re.compile(  # by a browser, SingleFile, HTTrack
    r"<!--\s*(?:saved from url=\(\d+\)|Page saved with SingleFile\s+url: |(Mirrored from ))(\S+)"
)
_ADDRESSES = (
    "//link[@rel='canonical']/@href",
    _PROPERTY.format("og:url"),
    _CLASS.format("p-canonical") + "/@href",
)
_TITLES = (_PROPERTY.format("og:title"), "//*[@itemprop='headline']", "//h1", "//title")


def read(file: Found) -> Iterator[Article | Skipped]:
    """Yield the one article of an HTML page, or those of an export of many."""
    raw = read_bytes(file.path)
    found: list[dict[str, str]] = []
    if b"<b>HD" in raw:
        found = factiva_page(_tree(_decode_and_clean(raw)))
    elif b"DocPublicationName" in raw:
        found = europresse_page(_tree(_decode_and_clean(raw)))
    elif is_export(raw):
        found = documents(clean(plain_text(_decode_and_clean(raw))))
    yield from split(found, file) or [article(raw, file)]


def article(raw: bytes, file: Found, fetched: str | None = None) -> Article:
    """Return the one article of a page, of which all bytes are given, fetched from an address.

    Raises:
        ArticleError: the bytes are no page, hold no article, or state an impossible date.
    """
    from trafilatura import extract

    page = _decode_and_clean(raw)
    fields, below = front_matter(page) if page.startswith("---\n") else ({}, "")
    if fields:
        body = clean(plain_text(below))
        return article_of(fields, file, body=body)
    tree = _tree(page)
    found = extract(page, include_comments=False, include_tables=False, with_metadata=False)
    body = "\n\n".join(line for line in clean(found or "").split("\n") if line.strip())
    if not body:
        raise ArticleError("no article text found in the page")
    links = {one_line(link.text_content()) for link in tree.iter("a")}
    linked = (len(line) for line in body.split("\n") if line.removeprefix("- ") in links)
    if 2 * sum(linked) > len(body):
        raise ArticleError("a list of links, no article")
    source = _first(tree, _PROPERTY.format("og:site_name")) or None
    headline, text = headline_and_text(_headline(tree, source), body)
    url = _first(tree, *_ADDRESSES)
    if not url and (saved := _SAVED.search(page, 0, 4096)):
        url = f"http://{saved[2]}" if saved[1] else saved[2]
    address = url if url.startswith(("https://", "http://")) else fetched
    day, note = _stated_day(tree, address, file.day_first)
    details = _details(tree, day)
    location = str(file.path)
    return Article(file.name, location, headline, text, day, source, address, note, details)


def _details(tree: HtmlElement, day: date | None) -> Details:
    linked = next(_json_ld(tree), {})
    values = {name: value for name, value in by_name(linked).items() if value}
    if "articlesection" in values:
        values["section"] = values["articlesection"]
    for name, queries in _DETAIL_QUERIES.items():
        found = filter(None, (_names(tree, query) for query in queries))
        values.setdefault(name, next(found, None))
    return details_of(values, day)


def _names(tree: HtmlElement, query: str) -> list[str]:
    return [name for name in _lines(tree, query) if name and "://" not in name]


def _headline(tree: HtmlElement, site: str | None) -> str:
    """Return the headline, without the site's name at its end."""
    title = strip_site(_first(tree, *_TITLES), site)
    heading = _first(tree, "//h1")
    return heading if heading and _AFTER_HEADING.fullmatch(title.removeprefix(heading)) else title


def _decode_and_clean(raw: bytes) -> str:
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
        plain = raw.strip() and not any(sign in raw for sign in (b"\0", b"\x1b"))
        return raw.decode("utf-8") if plain else decode(raw)
    except UnicodeDecodeError:
        declared = _CHARSET.search(raw, 0, 4096)
        return decode_as(raw, declared[1].decode("ascii")) if declared else decode(raw)


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
    return _only_time(tree, day_first) or Stated(None, note)


def _only_time(tree: HtmlElement, day_first: bool | None) -> Stated | None:
    """Return the day that all times on the page state, if they state one."""
    days = set()
    for time in tree.iter("time"):
        with suppress(ArticleError):
            written = time.get("datetime") or one_line(time.text_content())
            days.add(read_day(written, day_first=day_first).day)
    day = days.pop() if len(days) == 1 else None
    return Stated(day, BY_TIME) if day else None


def _stated_days(tree: HtmlElement) -> Iterator[str]:
    for query in _DAY_QUERIES:
        yield from _lines(tree, query)
    for linked in (*_json_ld(tree), *_json_ld(tree, ("WebPage",))):
        if isinstance(written := linked.get("datePublished"), str):
            yield written.strip()


def _json_ld(
    tree: HtmlElement, wanted: tuple[str, ...] = ("Article", "Posting")
) -> Iterator[dict[str, Any]]:
    """Yield the articles that the page describes in JSON-LD, or what else is wanted."""
    for script in tree.xpath("//script[starts-with(@type, 'application/ld+json')]/text()"):
        try:
            yield from _articles(json.loads(_CDATA.sub("", script), strict=False), wanted)
        except (ValueError, RecursionError):
            continue


def _articles(linked: object, wanted: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Yield what is of a wanted kind in JSON-LD, at its top or in a list or `@graph`."""
    if isinstance(linked, list):
        for each in linked:
            yield from _articles(each, wanted)
    elif isinstance(linked, dict):
        kinds = linked.get("@type")
        kinds = kinds if isinstance(kinds, list) else [kinds]
        if any(str(kind).endswith(wanted) for kind in kinds):
            yield linked
        for inner in ("@graph", "mainEntity", "mainEntityOfPage"):
            yield from _articles(linked.get(inner), wanted)


def _first(tree: HtmlElement, *queries: str) -> str:
    """Return what the first of these queries finds that finds anything, on one line."""
    return next((line for query in queries for line in _lines(tree, query) if line), "")


def _lines(tree: HtmlElement, query: str) -> Iterator[str]:
    for found in tree.xpath(query):
        yield one_line(found if isinstance(found, str) else found.text_content())
