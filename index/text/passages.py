"""Articles to passages: runs of whole sentences that the embedder reads to their end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from index.text.days import format_day
from index.text.sentences import sentence_spans
from index.types import Article, Passage, Span

# Word pieces of each text, without the two special ones that the embedder adds.
CountTokens = Callable[[Sequence[str]], list[int]]

MAX_TOKENS = 256
OVERLAP_SENTENCES = 1
TEMPLATE_VERSION = "1"
_SPECIAL_TOKENS = 2
_CHARACTERS = 16  # of a word piece at most: a word that is too long for the embedder is one piece
_HEADLINE_CHARACTERS = 120  # a character is one word piece at most, so a passage keeps room


def heading(article: Article) -> str:
    """What is embedded above every passage of the article: headline and date."""
    when = f"\n{format_day(article.date)}" if article.date else ""
    return f"{article.headline[:_HEADLINE_CHARACTERS]}{when}\n"


def embedded_text(article: Article, passage: Passage) -> str:
    """Return the text whose embedding stands for the passage."""
    if passage.text.startswith(article.headline):  # the text begins with it already
        return f"{format_day(article.date)}\n{passage.text}" if article.date else passage.text
    return heading(article) + passage.text


def split(
    article: Article, count_tokens: CountTokens, max_tokens: int = MAX_TOKENS
) -> Iterator[Passage]:
    """Cut the article at sentence ends into passages of at most `max_tokens` word pieces.

    The heading and the special tokens count. A sentence of overlap joins neighbours. A sentence
    that is too long for a passage of its own is cut at white space. The embedder silently drops
    what is beyond `max_tokens`, by its own count.
    """
    room = max_tokens - _SPECIAL_TOKENS - count_tokens([heading(article)])[0]

    def count(texts: Sequence[str]) -> list[int]:
        sizes = zip(texts, count_tokens(texts), strict=True)
        return [max(size, len(text) // _CHARACTERS) for text, size in sizes]

    spans, sizes = _fitting(article.text, sentence_spans(article.text), count, room)
    first = 0
    while first < len(spans):
        last, used = first, sizes[first]
        while last + 1 < len(spans) and used + sizes[last + 1] <= room:
            last += 1
            used += sizes[last]
        start, end = spans[first][0], spans[last][1]
        yield Passage(article.id, start, end, article.text[start:end])
        if last + 1 >= len(spans):
            return
        overlap = OVERLAP_SENTENCES if last > first else 0
        if overlap and sizes[last] + sizes[last + 1] > room:
            overlap = 0
        first = last + 1 - overlap


def _fitting(
    text: str, spans: list[Span], count_tokens: CountTokens, room: int
) -> tuple[list[Span], list[int]]:
    """Return the spans, those larger than `room` cut up, and the size of each."""
    sizes = count_tokens([text[start:end] for start, end in spans]) if spans else []
    fitted: list[Span] = []
    for span, size in zip(spans, sizes, strict=True):
        fitted.extend([span] if size <= room else _cut(text, span, count_tokens, room))
    if len(fitted) != len(spans):
        sizes = count_tokens([text[start:end] for start, end in fitted])
    return fitted, sizes


def _cut(text: str, span: Span, count_tokens: CountTokens, room: int) -> list[Span]:
    """Halve a span, at white space where there is some, until its pieces fit."""
    start, end = span
    if end - start < 2 or count_tokens([text[start:end]])[0] <= room:
        return [span]
    middle = (start + end) // 2
    at = text.rfind(" ", start + 1, middle)
    if at <= start:
        at = middle
    left_end, right_start = at, at
    while left_end > start + 1 and text[left_end - 1].isspace():
        left_end -= 1
    while right_start < end - 1 and text[right_start].isspace():
        right_start += 1
    left = _cut(text, (start, left_end), count_tokens, room)
    return left + _cut(text, (right_start, end), count_tokens, room)
