"""Exports of press databases: one text or page that holds many articles, each with its fields.

LexisNexis (text), Factiva (text and page) and ProQuest (text).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import ArticleError
from index.readers.days import read_day
from index.readers.fields import one_line
from index.readers.records import Numbered, articles
from index.readers.text import clean, decode
from index.types import Article, Skipped

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_LEXIS = re.compile(r"^[ \t]*(?:Document )?\d+ of \d+ DOCUMENTS?[ \t]*$", re.MULTILINE)
_LEXIS_FIELD = re.compile(r"[A-Z][A-Z -]{2,}: ?")
_LEXIS_DETAIL = re.compile(r"(BYLINE|SECTION): ?")
_LEXIS_END = re.compile(r"(?:LOAD-DATE|LANGUAGE|PUBLICATION-TYPE|SUBJECT|DOCUMENT-TYPE|GRAPHIC): ?")
_PROQUEST = re.compile(r"^_{20,}[ \t]*$", re.MULTILINE)
_PROQUEST_FIELD = re.compile(r"^([A-Z][A-Za-z ]{2,40}): +(?=\S)", re.MULTILINE)
_FACTIVA = re.compile(
    r"^(HD|BY|CR|WC|PD|ET|SN|SC|ED|PG|LA|CY|LP|TD|CO|IN|NS|RE|IPC|PUB|AN)[ \t]*$", re.MULTILINE
)
_CODES = {
    "HD": "headline", "PD": "date", "SN": "source", "AN": "id", "BY": "author", "LA": "language",
}  # fmt: skip


def is_export(raw: bytes) -> bool:
    """Whether a text is an export of many articles."""
    return (
        (b" DOCUMENT" in raw and re.search(rb"\d of \d+ DOCUMENTS?\s", raw) is not None)
        or (b"\nFull text: " in raw and b"\n______" in raw)
        or (b"\nHD" in raw and b"\nPD" in raw and re.search(rb"\nLP\s*\n", raw) is not None)
    )


def read(
    raw: bytes, path: Path, name: str, day_first: bool | None = None
) -> Iterator[Article | Skipped]:
    """Yield the articles of an export that is a text, and what had to be skipped.

    Raises:
        ArticleError: it cannot be told apart into articles.
    """
    text = clean(decode(raw))
    found = list(_of_lexis(text)) or list(_of_proquest(text)) or list(_of_factiva(text))
    return split(found, path, name, day_first)


def split(
    found: list[dict[str, str]], path: Path, name: str, day_first: bool | None
) -> Iterator[Article | Skipped]:
    """Yield an article of each of the documents of an export."""
    if not found:
        raise ArticleError("an export of many articles that cannot be told apart")
    numbered: list[Numbered] = list(enumerate(found, start=1))
    return articles(lambda: iter(numbered), path, name, day_first)


def _of_lexis(text: str) -> Iterator[dict[str, str]]:
    """Read what stands below each "1 of 2 DOCUMENTS": publisher, day, headline, fields, text."""
    for part in _LEXIS.split(text)[1:]:
        blocks = [block.strip() for block in re.split(r"\n[ \t]*\n", part) if block.strip()]
        dated = next((n for n, block in enumerate(blocks[:5]) if _is_day(block)), 0)
        values = {"source": one_line(blocks[0]) if dated else "", "body": "", "headline": ""}
        if dated:
            values["date"] = one_line(blocks[dated])
        body: list[str] = []
        for block in blocks[dated + 1 :]:
            if _LEXIS_END.match(block) or block.startswith("Copyright "):
                break
            if named := _LEXIS_DETAIL.match(block):
                values[named[1].lower()] = one_line(block[named.end() :].partition(";")[0])
            if not _LEXIS_FIELD.match(block):
                body.append(one_line(block))
            elif not values["headline"] and body:
                values["headline"], body = " ".join(body), []
            elif block.startswith("BODY:"):
                body = [one_line(block.removeprefix("BODY:"))]
        if not values["headline"] and body:
            values["headline"] = body.pop(0)
        yield values | {"body": "\n\n".join(filter(None, body))}


def _is_day(block: str) -> bool:
    try:
        return len(block) < 80 and read_day(one_line(block)).day is not None
    except ArticleError:
        return False


def _of_proquest(text: str) -> Iterator[dict[str, str]]:
    """Read the documents between rules, each of lines `Name: value`."""
    for part in _PROQUEST.split(text):
        pieces = _PROQUEST_FIELD.split(part)
        fields = dict(zip(pieces[1::2], pieces[2::2], strict=True))
        if "Full text" in fields:
            title = fields.get("Title") or pieces[0].strip().partition("\n")[0]
            yield {
                "headline": one_line(title),
                "date": one_line(fields.get("Publication date", "")),
                "source": one_line(fields.get("Publication title", "")),
                "author": one_line(fields.get("Author", "")),
                "section": one_line(fields.get("Section", "")),
                "language": one_line(fields.get("Language of publication", "")),
                "tags": one_line(fields.get("Subject", "")),
                "id": one_line(fields.get("ProQuest document ID", "")),
                "body": fields["Full text"].strip(),
            }


def _of_factiva(text: str) -> Iterator[dict[str, str]]:
    """Read documents of codes that stand alone in a line, each with its value below."""
    pieces = _FACTIVA.split(text)
    pairs = list(zip(pieces[1::2], pieces[2::2], strict=True))
    starts = [n for n, (code, _) in enumerate(pairs) if code == "HD"]
    for start, end in zip(starts, [*starts[1:], len(pairs)], strict=True):
        yield _coded(dict(reversed(pairs[start:end])))


def _coded(values: dict[str, str]) -> dict[str, str]:
    body = "\n\n".join(values[code].strip() for code in ("LP", "TD") if code in values)
    named = {name: one_line(values.get(code, "")) for code, name in _CODES.items()}
    return named | {"body": body}


def factiva_page(tree: HtmlElement) -> list[dict[str, str]]:
    """Return the documents of a page that Factiva made; none where it is another page."""
    found = []
    for article in tree.xpath("//div[contains(@class, 'article')][.//td/b[.='HD']]"):
        values: dict[str, str] = {}
        for row in article.iter("tr"):
            cells = row.findall("td")
            code = one_line(cells[0].text_content()).strip() if len(cells) > 1 else ""
            if code:
                lines = cells[1].findall(".//p") or [cells[1]]
                words = (one_line(line.text_content()) for line in lines)
                values[code] = "\n\n".join(filter(None, words))
        found.append(_coded(values))
    return found
