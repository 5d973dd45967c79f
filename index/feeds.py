"""Feeds that a person named: each is read politely, and each of its items kept as a file.

The files lie in a folder of the feed, which is watched like any other. Nothing is deleted there:
an item that the feed lists no more stays, and one that was withdrawn is marked.
"""

from __future__ import annotations

import hashlib
import io
import json
import threading
import time
from codecs import BOM_UTF8
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit
from urllib.robotparser import RobotFileParser

from index.atomic import write_whole
from index.errors import ArticleError, BroadsheetError, describe
from index.polite import Fetcher, Refused, host_of
from index.readers import html
from index.readers.encodings import decode
from index.readers.feeds import items
from index.readers.named import AUTHOR, BODY, DATE, ID, SECTION, TAGS, TITLE, URL, by_name, day_of
from index.readers.records import feed_items
from index.readers.text import Found
from index.settings import redacted

EVERY = 900.0
"""Seconds between two readings of a feed, at least."""

_MOST_BYTES, _MOST_ITEMS = 10_000_000, 1000
_PAGES = 30  # pages fetched at one reading of a feed
_TRIES = 3  # readings at which a page is asked for that could not be had
_ROBOTS_KEPT = 86_400.0
_LONGEST_WAIT = 7 * 86_400.0  # that a site may ask for
_MOST_DOUBLED = 4  # times that the wait doubles while a feed cannot be read
_CONDITIONS = {"if-none-match": "etag", "if-modified-since": "last-modified"}
_LINKS = ("url", "link")
_OF_PAGE = ("body", "page_of")
_ACCEPTED = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, "
    "application/json;q=0.9, */*;q=0.5"
)
_TELLING = frozenset(
    (*TITLE, *BODY, *DATE, *AUTHOR, *SECTION, *TAGS, *URL, "updated", "modified", "datemodified")
)

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class FeedOptions:
    """How feeds are read.

    Attributes:
        full_text: Whether the page behind each item is fetched for its text.
        hosts: Hosts besides the feed's own whose pages may be fetched.
        every: Seconds between two readings.
        pause: Seconds between two pages.
    """

    full_text: bool = False
    hosts: tuple[str, ...] = ()
    every: float = EVERY
    pause: float = 1.0


def follow_feeds(feeds: Sequence[Feed], tell: Tell, ended: threading.Event) -> None:
    """Read each feed whenever it is due, until `ended` is set; `tell` takes lines for people."""

    def told(text: str) -> None:
        tell(redacted(text, ()))

    for feed in feeds:
        if feed.due > time.time():
            told(f"{feed.url}: read next on {datetime.fromtimestamp(feed.due):%d %b at %H:%M}")
    while not ended.is_set():
        for feed in feeds:
            if feed.due <= time.time() and not ended.is_set():
                try:
                    feed.read(told, ended)
                except OSError as error:  # what was found cannot be kept
                    told(f"{feed.url}: {describe(error)}")
        soonest = min(feed.due for feed in feeds) - time.time()
        ended.wait(min(max(soonest, 0.05), 60.0))  # a clock may be set


class Feed:
    """One feed: its folder, and what was found at its last reading, kept beside the items."""

    def __init__(self, url: str, folder: Path, options: FeedOptions) -> None:
        """Take up where the last process left off; raises `Refused` for what is no address."""
        name = f"{host_of(url).replace(':', '-')}-{_digest(url)[:8]}"
        self.url, self.options, self.folder = url, options, folder / name
        self._kept = folder / f"{name}.state"  # not among the items, which are watched
        self._robots: dict[str, RobotFileParser] = {}
        self._robots_until = 0.0
        self._state: dict[str, Any] = {"items": {}, "due": 0.0, "failures": 0}
        with suppress(OSError, ValueError):
            self._state |= json.loads(self._kept.read_bytes())
        self._failed = ""

    @property
    def due(self) -> float:
        """When it is to be read next, in seconds since 1970."""
        return float(self._state["due"])

    def read(self, tell: Tell, ended: threading.Event) -> None:
        """Read the feed now; whatever goes wrong is told once, and the next reading set."""
        failed, wait, before = "", self.options.every, self._failed
        if time.time() > self._robots_until:
            self._robots.clear()
            self._robots_until = time.time() + _ROBOTS_KEPT
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with Fetcher(self._robots) as fetcher:
                if told := self._take(fetcher):
                    tell(f"{self.url}: {told}")
                if self.options.full_text:
                    self._fill(fetcher, tell, ended)
            self._state["failures"] = 0
        except Exception as error:  # whatever it was, the other feeds are read
            failed = str(error) if isinstance(error, Refused) else f"{self.url}: {describe(error)}"
            self._state["failures"] += 1
            wait *= 2 ** min(self._state["failures"] - 1, _MOST_DOUBLED)
            wait = max(wait, min(getattr(error, "wait", 0.0), _LONGEST_WAIT))
            self._robots_until = 0.0
        if failed and failed != before:
            tell(f"{failed}; trying again in {_format_wait(wait)}")
        elif before and not failed:
            tell(f"{self.url}: can be read again")
        self._failed, self._state["due"] = failed, time.time() + wait
        self._state |= {
            "url": redacted(self.url, ()),
            "read": time.time(),
            "failed": redacted(failed, ()),
        }
        _write(self._kept, self._state)

    def _take(self, fetcher: Fetcher) -> str:
        """Store what is new or has changed, and mark what was withdrawn; return how many."""
        conditions = {name: self._state[name] for name in _CONDITIONS if self._state.get(name)}
        page = fetcher.get(self.url, _MOST_BYTES, {"accept": _ACCEPTED} | conditions)
        if page.body is None:
            return ""
        found, before = read_items(page.body, page.url), self._state["items"]
        counts = {"new": 0, "changed": 0, "withdrawn": 0}
        tries = {}
        for name, values in found.items():
            told, old = _fingerprint(values), self._record(name)
            if old is None or old.get("told") != told:
                page_before = {each: old[each] for each in _OF_PAGE if each in old} if old else {}
                self._store(name, values | page_before | {"told": told})
                counts["changed" if old else "new"] += 1
            elif old.pop("withdrawn", None):
                self._store(name, old)
                counts["changed"] += 1
            tries[name] = before.get(name, 0) if old and old.get("told") == told else 0
        for name in withdrawn(list(before), found, fresh=counts["new"] > 0):
            if (old := self._record(name)) and "withdrawn" not in old:
                self._store(name, old | {"withdrawn": date.today().isoformat()})
                counts["withdrawn"] += 1
        self._state["items"] = tries
        for condition, header in _CONDITIONS.items():
            self._state[condition] = page.headers.get(header, "")
        return ", ".join(f"{count} {what}" for what, count in counts.items() if count)

    def _fill(self, fetcher: Fetcher, tell: Tell, ended: threading.Event) -> None:
        """Fetch the pages of items whose text is not there yet, a few at a time."""
        asked, problems = 0, []
        for name, tries in self._state["items"].items():
            record = self._record(name)
            if not record or not record.get("url") or tries >= _TRIES:
                continue
            if record.get("page_of") == record.get("told"):
                continue
            if asked == _PAGES or (asked and ended.wait(self.options.pause)):
                break
            asked += 1
            try:
                page = self._page(fetcher, record["url"])
                self._store(name, record | page | {"page_of": record.get("told")})
            except BroadsheetError as error:
                self._state["items"][name] = tries + 1
                problems.append(str(error))
                if getattr(error, "wait", 0.0):
                    break
        if problems:
            more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
            tell(f"no full text: {problems[0]}{more}")

    def _page(self, fetcher: Fetcher, url: str) -> dict[str, Any]:
        """Return the text of the page at an address, and what it states of its authors."""
        hosts = {host_of(self.url), *self.options.hosts}
        if host_of(url) not in hosts:
            raise Refused(f"{url}: another host; name it with --page-host {host_of(url)}")
        body = fetcher.get(url, _MOST_BYTES, {"accept": "text/html"}, hosts).body or b""
        try:
            page = Found(Path(urlsplit(url).path), url, "html")
            article = html.article(body, page, fetched=url)
        except ArticleError as error:
            raise ArticleError(f"{url}: {error.reason}") from error
        text = article.text.removeprefix(f"{article.headline}\n\n")
        stated = article.details._asdict().items()
        return {"body": text} | {name: value for name, value in stated if value}

    def _record(self, name: str) -> dict[str, Any] | None:
        with suppress(OSError, ValueError):
            record: dict[str, Any] = json.loads((self.folder / _item_file(name)).read_bytes())
            return record
        return None

    def _store(self, name: str, values: dict[str, Any]) -> None:
        _write(self.folder / _item_file(name), values | {"id": name})


def _write(path: Path, values: dict[str, Any]) -> None:
    write_whole(path, json.dumps(values, ensure_ascii=False, default=str))


def read_items(raw: bytes, url: str) -> dict[str, dict[str, Any]]:
    """Return the items of a feed (RSS, Atom, JSON Feed) by their ids, in its order.

    Raises:
        ArticleError: it is none of these, or broken.
    """
    found: dict[str, dict[str, Any]] = {}
    raw = raw.removeprefix(BOM_UTF8).lstrip()
    try:
        for values in _items_of_json(raw) if raw.startswith(b"{") else _items_of_xml(raw):
            named = by_name(values)
            if link := next((str(named[name]) for name in _LINKS if named.get(name)), ""):
                values["url"] = urljoin(url, link)
            own = next((str(named[name]) for name in ID if named.get(name)), link)
            found.setdefault(own or _digest(values), values)
            if len(found) == _MOST_ITEMS:
                break
    except ArticleError as error:
        expected = "expected RSS, Atom or JSON Feed"
        raise ArticleError(
            f"this is no feed that can be read ({error.reason}); {expected}"
        ) from error
    return found


def _items_of_xml(raw: bytes) -> Iterator[dict[str, Any]]:
    for _, item in items(io.BytesIO(raw)):
        if isinstance(item, dict):
            yield item
        elif isinstance(item, ArticleError) and "draft" not in item.reason:
            raise item


def _items_of_json(raw: bytes) -> Iterator[dict[str, Any]]:
    try:
        feed = json.loads(decode(raw), strict=False)
    except (ValueError, RecursionError) as error:
        raise ArticleError(f"no feed: {error}") from error
    if not isinstance(feed.get("items"), list):
        raise ArticleError("JSON without items: expected a JSON Feed")
    yield from feed_items(feed, [item for item in feed["items"] if isinstance(item, dict)])


def withdrawn(
    before: Sequence[str], now: dict[str, dict[str, Any]], *, fresh: bool
) -> Collection[str]:
    """Return the items that a feed listed before and has taken out.

    `before` are the ids at the last reading, in their order; `fresh` is whether any item was never
    seen before. Of one that merely made room for new ones, nothing older is left in the feed.
    """
    days = [day for values in now.values() if (day := _day(values))]
    pairs = list(pairwise(days))
    if sum(one < other for one, other in pairs) > sum(one > other for one, other in pairs):
        before = before[::-1]  # it lists the oldest first
    last = max((at for at, name in enumerate(before) if name in now), default=-1)
    gone = [(at, name) for at, name in enumerate(before) if name not in now]
    return [name for at, name in gone if at < last or (last >= 0 and not fresh)]


def _day(values: dict[str, Any]) -> date | None:
    with suppress(ArticleError):
        return day_of(by_name(values)).day
    return None


def _fingerprint(values: dict[str, Any]) -> str:
    """Return a digest of what an item tells people; counts of comments change without it."""
    return _digest({name: one for name, one in by_name(values).items() if name in _TELLING})


def _item_file(name: str) -> str:
    return f"{_digest(name)[:24]}.json"


def _digest(value: Any) -> str:
    written = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(written.encode()).hexdigest()


def _format_wait(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{round(minutes / 60)} h" if minutes >= 120 else f"{minutes} min"
