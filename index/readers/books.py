"""Issues of papers as EPUB: an article a chapter, dated by the issue's own day of publication."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from zipfile import BadZipFile, ZipFile

from index.errors import ArticleError
from index.readers.days import BY_ISSUE
from index.readers.documents import refuse_large
from index.readers.encodings import decode
from index.readers.markup import plain_text
from index.readers.records import Numbered, articles
from index.readers.text import MAX_BYTES, Found, clean, one_line
from index.types import Article, Skipped

if TYPE_CHECKING:
    from lxml.etree import _Element

_CONTAINER = "META-INF/container.xml"
_MAKERS = ("calibre",)  # of files, named as publishers
_EVENT = "{http://www.idpf.org/2007/opf}event"
_ENTITY = re.compile(r"&(?!amp;|lt;|gt;|quot;|apos;|#)\w+;")  # of HTML, which XML does not know
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_FEWEST = 80  # characters of a chapter that is no cover or title page


def read(file: Found) -> Iterator[Article | Skipped]:
    """Yield an article of each chapter that holds a text, and what had to be skipped."""

    def chapters() -> Iterator[Numbered]:
        refuse_large(file.path, packed=True)
        try:
            with ZipFile(file.path) as book:
                yield from _chapters(book)
        except (BadZipFile, KeyError, RuntimeError, NotImplementedError) as error:
            raise ArticleError(f"damaged, or no EPUB: {error}") from error

    for item in articles(chapters, file):
        if isinstance(item, Article) and item.date:
            yield replace(item, day_note=item.day_note or BY_ISSUE)
        else:
            yield item


def _chapters(book: ZipFile) -> Iterator[Numbered]:
    """Yield the fields of each chapter, in the order in which they are read."""
    if "META-INF/encryption.xml" in book.namelist() and "META-INF/rights.xml" in book.namelist():
        raise ArticleError("locked: its texts are encrypted")
    root = _parse_xml(_part(book, _CONTAINER)).find(".//{*}rootfile")
    package = unquote(root.get("full-path", "")) if root is not None else ""
    opf = _parse_xml(_part(book, package))
    files = {
        item.get("id"): item.get("href", "")
        for item in opf.iterfind(".//{*}manifest/{*}item")
        if "html" in item.get("media-type", "") and item.get("properties") != "nav"
    }
    about = _issue_fields(opf)
    for number, entry in enumerate(opf.iterfind(".//{*}spine/{*}itemref"), start=1):
        if href := files.get(entry.get("idref")):
            place = posixpath.normpath(posixpath.join(posixpath.dirname(package), unquote(href)))
            try:
                if chapter := _chapter(_part(book, place)):
                    yield number, about | chapter
            except KeyError:
                yield number, ArticleError(f"chapter {href!r} is missing")


def _issue_fields(opf: _Element) -> dict[str, Any]:
    """Return what the issue states: its day, its publisher or title, its language."""

    def stated(name: str) -> list[_Element]:
        return [one for one in opf.iterfind(f".//{{*}}metadata/{{*}}{name}") if one.text]

    days = [
        one
        for one in stated("date")
        if _EVENT not in one.attrib or one.get(_EVENT) == "publication"
    ]
    publisher = next((one_line(one.text or "") for one in stated("publisher")), "")
    title = next((one_line(one.text or "") for one in stated("title")), "")
    return {
        "published": days[0].text if days else None,
        "source": publisher if publisher and publisher.lower() not in _MAKERS else title,
        "language": next((one.text for one in stated("language")), None),
    }


def _chapter(raw: bytes) -> dict[str, str] | None:
    """Return headline and text of a chapter; None of a cover, a title page, a table of contents."""
    from lxml import etree

    written = _ENTITY.sub(lambda found: unescape(found[0]), decode(raw))
    tree = _parse_xml(_DECLARATION.sub("", written).encode(), recover=True)
    for element in tree.iter("{*}*"):
        element.tag = etree.QName(element).localname
    body = clean(plain_text(etree.tostring(tree, encoding="unicode", method="html")))
    linked = sum(len(_element_text(link)) for link in tree.iter("a"))
    if len(body) < _FEWEST or 2 * linked > len(body):
        return None
    titles = (_element_text(found) for found in (*tree.iter("h1"), *tree.iter("h2", "h3", "title")))
    return {"title": next(filter(None, titles), ""), "body": body}


def _element_text(element: _Element) -> str:
    return one_line("".join(element.itertext()))


def _part(book: ZipFile, name: str) -> bytes:
    with book.open(name) as part:
        raw = part.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise ArticleError(f"too large: more than {MAX_BYTES // 1_000_000} MB in {name!r}")
    return raw


def _parse_xml(raw: bytes, *, recover: bool = False) -> _Element:
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=recover)
    try:
        tree = etree.fromstring(raw, parser)
        if tree is None:
            raise ArticleError("not XML")
        return tree
    except etree.XMLSyntaxError as error:
        raise ArticleError(f"not XML: {error.msg}") from error
