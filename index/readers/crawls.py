"""Web crawls (WARC): the pages that were fetched; the day of the crawl is not that of a page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from index.errors import ArticleError
from index.readers import html
from index.readers.documents import library
from index.readers.text import MAX_BYTES, Found
from index.types import Article, Skipped


def read(file: Found) -> Iterator[Article | Skipped]:
    """Yield the article of each page that was fetched, and what had to be skipped."""
    iterator = library("warcio.archiveiterator", "warcio").ArchiveIterator
    problems = library("warcio.exceptions", "warcio").ArchiveLoadFailed
    seen: set[str] = set()
    with file.path.open("rb") as opened:
        try:
            for record in iterator(opened):
                if record.rec_type != "response" or not _is_page(record.http_headers):
                    continue
                url = record.rec_headers.get_header("WARC-Target-URI") or ""
                location = f"{file.path}#{url}"
                again = url in seen
                seen.add(url)
                raw = record.content_stream().read(MAX_BYTES)
                try:
                    article = html.article(raw, file, url)
                    yield replace(article, id=url, location=location, url=article.url or url)
                    if again:
                        reason = "it was fetched again later, which is taken in its place"
                        yield Skipped(location, reason)
                except ArticleError as error:
                    yield Skipped(location, error.reason)
        except problems as error:
            raise ArticleError(f"damaged archive: {error}") from error
    if not seen:
        raise ArticleError("it holds no page")


def _is_page(headers: object) -> bool:
    if headers is None:
        return False
    kind = headers.get_header("Content-Type") or ""  # type: ignore[attr-defined]
    return headers.get_statuscode() == "200" and "html" in kind  # type: ignore[attr-defined]
