"""An article -> escaped HTML with the cited sentence highlighted."""

from __future__ import annotations

from index.types import Article
from web.chat.exchange import Place
from web.rendering import day_or_undated, safe, web_address


def article(found: Article | None, place: Place) -> str:
    """An article with the cited sentence highlighted, or word that it is gone or has changed.

    Without a quote nothing is highlighted.
    """
    if found is None:
        quote = f' It said:</p><blockquote dir="auto">{safe(place.quote)}</blockquote>'
        said = quote if place.quote else "</p>"
        return (
            f'<article class="read"><h2 dir="auto">{safe(place.headline)}</h2>'
            f'<p class="notice">This article is no longer in the archive.{said}</article>'
        )
    start, end = place.span_in(found.text)
    gone = '<p class="notice">The article has changed: the quoted sentence is not in it now.</p>'
    return (
        '<article class="read" tabindex="-1" aria-label="Article">'
        f'<h2 dir="auto">{safe(found.headline)}</h2>{_byline(found)}'
        + ("" if end > start or not place.quote else gone)
        + _paragraphs(found, start, end)
        + "</article>"
    )


def _byline(found: Article) -> str:
    parts = [f"<time>{day_or_undated(found.date)}</time>"]
    if found.source:
        parts.append(f'<span dir="auto">{safe(found.source)}</span>')
    address = web_address(found.url)
    if address:
        parts.append(
            f'<a href="{safe(address)}" target="_blank" rel="noopener noreferrer">'
            "Read at the publisher</a>"
        )
    return f'<p class="byline">{" · ".join(parts)}</p>'


def _paragraphs(found: Article, start: int, end: int) -> str:
    rows: list[str] = []
    at = 0
    for line in found.text.split("\n"):
        first, last = max(start, at), min(end, at + len(line))
        repeats_headline = not rows and line.strip() == found.headline.strip()
        if first < last or (line.strip() and not repeats_headline):
            rows.append(f'<p dir="auto">{_highlighted(line, first - at, last - at)}</p>')
        at += len(line) + 1
    return "".join(rows)


def _highlighted(line: str, first: int, last: int) -> str:
    if first >= last:
        return safe(line)
    before, cited, after = line[:first], line[first:last], line[last:]
    return f'{safe(before)}<mark class="cited">{safe(cited)}</mark>{safe(after)}'
