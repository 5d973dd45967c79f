"""Templates -> inert HTML: what all markup of the page goes through.

Text from articles, models and askers is data: it is escaped where a template puts it in.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.ext import Extension

from web import wording

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_SCORES = re.compile(r"(\d+[-–]\d+)")  # and spans of years: no line breaks in them


def printable(value: Any) -> Any:
    """Return a text with U+FFFD for what no page can carry; markup and all else as it is."""
    is_text = isinstance(value, str) and not hasattr(value, "__html__")
    return _UNPRINTABLE.sub("\ufffd", value) if is_text else value


class _Unindented(Extension):
    """Drops line breaks and indentation of templates, which would show as spaces on the page.

    Within a tag or a sentence, a line break is one space.
    """

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        joined = re.sub(r"(?<=[>}])\s*\n\s*|\s*\n\s*(?=[<{])", "", source)
        return re.sub(r"\s*\n\s*", " ", joined)


_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    finalize=printable,
    extensions=[_Unindented],
)
_environment.filters |= {
    "counted": wording.count,
    "day": wording.day,
    "short_day": wording.short_day,
    "span": wording.span,
    "split_scores": _SCORES.split,
}


class Macros:
    """The macros of a template, as functions that return markup."""

    def __init__(self, template: str, **names: Any) -> None:
        """`names` are what the macros may use besides their arguments."""
        self._module = _environment.get_template(template).make_module(names)

    def __getattr__(self, name: str) -> Callable[..., str]:
        macro = getattr(self._module, name)
        return lambda *values, **named: str(macro(*values, **named))


message = Macros("common.html").message
announce = Macros("common.html").announce


def web_address(url: str | None) -> str:
    """Return `url` where it is http or https and names a host, else nothing."""
    if not url or _UNPRINTABLE.search(url) or any(mark.isspace() for mark in url):
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.netloc else ""
