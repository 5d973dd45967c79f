"""HTML inside other formats to the plain text that a reader of the page would see."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_TAG = re.compile(
    r"</?(?:p|br|div|a|b|i|em|strong|span|ul|ol|li|h[1-6]|img|figure|figcaption|blockquote|section"
    r"|article|table|tr|td|th|script|style|iframe|hr|pre|code|small|sub|sup|u|font|center|video"
    r"|html|body|head|meta|!doctype)\b[^>]*>|<!--",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:#\d{2,6}|#x[0-9a-f]{2,5}|[a-z]{2,8}\d?);", re.IGNORECASE)
_BLOCKS = {
    "p", "div", "section", "article", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "figure",
    "figcaption", "blockquote", "table", "pre", "hr", "header", "footer", "main", "aside", "body",
}  # fmt: skip
_LINES = {"br", "tr", "li", "dt", "dd"}
_DROPPED = {"script", "style", "noscript", "iframe", "template", "svg", "head"}
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])", re.IGNORECASE
)
_BLANK = re.compile(r"[ \t\r\n\f\u00a0]+")
_GAP = re.compile(r" *(\x1f[\x1e\x1f ]*|\x1e[\x1e ]*(?=[^\x1f]|\Z))")
_BREAK, _PARAGRAPH = "\x1e", "\x1f"


def plain_text(written: str) -> str:
    """Return a text without the tags and entities of HTML; one that has none stays as it is."""
    if "<" in written and _TAG.search(written):
        return _html_to_text(written)
    if "&" in written and _ENTITY.search(written):
        plain = unescape(written)
        return _html_to_text(plain) if "<" in plain and _TAG.search(plain) else plain
    return written


def _html_to_text(written: str) -> str:
    import lxml.html
    from lxml.etree import ParserError

    has_blocks = re.search(r"<(?:p|div|br|section|article)\b", written, re.IGNORECASE)
    lines = written if has_blocks else written.replace("\n\n", "<p>")
    try:
        tree = lxml.html.fragment_fromstring(lines, create_parent="div")
    except ParserError:
        return ""
    pieces: list[str] = []
    _collect(tree, pieces)
    text = _GAP.sub(lambda gap: "\n\n" if _PARAGRAPH in gap[0] else "\n", "".join(pieces))
    text = re.sub(r" *\n *", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _collect(element: HtmlElement, pieces: list[str]) -> None:
    tag = element.tag if isinstance(element.tag, str) else "!"
    hidden = "hidden" in element.attrib or _HIDDEN.search(element.get("style") or "")
    if tag not in _DROPPED and tag != "!" and not hidden:
        gap = _PARAGRAPH if tag in _BLOCKS else _BREAK if tag in _LINES else ""
        pieces.append(gap + ("- " if tag == "li" else ""))
        pieces.append(_BLANK.sub(" ", element.text or ""))
        for child in element:
            _collect(child, pieces)
        pieces.append(gap if tag in _BLOCKS else "")
    pieces.append(_BLANK.sub(" ", element.tail or ""))
