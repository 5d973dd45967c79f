"""Answers to take away: as text, Markdown, JSON or Word; citations as CSV, RIS or CSL-JSON.

Text that comes from articles, models and askers stays text: in Markdown its signs are escaped.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from importlib.util import find_spec

import gradio as gr

from index.readers.text import shorten
from rag.english.temporal import meant
from rag.payloads import answer_json
from rag.types import Answer, Citation, Statement
from web import wording
from web.chat.exchange import Exchange
from web.events import clicked, position
from web.rendering import web_address

WRITES_WORD = find_spec("docx") is not None
"""Whether python-docx is installed: `requirements-formats.txt` has it."""
LONGEST_NAME = 60  # characters of a question in the name of a file
UNCHECKED = "Stopped before it was checked."
_NO_XML = re.compile(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SIGNS = re.compile(r"([\\`*_{}\[\]<>|~])")
_LINE_START = re.compile(r"(?m)^(\s*\d*)([#+.)-])")


def cited_text(answer: Answer) -> str:
    """The answer as plain text, and below it what each of its marks cites."""
    lines = [answer.text, ""]
    lines += [f"[{n}] {source_line(one)}" for n, one in enumerate(answer.citations, 1)]
    return "\n".join(lines).strip() + "\n"


def markdown(exchanges: Sequence[Exchange]) -> str:
    """The conversation with a heading for each question and a footnote for each citation."""
    parts: list[str] = []
    notes: list[str] = []
    for exchange in exchanges:
        parts.append(f"## {_escaped(exchange.question.text)}")
        limits = wording.bounds(exchange.question)
        if limits:
            parts.append(f"*Limits: {_escaped(', '.join(limits))}.*")
        parts.append(_checked(exchange, len(notes)))
        notes += [
            _escaped(source_line(one, address=False)) + _address(one) for one in exchange.citations
        ]
    parts += [f"[^{number}]: {note}" for number, note in enumerate(notes, 1)]
    return "\n\n".join(parts) + "\n"


def named(
    make: Callable[[Sequence[Exchange]], str], ending: str
) -> Callable[[Sequence[Exchange]], tuple[str, str]]:
    """Return what makes an export and the name of its file: the first question, the day."""

    def made(exchanges: Sequence[Exchange]) -> tuple[str, str]:
        asked = exchanges[0].question.text if exchanges else ""
        words = re.findall(r"\w+", shorten(asked, LONGEST_NAME)) or ["conversation"]
        return make(exchanges), f"{'-'.join(words)}-{date.today().isoformat()}{ending}"

    return made


def one_as_word(exchanges: Sequence[Exchange], click: gr.EventData) -> tuple[str, str]:
    """The answer whose button was clicked as a Word document; nothing where it was another."""
    turn = position(clicked(click), "word", len(exchanges), "turn")
    return ("", "") if turn is None else named(*FORMATS["Word"])(exchanges[turn : turn + 1])


def as_word(exchanges: Sequence[Exchange]) -> str:
    """The questions with their answers, and below each the quotes that it cites; in Base64."""
    from docx import Document

    document = Document()
    for exchange in exchanges:
        document.add_heading(_strip_xml_controls(exchange.question.text), 1)
        if limits := wording.bounds(exchange.question):
            document.add_paragraph().add_run(
                _strip_xml_controls(f"Limits: {', '.join(limits)}")
            ).italic = True
        text = exchange.answer.text if exchange.answer else ""
        for line in (text or exchange.error or UNCHECKED).split("\n"):
            document.add_paragraph(_strip_xml_controls(line))
        for number, one in enumerate(exchange.citations, 1):
            document.add_paragraph(_strip_xml_controls(f"[{number}] {source_line(one)}"), "Quote")
    out = io.BytesIO()
    document.save(out)
    return base64.b64encode(out.getvalue()).decode("ascii")


def _strip_xml_controls(text: str) -> str:
    """Remove the control characters that XML cannot hold."""
    return _NO_XML.sub("\ufffd", text)


def as_json(exchanges: Sequence[Exchange]) -> str:
    """The answers of the conversation as `python -m rag --json` prints them, in a list."""
    answers = [answer_json(one.answer) for one in exchanges if one.answer is not None]
    return json.dumps(answers, ensure_ascii=False, indent=2) + "\n"


def as_csv(exchanges: Sequence[Exchange]) -> str:
    """The citations as a table, with the question that each belongs to."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(("question", "mark", "headline", "publisher", "date", "address", "quote"))
    for exchange in exchanges:
        for mark, one in enumerate(exchange.citations, 1):
            day = one.date.isoformat() if one.date else ""
            cells = (one.headline, one.source or "", day, web_address(one.url), one.quote)
            asked = exchange.question.text
            table.writerow(_cell(cell) for cell in (asked, str(mark), *cells))
    return out.getvalue()


def _cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def as_csl(exchanges: Sequence[Exchange]) -> str:
    """The articles cited as CSL-JSON, which Zotero, Pandoc and others read."""
    items = []
    for number, (one, quotes) in enumerate(_articles(exchanges), 1):
        item: dict[str, object] = {"id": f"article-{number}", "type": "article-newspaper"}
        item |= {"title": one.headline, "note": "\n".join(f"“{quote}”" for quote in quotes)}
        if one.source:
            item["container-title"] = one.source
        if one.date:
            item["issued"] = {"date-parts": [[one.date.year, one.date.month, one.date.day]]}
        if address := web_address(one.url):
            item["URL"] = address
        items.append(item)
    return json.dumps(items, ensure_ascii=False, indent=2) + "\n"


def as_ris(exchanges: Sequence[Exchange]) -> str:
    """The articles cited as RIS, which reference managers read."""
    lines = []
    for one, quotes in _articles(exchanges):
        fields = [("TY", "NEWS"), ("TI", one.headline), ("T2", one.source or "")]
        fields += [("DA", one.date.strftime("%Y/%m/%d") if one.date else "")]
        fields += [("UR", web_address(one.url)), *(("N1", f"“{quote}”") for quote in quotes)]
        lines += [f"{tag}  - {' '.join(value.split())}" for tag, value in fields if value]
        lines += ["ER  - ", ""]
    return "\r\n".join(lines)


def _articles(exchanges: Sequence[Exchange]) -> Iterator[tuple[Citation, list[str]]]:
    """Yield each article that is cited, as its first citation, with all quotes from it."""
    found: dict[str, tuple[Citation, list[str]]] = {}
    for exchange in exchanges:
        for one in exchange.citations:
            quotes = found.setdefault(one.article_id, (one, []))[1]
            quote = " ".join(one.quote.split())
            if quote not in quotes:
                quotes.append(quote)
    yield from found.values()


FORMATS: dict[str, tuple[Callable[[Sequence[Exchange]], str], str]] = {
    **({"Word": (as_word, ".docx")} if WRITES_WORD else {}),
    "Markdown": (markdown, ".md"),
    "JSON": (as_json, ".json"),
    "Citations as CSV": (as_csv, "-citations.csv"),
    "RIS": (as_ris, ".ris"),
    "CSL-JSON": (as_csl, ".csl.json"),
}
"""What makes each format of a conversation, and how the name of its file ends."""


def _checked(exchange: Exchange, before: int) -> str:
    """What was answered, its marks as footnotes that count on from those `before`."""
    answer = exchange.answer
    if answer is None:
        return _escaped(exchange.error or UNCHECKED)
    if not answer.statements:
        return _escaped(answer.text)
    statements = [_statement(one, before) for one in answer.statements]
    return ("\n\n" if "\n" in answer.text else " ").join(statements)


def _statement(statement: Statement, before: int) -> str:
    marks = "".join(f"[^{before + at + 1}]" for at in statement.citations)
    text = _escaped(statement.text)
    return f"{text[:-1]}{marks}." if marks and text.endswith(".") else text + marks


def source_line(citation: Citation, *, address: bool = True) -> str:
    """`“Quote.” (“Sunday” is 18 June 2023) Headline. Source, 18 June 2023. https://…`."""
    day = wording.day(citation.date)
    origin = ", ".join(part for part in (citation.source or "", day) if part)
    quote = " ".join(citation.quote.split())
    days = meant(citation.quote, citation.date)
    headline = citation.headline.rstrip(".")
    named = f" {headline}." if headline != quote.rstrip(".") else ""  # it stands there already
    text = f"“{quote}”{f' ({days})' if days else ''}{named} {origin}."
    found = web_address(citation.url) if address else ""
    return f"{text} {found}" if found else text


def _address(citation: Citation) -> str:
    found = web_address(citation.url)
    return f" <{found}>" if found and not re.search(r"[<>]", found) else ""


def _escaped(text: str) -> str:
    return _LINE_START.sub(r"\1\\\2", _SIGNS.sub(r"\\\1", text))
