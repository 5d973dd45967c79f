"""Feeds served on this machine: what comes, changes and is withdrawn, and what a site refuses."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from index import feeds as following
from index import polite
from index.feeds import Feed, FeedOptions, withdrawn
from index.polite import Refused
from index.progress import show_table, status_rows
from index.readers import read_articles
from index.status import index_status
from index.store.snapshot import IndexReader
from index.types import Article, BuildReport
from index.watch import watch_folders
from tests.index.archive import run_build
from tests.loopback import QuietHandler, serving

PAGE = (
    "<html><head><title>{0}</title><meta name='author' content='Ada Pell'></head><body><article>"
    "<h1>{0}</h1><p>The whole story of the {0} takes many more words than a feed has room for.</p>"
    "<p>Nobody at the quay had expected it before noon, said the man who sells tickets.</p>"
    "</article></body></html>"
)


@dataclass
class Site:
    """A site on this machine: what each path answers, and what it was asked."""

    url: str = ""
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def give(self, path: str, body: str = "", status: int = 200, **headers: str) -> str:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[path] = status, named, body.encode()
        return self.url + path

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked if path != "/robots.txt"]


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()

    class Handler(QuietHandler):
        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            site.asked.append((self.path, headers))
            status, named, body = site.answers.get(self.path, (404, {}, b""))
            if named.get("etag") and headers.get("if-none-match") == named["etag"]:
                status, body = 304, b""
            self.send_response(status)
            for name, value in named.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with serving(Handler) as site.url:
        yield site


def rss(*names: str, words: str = "It happened", site: str = "") -> str:
    items = "".join(
        f"<item><guid>{name}</guid><title>Story {name}</title><link>{site}/{name}.html</link>"
        f"<pubDate>{day:02} Mar 2021 06:00:00 GMT</pubDate><author>a@b.example (Ada Pell)</author>"
        f"<description>{words} at {name}.</description></item>"
        for name in names
        for day in [28 - ["new", "a", "b", "c", "d"].index(name)]
    )
    return f"<rss><channel><title>Echo</title>{items}</channel></rss>"


@dataclass
class Reading:
    """A feed whose readings do not wait, and what it told."""

    feed: Feed
    told: list[str] = field(default_factory=list)

    def read(self) -> list[str]:
        before = len(self.told)
        self.feed.read(self.told.append, threading.Event())
        return self.told[before:]

    def articles(self) -> dict[str, Article]:
        found = read_articles([self.feed.folder])
        return {one.id: one for one in found if isinstance(one, Article)}


@pytest.fixture
def reading(site: Site, tmp_path: Path) -> Callable[..., Reading]:
    def make(path: str = "/feed", **options: object) -> Reading:
        chosen = FeedOptions(**{"pause": 0.0} | options)
        return Reading(Feed(site.url + path, tmp_path / "feeds", chosen))

    return make


def test_new_items_arrive_and_changed_ones_replace_theirs(site, reading):
    site.give("/feed", rss("a", "b"))
    one = reading()
    assert one.read() == [f"{site.url}/feed: 2 new"]
    article = one.articles()["a"]
    assert (article.headline, article.source, article.url) == (
        "Story a",
        "Echo",
        f"{site.url}/a.html",
    )
    assert article.details.authors == ("Ada Pell",) and str(article.date) == "2021-03-27"
    site.give("/feed", rss("new", "a", "b", words="It ended"))
    assert one.read() == [f"{site.url}/feed: 1 new, 2 changed"]
    assert {each.text.partition("\n\n")[2] for each in one.articles().values()} == {
        "It ended at new.", "It ended at a.", "It ended at b.",
    }  # fmt: skip
    assert one.read() == []


def test_what_is_taken_out_stays_with_a_mark_until_it_is_back(site, reading):
    site.give("/feed", rss("a", "b", "c", "d"))
    one = reading()
    one.read()
    site.give("/feed", rss("new", "a", "c"))  # d made room
    assert one.read() == [f"{site.url}/feed: 1 new, 1 withdrawn"]
    marked = {name for name, each in one.articles().items() if each.details.withdrawn}
    assert marked == {"b"} and set(one.articles()) == {"new", "a", "b", "c", "d"}
    site.give("/feed", rss("new", "a", "b", "c"))
    one.read()
    assert not any(each.details.withdrawn for each in one.articles().values())


@pytest.mark.parametrize(
    ("before", "now", "fresh", "gone"),
    [
        ("abcd", "abd", False, "c"),
        ("abcd", "nabc", True, ""),
        ("abcd", "abc", False, "d"),
        ("abcd", "nacd", True, "b"),
        ("abcd", "wxyz", True, ""),
        ("abcd", "", False, ""),
        ("", "abcd", True, ""),
    ],
)
def test_an_item_that_made_room_is_not_withdrawn(before, now, fresh, gone):
    listed = {name: {"date": f"2021-03-{28 - at}"} for at, name in enumerate(now)}
    assert "".join(withdrawn(before, listed, fresh=fresh)) == gone


def test_a_feed_that_lists_the_oldest_first():
    listed = {name: {"date": f"2021-03-{at + 10}"} for at, name in enumerate("bcde")}
    assert withdrawn("abcd", listed, fresh=True) == []
    del listed["c"]
    assert withdrawn("abcd", listed, fresh=True) == ["c"]


def test_it_asks_only_for_what_has_changed_also_after_a_restart(site, reading):
    site.give("/feed", rss("a"), etag='"1"', last_modified="Sat, 06 Mar 2021 06:00:00 GMT")
    reading().read()
    again = reading()
    assert again.feed.due > time.time() + 800
    assert again.read() == []
    _, headers = site.asked[-1]
    assert headers["if-none-match"] == '"1"'
    assert headers["if-modified-since"] == "Sat, 06 Mar 2021 06:00:00 GMT"
    assert headers["user-agent"].startswith("Broadsheet")
    assert set(again.articles()) == {"a"}


@pytest.mark.parametrize(
    ("status", "headers", "words", "wait"),
    [
        (403, {}, "does not let this program read it (403)", 900),
        (404, {}, "has nothing there (404)", 900),
        (410, {}, "gone for good: name it no more (410)", 7 * 86_400),
        (429, {"retry_after": "7200"}, "was asked too often (429)", 7200),
        (503, {"retry_after": "60"}, "has an error (503)", 900),
        (500, {"retry_after": "Wed, 21 Oct 2015 07:28:00 GMT"}, "has an error (500)", 900),
        (302, {"location": "http://elsewhere.example/feed"}, "leads to another host", 900),
        (302, {"location": "/feed"}, "more than 5 redirects", 900),
        (200, {}, "this is no feed that can be read", 900),
    ],
)
def test_what_a_site_refuses_is_told_once_and_waited_for(
    site, reading, status, headers, words, wait
):
    site.give("/feed", "<html><body>Sorry</body></html>", status, **headers)
    one = reading()
    (told,) = one.read()
    assert told.startswith(f"{site.url}/feed: ") and words in told
    assert wait - 5 < one.feed.due - time.time() <= wait + 1
    assert one.read() == []
    assert one.feed.due - time.time() > min(1700, wait - 5)  # it asks ever less often
    site.give("/feed", rss("a"))
    assert one.read() == [f"{site.url}/feed: 1 new", f"{site.url}/feed: can be read again"]


def test_what_was_read_stays_while_a_feed_is_broken(site, reading):
    site.give("/feed", rss("a", "b"))
    one = reading()
    one.read()
    site.give("/feed", rss("a", "b")[:-60])
    assert "no feed that can be read" in one.read()[0]
    assert set(one.articles()) == {"a", "b"}
    assert not any(each.details.withdrawn for each in one.articles().values())


def test_a_site_that_does_not_answer(reading, tmp_path):
    one = Reading(Feed("http://127.0.0.1:9/feed", tmp_path, FeedOptions()))
    (told,) = one.read()
    assert told.startswith("http://127.0.0.1:9/feed: ") and "trying again in 15 min" in told


def test_robots_keep_it_away(site, reading):
    site.give("/robots.txt", "User-agent: *\nDisallow: /feed\n")
    site.give("/feed", rss("a"))
    one = reading()
    assert "robots.txt" in one.read()[0]
    assert site.paths() == [] and one.articles() == {}


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_host_that_cannot_say_whom_it_lets_in_is_left_alone(site, reading, status):
    site.give("/robots.txt", status=status, retry_after="7200")
    site.give("/feed", rss("a"))
    one = reading()
    (told,) = one.read()
    assert "robots.txt: the site" in told and f"({status})" in told
    assert "trying again in 2 h" in told
    assert site.paths() == [] and one.articles() == {}


@pytest.mark.parametrize("status", [301, 403, 404, 410])
def test_a_host_without_robots_lets_everybody_in(site, reading, status):
    site.give("/robots.txt", status=status, location="http://127.0.0.2/robots.txt")
    site.give("/feed", rss("a"))
    one = reading()
    one.read()
    assert one.articles()


def test_redirects_within_the_host_are_followed(site, reading):
    site.give("/feed", status=301, location="/new/feed")
    site.give("/new/feed", rss("a"))
    one = reading()
    one.read()
    assert set(one.articles()) == {"a"}


def test_size_and_time_are_bounded(site, reading, monkeypatch):
    site.give("/feed", rss("a") + " " * 3_000_000)
    monkeypatch.setattr(following, "_MOST_BYTES", 1_000_000)
    assert "larger than 1 MB" in reading().read()[0]
    monkeypatch.setattr(following, "_MOST_BYTES", 10_000_000)
    monkeypatch.setattr(polite, "_SECONDS", 0.0)
    assert "not read to its end" in reading().read()[0]


@pytest.mark.parametrize(
    "url", ["feed.xml", "ftp://a.example/feed", "file:///etc/passwd", "https:"]
)
def test_what_is_no_address_is_refused(tmp_path, url):
    with pytest.raises(Refused, match="expected an address"):
        Feed(url, tmp_path, FeedOptions())


def test_json_feeds_and_atom(site, reading):
    entry = (
        "<entry><id>tag:1</id><title>Ferry</title><link href='/f.html'/><summary>Full.</summary>"
    )
    site.give("/atom", f"<feed xmlns='http://www.w3.org/2005/Atom'>{entry}</entry></feed>")
    items = [
        "odd",
        {"id": 7, "url": "/s.html", "title": "Mill", "content_text": "Sold.", "tags": ["trade"]},
    ]
    site.give(
        "/json",
        "\ufeff" + json.dumps({"title": "Echo", "authors": [{"name": "Jo"}], "items": items}),
    )
    atom, feed = reading("/atom"), reading("/json")
    assert atom.read() + feed.read() == [f"{site.url}/atom: 1 new", f"{site.url}/json: 1 new"]
    assert atom.articles()["tag:1"].url == f"{site.url}/f.html"
    article = feed.articles()["7"]
    assert (article.source, article.url) == ("Echo", f"{site.url}/s.html")
    assert (article.details.authors, article.details.tags) == (("Jo",), ("trade",))


def test_pages_are_fetched_only_where_that_is_wished(site, reading):
    site.give("/feed", rss("a", "b", site=site.url), etag='"1"')
    for name in "ab":
        site.give(f"/{name}.html", PAGE.format(f"Story {name}"), content_type="text/html")
    reading().read()
    assert site.paths() == ["/feed"]
    full = reading(full_text=True)
    full.read()
    assert site.paths() == ["/feed", "/feed", "/a.html", "/b.html"]
    text = full.articles()["a"].text
    assert text.startswith("Story a\n\nThe whole story of the Story a") and "at a." not in text
    full.read()
    assert site.paths()[4:] == ["/feed"], "a page is fetched once"
    site.give("/feed", rss("a", "b", words="It ended", site=site.url))
    site.give("/a.html", status=500)
    told = full.read()
    assert f"no full text: {site.url}/a.html: the site has an error (500)" in told
    assert "whole story" in full.articles()["a"].text, "what was read stays"
    for _ in range(4):
        full.read()
    assert site.paths().count("/a.html") == 4, "a page that fails is asked for three times"


def test_pages_of_another_host_only_where_it_is_named(site, reading, tmp_path):
    other = site.url.replace("127.0.0.1", "localhost")
    site.give("/feed", rss("a", site=other))
    site.give("/a.html", PAGE.format("Story a"), content_type="text/html")
    host = other.removeprefix("http://")
    assert f"another host; name it with --page-host {host}" in reading(full_text=True).read()[1]
    assert "/a.html" not in site.paths()
    named = reading(full_text=True, hosts=(host,))
    named.read()
    assert "whole story" in named.articles()["a"].text


@pytest.mark.slow
def test_a_watch_takes_in_what_a_feed_brings(site, settings, hashed):
    site.give("/feed", rss("a", "b", "c"))
    feed = Feed(f"{site.url}/feed", settings.feeds_dir, FeedOptions(every=0.3))
    events = watch_folders([], settings, hashed, [feed])
    deadline = time.monotonic() + 60

    def live() -> dict[str, Article]:
        for event in events:
            assert time.monotonic() < deadline, "it did not come within a minute"
            if isinstance(event, BuildReport) and event.touched:
                with IndexReader(settings).snapshot() as snapshot:
                    found = {name: snapshot.article(name) for name in ("a", "b", "c", "new")}
                return {name: one for name, one in found.items() if one}
        pytest.fail("it ended")

    assert set(live()) == {"a", "b", "c"}
    site.give("/feed", rss("new", "a", "c", words="It ended"))
    articles = live()
    assert "It ended at a." in articles["a"].text and "new" in articles
    assert articles["b"].details.withdrawn and not articles["c"].details.withdrawn
    events.close()
    asked = len(site.asked)
    time.sleep(1)
    assert len(site.asked) <= asked + 1, "it ends with the watch"


def test_what_is_told_shows_no_password(site, tmp_path):
    url = site.url.replace("://", "://ada:secret@") + "/gone"
    ended, told = threading.Event(), []

    def tell(text: str) -> None:
        told.append(text)
        ended.set()

    following.follow_feeds([Feed(url, tmp_path, FeedOptions())], tell, ended)
    assert "has nothing there (404)" in told[0] and "secret" not in told[0]
    assert site.asked[-1][1]["authorization"].startswith("Basic ")
    ended.clear()
    following.follow_feeds([Feed(url, tmp_path, FeedOptions())], tell, ended)
    assert "read next on" in told[1] and "secret" not in told[1]
    assert len(site.paths()) == 1


def test_status_names_each_feed_with_its_last_reading_and_error(
    site, settings, hashed, tmp_path, capsys
):
    site.give("/feed", rss("a"))
    options = FeedOptions(pause=0.0)
    good = Feed(f"{site.url}/feed", settings.feeds_dir, options)
    gone = Feed(site.url.replace("://", "://ada:secret@") + "/gone", settings.feeds_dir, options)
    for feed in (good, gone):
        feed.read(lambda _: None, threading.Event())
    Feed(f"{site.url}/never", settings.feeds_dir, options)
    run_build(settings, hashed, good.folder)
    found = {one.url.rpartition("/")[2]: one for one in index_status(settings).feeds}
    assert set(found) == {"feed", "gone"}
    assert abs(time.time() - found["feed"].read.timestamp()) < 60
    assert found["feed"].failed == "" and "has nothing there (404)" in found["gone"].failed
    show_table(status_rows(index_status(settings)))
    shown = capsys.readouterr().out
    assert f"feed: {site.url}/feed, read {found['feed'].read:%Y-%m-%d %H:%M}\n" in shown
    assert "/gone, read" in shown and "has nothing there (404)" in shown and "secret" not in shown
    site.give("/gone", rss("b"))
    gone.read(lambda _: None, threading.Event())
    assert [one.failed for one in index_status(settings).feeds] == ["", ""]
