"""Answers as a Word document. Needs python-docx, which reads Word documents too."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Sequence
from importlib.util import find_spec

from web import wording
from web.chat.exchange import Exchange

_NO_XML = re.compile(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def can_write() -> bool:
    """Whether the package that writes them is installed: `requirements-formats.txt` has it."""
    return find_spec("docx") is not None


def word(exchanges: Sequence[Exchange]) -> str:
    """The questions with their answers, and below each the quotes that it cites; in Base64."""
    from docx import Document

    from web.chat.export import source_line

    document = Document()
    for exchange in exchanges:
        document.add_heading(_sound(exchange.question.text), 1)
        if limits := wording.bounds(exchange.question):
            document.add_paragraph().add_run(_sound(f"Limits: {', '.join(limits)}")).italic = True
        told = exchange.answer.text if exchange.answer else ""
        for line in (told or exchange.error or "Stopped before it was checked.").split("\n"):
            document.add_paragraph(_sound(line))
        for number, one in enumerate(exchange.citations, 1):
            document.add_paragraph(_sound(f"[{number}] {source_line(one)}"), "Quote")
    out = io.BytesIO()
    document.save(out)
    return base64.b64encode(out.getvalue()).decode("ascii")


def _sound(text: str) -> str:
    """A text without what no XML can hold."""
    return _NO_XML.sub("\ufffd", text)
