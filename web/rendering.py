"""Text -> inert HTML: what every maker of markup on this page goes through."""

from __future__ import annotations

import html
import re
from datetime import date
from urllib.parse import urlsplit

from web import wording

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def safe(text: str) -> str:
    """Return `text` as inert HTML; what no page can carry becomes U+FFFD."""
    return html.escape(_UNPRINTABLE.sub("\ufffd", text), quote=True)


def message(text: str) -> str:
    """A message to the person; empty text gives an empty place."""
    return f'<p class="message" role="alert">{safe(text)}</p>' if text else ""


def day_or_undated(day: date | None) -> str:
    """The day as people write it, as inert HTML."""
    return safe(wording.day_or_undated(day))


def web_address(url: str | None) -> str:
    """Return `url` where it is http or https and names a host, else nothing."""
    if not url or _UNPRINTABLE.search(url) or any(mark.isspace() for mark in url):
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.netloc else ""
