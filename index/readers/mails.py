"""Mails: newsletters and alerts, one a file (`.eml`) or many (`.mbox`); pages saved as mails."""

from __future__ import annotations

import email
import mailbox
from collections.abc import Iterator
from contextlib import closing
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr
from typing import Any

from index.errors import ArticleError
from index.readers import html
from index.readers.encodings import decode_as
from index.readers.named import article_of
from index.readers.records import Numbered, articles
from index.readers.text import Found, read_bytes
from index.types import Article, Skipped

_PAGES = (".mht", ".mhtml")  # pages that a browser saved as mails


def read(file: Found) -> Iterator[Article]:
    """Yield the one article of a mail."""
    mail = email.message_from_bytes(read_bytes(file.path), policy=default)
    page = mail.get_body(("html",)) if file.path.suffix.lower() in _PAGES else None
    raw = page.get_payload(decode=True) if page else None
    if isinstance(raw, bytes):
        yield html.article(raw, file, mail.get("snapshot-content-location"))
    else:
        yield article_of(_mail_fields(mail), file)


def read_box(file: Found) -> Iterator[Article | Skipped]:
    """Yield an article of each mail, and what had to be skipped; ids are those of the mails."""

    def mails() -> Iterator[Numbered]:
        with closing(mailbox.mbox(file.path, create=False)) as box:
            for number, at in enumerate(box.iterkeys(), start=1):
                try:
                    mail = email.message_from_bytes(box.get_bytes(at), policy=default)
                    yield number, _mail_fields(mail)
                except Exception as error:  # one mail that a parser breaks on is not all
                    yield number, ArticleError(f"mail {number}: {type(error).__name__}: {error}")

    return articles(mails, file)


def _mail_fields(mail: EmailMessage) -> dict[str, Any]:
    sender, at = parseaddr(str(mail.get("from", "")))
    return {
        "subject": str(mail.get("subject", "")),
        "date": str(mail.get("date", "")),
        "body": _mail_text(mail),
        "source": sender or at,
        "id": str(mail.get("message-id", "")).strip("<> "),
    }


def _mail_text(mail: EmailMessage) -> str:
    """Return the text of a mail, decoded as it says."""
    body = mail.get_body(("plain", "html"))
    raw = body.get_payload(decode=True) if body else b""
    if not isinstance(raw, bytes) or not raw.strip():
        return ""
    return decode_as(raw, body.get_content_charset("utf-8") if body else "utf-8")
