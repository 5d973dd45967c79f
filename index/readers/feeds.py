"""XML of news: RSS and Atom feeds, exports of WordPress, NewsML-G2 and NITF.

Items are read one by one. No entity is resolved and nothing is fetched.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from index.errors import ArticleError
from index.readers.encodings import codec_of, stream_encoding
from index.readers.records import Numbered, articles
from index.readers.text import Found, one_line, unpacked
from index.types import Article, Skipped

if TYPE_CHECKING:
    from lxml.etree import _Element

_ROOTS = ("rss", "RDF", "feed", "newsItem", "newsMessage", "nitf")
_OTHERS = ("mrss", "itunes")  # namespaces of pictures and sound
_SHORTCODE = re.compile(r"\[/?[a-z][\w-]*(?: [^][]*)?\]")
_ENCODING = re.compile(rb"""\A[^>]{0,100}encoding\s*=\s*["']([\w.:-]+)""")
_LIBXML = {"cp1252": "windows-1252", "gb18030": "gb18030", "cp932": "cp932", "cp949": "cp949"}
_PUBLISHED = ("publish", "live", "")
_BLOGGER = "{http://schemas.google.com/blogger/2018}type"
_ABOUT = {"title": "source", "language": "language"}  # of a feed, by the name in its items
_MANY = ("author", "creator", "category")
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def read(file: Found) -> Iterator[Article | Skipped]:
    """Yield an article of each item, and what had to be skipped."""

    def numbered() -> Iterator[Numbered]:
        with unpacked(file.path) as opened:
            yield from items(opened)

    return articles(numbered, file)


def items(file: BinaryIO) -> Iterator[Numbered]:
    """Yield the fields of each item with its line, or why there are none."""
    from lxml import etree

    root, about = "", {}
    file, encoding = _decoded(file)
    try:
        parsing = etree.iterparse(
            file, ("start", "end"), resolve_entities=False, no_network=True, encoding=encoding
        )
        for event, element in parsing:
            name = _name(element)
            if not root:
                root, about["language"] = name, element.get(_LANGUAGE, "")
                if root not in _ROOTS:
                    expected = "RSS, Atom, NewsML-G2 or NITF"
                    raise ArticleError(f"XML of an unknown kind ({root}); expected {expected}")
            if event == "start":
                continue
            if name in _ABOUT and _name(element.getparent()) in ("channel", "feed"):
                about[_ABOUT[name]] = about.get(_ABOUT[name]) or (element.text or "").strip()
            if name in ("item", "entry"):
                if item := _feed_item(element, about):
                    yield element.sourceline or 0, item
                element.clear()
            elif name in ("newsItem", "nitf"):
                yield element.sourceline or 0, about | _agency_item(element)
                element.clear()
    except etree.XMLSyntaxError as error:
        yield error.lineno or 0, ArticleError(f"not XML: {error.msg}")


def _decoded(file: BinaryIO) -> tuple[BinaryIO, str | None]:
    """Return the file as the parser can read it, and its encoding where that is not as declared.

    Raises:
        ArticleError: it is not in UTF-8, declares nothing else, and cannot be told.
    """
    declared = _ENCODING.search(file.read(200))
    file.seek(0)
    with suppress(LookupError):
        label = codec_of(declared[1].decode("ascii")) if declared else "utf-8"
        if label != "utf-8":
            return file, _LIBXML.get(label)
    found = stream_encoding(file)
    if found.startswith("utf-") and found != "utf-8":
        return file, None
    return cast(BinaryIO, codecs.EncodedFile(file, "utf-8", found, "replace")), "utf-8"


def _feed_item(item: _Element, about: dict[str, str]) -> dict[str, Any] | ArticleError | None:
    """Return the fields of an item; None for what blogs keep beside articles, such as comments."""
    values = _children(item)
    terms = (one.get("term", "").partition("/blogger/2008/kind#") for one in item)
    kind = item.findtext(_BLOGGER) or next((term[2] for term in terms if term[2]), "post")
    if values.pop("post_type", kind).lower() not in ("post", "page"):
        return None
    status = "draft" if item.findtext("{*}control/{*}draft") == "yes" else "publish"
    if (status := values.pop("status", status).lower()) not in _PUBLISHED:
        return ArticleError(f"a draft (status: {status})")
    if "updated" in values:
        values["item_updated"] = values["updated"]
    if "post_date" in values and "encoded" in values:
        values["encoded"] = _SHORTCODE.sub("", values["encoded"])
    return about | values


def _children(item: _Element) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for child in item:
        if not isinstance(child.tag, str) or any(other in child.tag for other in _OTHERS):
            continue
        name = _name(child)
        if name == "link" and child.get("href"):
            if child.get("rel", "alternate") == "alternate":
                values.setdefault("link", child.get("href"))
        elif name in _MANY:
            if child.get("domain") == "post_tag":
                name = "tags"
            values.setdefault(name, []).append(_element_text(child))
        elif written := _element_text(child):
            values.setdefault(name, written)
    return values


def _element_text(element: _Element) -> str:
    from lxml import etree

    if element.get("type") == "xhtml":
        return str(etree.tostring(element, encoding="unicode", method="html", with_tail=False))
    if (person := element.find("{*}name")) is not None:
        return (person.text or "").strip()
    return "".join(element.itertext()).strip() or element.get("label") or element.get("term", "")


def _agency_item(item: _Element) -> dict[str, Any]:
    """Return the fields of NewsML-G2 and NITF, whose texts lie deep."""
    values: dict[str, Any] = {name: _first_text(item, path) for name, path in _PATHS.items()}
    paragraphs = (one_line("".join(p.itertext())) for p in item.iterfind(".//{*}p"))
    values["body"] = "\n\n".join(filter(None, paragraphs)) or _first_text(item, ".//{*}inlineData")
    for name, paths in _LISTS.items():
        found: list[_Element] = next(filter(None, map(item.findall, paths)), [])
        words = (one_line("".join(one.itertext())) or one.get("key", "") for one in found)
        values[name] = [one for one in words if one]
    section = item.find(".//{*}pubdata")
    values["section"] = "" if section is None else section.get("position.section")
    language = item.find(".//{*}contentMeta/{*}language")
    values["language"] = "" if language is None else language.get("tag")
    values["guid"] = item.get("guid", "")
    return {name: value for name, value in values.items() if value}


_PATHS = {
    "headline": (".//{*}headline", ".//{*}hl1", ".//{*}title"),
    "published": (".//{*}contentCreated", ".//{*}date.issue"),
    "firstCreated": (".//{*}firstCreated",),
    "versionCreated": (".//{*}versionCreated",),
    "source": (".//{*}provider/{*}name", ".//{*}copyrightHolder/{*}name", ".//{*}doc.copyright"),
}


_LISTS = {
    "author": (".//{*}contentMeta/{*}creator/{*}name", ".//{*}byline/{*}person", ".//{*}by",
               ".//{*}byline"),
    "tags": (".//{*}keyword", ".//{*}contentMeta/{*}subject/{*}name"),
}  # fmt: skip


def _first_text(item: _Element, paths: tuple[str, ...] | str) -> str:
    for path in (paths,) if isinstance(paths, str) else paths:
        found = item.find(path)
        if found is not None:
            words = "".join(found.itertext()).strip()
            if words := words or found.get("norm", "") or found.get("holder", ""):
                return words
    return ""


def _name(element: _Element | None) -> str:
    tag = element.tag if element is not None else ""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
