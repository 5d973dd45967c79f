"""What the formats share: the file to read, headlines, and a text under its title."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from index.text.sentences import sentence_spans

_PARAGRAPH = re.compile(r"\S[^\n]*")
_CREDIT = re.compile(r"\s\|\s[^|]+\Z")  # a photo's credit: "… in Beijing | Jo Bloggs, Agency"
_AT_END = re.compile(r"(.+\S)\s+[-–—|:·»•]\s+(.{2,60}?)")
_LONGEST_LEAD = 200
_LONGEST_HEADLINE = 160

Columns = tuple[tuple[str, str], ...]
"""Fields, each with the column or name that a person said holds it."""


def _nobody_knows() -> None:
    return None


@dataclass(frozen=True, slots=True)
class Found:
    """A file to read: where it lies, its name below the folder, its format and its state.

    Attributes:
        day_first: Whether 03/04/2023 is 3 April; None where only other days can tell.
        columns: What a person said of the columns or fields of its records.
        elsewhere: Says the same as `day_first`, by the other files of the folder.
    """

    path: Path
    name: str
    format: str
    stat: os.stat_result = os.stat_result((0,) * 10)  # noqa: RUF009 - frozen
    day_first: bool | None = None
    columns: Columns = ()
    elsewhere: Callable[[], bool | None] = _nobody_knows


def one_line(text: str) -> str:
    """Return the text with every run of white space as one space."""
    return " ".join(text.split())


def shorten(text: str, width: int = _LONGEST_HEADLINE) -> str:
    """Cut a line of more than `width` characters at a word and end it with an ellipsis."""
    line = one_line(text)
    if len(line) <= width:
        return line
    cut = line.rfind(" ", width // 2, width)
    return line[: cut if cut > 0 else width - 1].rstrip(" ,;:-–—") + "…"


def lead_headline(text: str) -> str:
    """Return a headline for a text without a title: its lead line, or a sentence of it.

    A lead that is a photo's caption with a credit is passed over for the paragraph below it.
    """
    lines = [found[0].rstrip() for found in islice(_PARAGRAPH.finditer(text), 3)]
    if not lines:
        return ""
    lead = next((line for line in lines if not _CREDIT.search(line)), None)
    if lead is None:
        lead = _CREDIT.sub("", lines[0])
    if lead is lines[0] and len(lead) <= _LONGEST_LEAD:
        return one_line(lead)
    return shorten(first_sentence(lead))


def first_sentence(text: str) -> str:
    """Return the first sentence of a text, or nothing of an empty one."""
    start, end = next(iter(sentence_spans(text[:2000])), (0, 0))
    return text[start:end]


def without_site(title: str, site: str | None) -> str:
    """Return a headline without the publisher's name at its end: "Mill sold - Corvale Echo"."""
    found = _AT_END.fullmatch(one_line(title)) if site else None
    same = found and site and _plain(found[2]) == _plain(site)
    return found[1] if found and same else title


def _plain(site: str) -> str:
    return re.sub(r"\W", "", site.lower().removeprefix("the "))


def under_title(title: str, body: str) -> tuple[str, str]:
    """Return headline and text of an article: the text begins with its title.

    Without a title the first sentence serves as the headline.
    """
    title = one_line(title)
    if not title:
        return lead_headline(body), body
    if body.lstrip().startswith(title):
        return title, body
    return title, f"{title}\n\n{body}"
