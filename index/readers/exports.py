"""Exports of press databases: one file that holds many articles, each with its fields.

LexisNexis and Nexis Uni, Factiva and ProQuest, as text, page, Word document or RTF; Europresse as
page, RIS as text. What else looks like an export is named and refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from index.errors import ArticleError
from index.readers.days import PART, Stated, read_day
from index.readers.records import Numbered, articles
from index.readers.text import Found, one_line
from index.types import Article, Skipped

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_LEXIS = re.compile(r"^[ \t]*(?:Document )?\d+ of \d+ DOCUMENTS?[ \t]*$", re.MULTILINE)
_LEXIS_FIELD = re.compile(r"[A-Z][A-Z -]{2,}: ?")
_NEXIS_END = re.compile(r"^[ \t]*End of Document[ \t]*$", re.MULTILINE)
_NEXIS_FIELD = re.compile(r"([A-Z][a-z]+(?:-[A-Z][a-z]+)?): *(.*)")
_NEXIS_AFTER = re.compile(r"(?:Classification|Graphic|Notes|Load-Date:.*|Language:.*)\Z")
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
_RIS_END = re.compile(r"^ER  -.*$", re.MULTILINE)
_RIS_FIELD = re.compile(r"^([A-Z][A-Z0-9])  - (.*(?:\n(?![A-Z][A-Z0-9]  -).*)*)", re.MULTILINE)
_RIS_CODES = {
    "headline": ("TI", "T1"), "date": ("DA", "Y1", "PY"), "source": ("T2", "JO", "JF", "PB"),
    "author": ("AU", "A1"), "url": ("UR",), "language": ("LA",), "tags": ("KW",), "id": ("ID",),
    "body": ("AB", "N2"),
}  # fmt: skip
_MOMENT = rb"\W{0,4}\d[\d./-]+,? \d\d?:\d\d[^\n]{0,12}"
_UNREADABLE = {  # exports that are not read, and what to do with them
    re.compile(sign): what
    for sign, what in {
        rb"\A\s*<DOC(?: [^>]*)?>\s*<DOC": "SGML of TREC: write its documents as JSON Lines",
        rb"\A\s*@\w+\s*\{[\w:./-]+,\s": "BibTeX: export it as RIS or CSL JSON",
        rb"\A" + _MOMENT + rb"(?:\]| -) [^\n]*\n" + _MOMENT: "a chat: give each article its file",
        rb'<div class="page_body chat_page"': "a chat of Telegram: export it as JSON",
    }.items()
}
_EUROPRESSE = {  # by their classes
    "source": "DocPublicationName", "headline": "titreArticle", "author": "docAuthors",
    "body": "docOcurrContainer", "id": "lblNodoc",
}  # fmt: skip
_FACTIVA_END = re.compile(r"^[ \t]*Document ([A-Z]{2,}\w{10,})[ \t]*$", re.MULTILINE)
_WORDS = re.compile(r"[\d,.]+ words")
_HEAD = 100_000  # bytes that show what a text is
_COUNTED = (  # what each of the documents of an export has once
    _LEXIS,
    _NEXIS_END,
    _FACTIVA_END,
    _RIS_END,
    *(re.compile(f"^{name}:", re.MULTILINE) for name in ("Full text", "LOAD-DATE", "Load-Date")),
)


def is_export(raw: bytes) -> bool:
    """Whether a text may be an export of many articles: quick, and wrong of some that are none.

    Raises:
        ArticleError: it is one that is not read.
    """
    for sign, what in _UNREADABLE.items():
        if sign.search(raw, 0, _HEAD):
            raise ArticleError(f"many articles in a form that is not read ({what})")
    return (
        (b" DOCUMENT" in raw and re.search(rb"\d of \d+ DOCUMENTS?\W", raw) is not None)
        or (b"\nFull text: " in raw and b"\n______" in raw)
        or (b"\nHD" in raw and b"\nPD" in raw and re.search(rb"\nLP\s*\n", raw) is not None)
        or b"End of Document" in raw
        or b"\nER  -" in raw
        or (b"Document " in raw and re.search(rb"Document [A-Z]{2,}\w{10,}", raw) is not None)
        or raw.count(b"\nLOAD-DATE:") > 1
        or raw.count(b"ProQuest document ID") > 1
    )


def documents(text: str) -> list[dict[str, str]]:
    """Return the documents of an export, from its plain text; none where it is no export.

    Raises:
        ArticleError: it is an export, but cannot be told apart into its documents.
    """
    count = max(len(sign.findall(text)) for sign in _COUNTED)
    for each in (_of_lexis, _of_nexis, _of_proquest, _of_factiva, _of_factiva_prose, _of_ris):
        found = list(each(text))
        told = sum(bool(one.get("body")) for one in found)
        if told and len(found) >= count and 2 * told >= count:
            return found
    if count > 1 or _LEXIS.search(text):
        raise ArticleError(f"an export of {count} documents that cannot be told apart")
    return []


def split(found: list[dict[str, str]], file: Found) -> Iterator[Article | Skipped] | None:
    """Return an article of each of the documents of an export; None where there are none.

    Raises:
        ArticleError: the file's name has no suffix, so that its articles could not be told apart.
    """
    if not found:
        return None
    if not file.path.suffix:
        count = f"an export of {len(found)} documents"
        raise ArticleError(f"{count}; give the file a name that ends in .txt")
    numbered: list[Numbered] = list(enumerate(found, start=1))
    return articles(lambda: iter(numbered), file)


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


def _of_nexis(text: str) -> Iterator[dict[str, str]]:
    """Read what stands above each "End of Document": headline, publisher, day, fields, "Body"."""
    for part in _NEXIS_END.split(text)[:-1]:
        lines = [line.strip() for line in part.split("\n") if line.strip()]
        body = next((n for n, line in enumerate(lines) if line == "Body"), None)
        head = lines[:body]
        days = [n for n, line in enumerate(head) if not _NEXIS_FIELD.match(line) and _is_day(line)]
        if body is None or not days or days[-1] < 2:
            yield {}
            continue
        last = days[-1]
        fields = {m[1]: m[2] for line in head[last:] if (m := _NEXIS_FIELD.fullmatch(line))}
        end = next((n for n in range(body, len(lines)) if _NEXIS_AFTER.match(lines[n])), len(lines))
        yield {
            "headline": head[last - 2],
            "source": head[last - 1],
            "date": head[last],
            "author": fields.get("Byline", ""),
            "section": fields.get("Section", ""),
            "body": "\n\n".join(lines[body + 1 : end]),
        }


def _is_day(block: str) -> bool:
    try:
        stated = read_day(one_line(block)) if len(block) < 80 else Stated()
        return stated.day is not None or stated.note == PART
    except ArticleError:
        return False


def _of_factiva_prose(text: str) -> Iterator[dict[str, str]]:
    """Read what stands above each "Document ABC…": headline, author, "N words", day, publisher."""
    pieces = _FACTIVA_END.split(text)
    for part, name in zip(pieces[::2], pieces[1::2], strict=False):
        lines = [line.strip() for line in part.split("\n") if line.strip()]
        words = next((n for n, line in enumerate(lines) if _WORDS.fullmatch(line)), 0)
        rights = (n for n, line in enumerate(lines) if n > words and line.startswith("Copyright"))
        start = next(rights, 0)
        days = [n for n in range(words + 1, min(words + 3, len(lines))) if _is_day(lines[n])]
        above = [line for line in lines[:words] if not line.lower().startswith("by ")]
        if not (start and days and above):
            yield {}
            continue
        source = next((n for n in range(days[0] + 1, start) if ":" not in lines[n]), start)
        yield {
            "headline": max(above[-2:], key=len),
            "date": lines[days[0]],
            "source": lines[source],
            "id": name,
            "body": "\n\n".join(lines[start + 1 :]),
        }


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


def _of_ris(text: str) -> Iterator[dict[str, str]]:
    """Read what stands above each "ER  -": lines of a code and its value."""
    for part in _RIS_END.split(text)[:-1]:
        found: dict[str, list[str]] = {}
        for code, value in _RIS_FIELD.findall(part):
            found.setdefault(code, []).append(one_line(value).rstrip("/"))
        first = {name: filter(None, map(found.get, codes)) for name, codes in _RIS_CODES.items()}
        yield {name: "; ".join(next(values, [])) for name, values in first.items()}


def _of_factiva(text: str) -> Iterator[dict[str, str]]:
    """Read documents of codes that stand alone in a line, each with its value below."""
    pieces = _FACTIVA.split(text)
    pairs = list(zip(pieces[1::2], pieces[2::2], strict=True))
    starts = [n for n, (code, _) in enumerate(pairs) if code == "HD"]
    for start, end in zip(starts, [*starts[1:], len(pairs)], strict=False):
        yield _factiva_fields(dict(reversed(pairs[start:end])))


def _factiva_fields(values: dict[str, str]) -> dict[str, str]:
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
        found.append(_factiva_fields(values))
    return found


def europresse_page(tree: HtmlElement) -> list[dict[str, str]]:
    """Return the documents of a page that Europresse made, whose numbers state their days."""
    found = []
    for article in tree.iter("article"):
        parts = {
            name: article.xpath(f".//*[contains(@class, '{part}')]")
            for name, part in _EUROPRESSE.items()
        }
        values = {name: one_line(part[0].text_content()) for name, part in parts.items() if part}
        lines = parts["body"][0].findall(".//p") or parts["body"] if parts["body"] else []
        values["body"] = "\n\n".join(one_line(line.text_content()) for line in lines)
        values["date"] = next(iter(re.findall(r"\b\d{8}\b", values.get("id", ""))), "")
        found.append(values)
    return found
