"""Authors, section, tags and language: read, stored, and searched by."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import asdict

import pytest

from index.preview import preview_build
from index.progress import report_rows, status_rows
from index.readers import read_articles
from index.settings import Settings
from index.status import index_status
from index.store.catalogue import Wanted
from index.store.database import database_path
from index.store.snapshot import IndexReader
from index.types import DAMAGED, Article, Bounds, Details, split_limits
from rag.payloads import article_json
from tests.index.archive import found, run_build, write

TEXT = "The ferry to Ostrey was full before noon. Nobody was left on the quay."
PELL = Details(("Ada Pell", "Jo Marsh"), "Local", ("ferries", "Ostrey"), "en")
FILES = {
    "record.jsonl": json.dumps(
        {
            "title": "Ferry full",
            "text": TEXT,
            "authors": ["Ada Pell", "https://social.example/ada", "Jo Marsh"],
            "sectionName": "Local",
            "tags": [{"name": "ferries"}, {"name": "Ostrey"}, 14],
            "language": "en",
        }
    ),
    "byline.json": json.dumps(
        {
            "headline": {"main": "Ferry full"},
            "text": TEXT,
            "byline": {"original": "By Ada Pell and Jo Marsh"},
            "category": "Local",
            "keywords": [{"name": "subject", "value": "ferries"}, {"value": "Ostrey"}],
            "inLanguage": "en",
        }
    ),
    "table.csv": "title,text,authors,section,tags,lang\n"
    f"Ferry full,{TEXT},\"['Ada Pell', 'Jo Marsh']\",Local,ferries;Ostrey,en\n",
    "front.md": "---\ntitle: Ferry full\nauthors: [Ada Pell, Jo Marsh]\nsection: Local\n"
    f"tags:\n  - ferries\n  - Ostrey\nlang: en\n---\n{TEXT}\n",
    "lines.md": "Title: Ferry full\nAuthor: Ada Pell, Jo Marsh\nCategory: Local\n"
    f"Tags: ferries, Ostrey\nLang: en\n\n{TEXT}\n",
    "rss.xml": '<rss xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Echo</title>'
    "<language>en</language><item><title>Ferry full</title><dc:creator>Ada Pell</dc:creator>"
    "<dc:creator>Jo Marsh</dc:creator><section>Local</section><category>ferries</category>"
    f"<category>Ostrey</category><description>{TEXT}</description></item></channel></rss>",
    "atom.atom": '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><title>Echo</title>'
    "<entry><title>Ferry full</title><author><name>Ada Pell</name><email>a@e.example</email>"
    '</author><author><name>Jo Marsh</name></author><section>Local</section>'
    '<category term="ferries"/><category term="Ostrey"/>'
    f"<content>{TEXT}</content></entry></feed>",
    "agency.xml": '<newsItem xmlns="http://iptc.org/std/nar/2006-10-01/" guid="urn:1">'
    '<contentMeta><headline>Ferry full</headline><creator><name>Ada Pell</name></creator>'
    '<creator><name>Jo Marsh</name></creator><language tag="en"/><keyword>ferries</keyword>'
    "<keyword>Ostrey</keyword></contentMeta><contentSet><inlineXML>"
    f"<p>{TEXT}</p></inlineXML></contentSet></newsItem>",
    "nitf.xml": '<nitf xml:lang="en"><head><docdata><key-list><keyword key="ferries"/>'
    '<keyword key="Ostrey"/></key-list></docdata><pubdata position.section="Local"/></head>'
    "<body><body.head><hedline><hl1>Ferry full</hl1></hedline><byline>By <person>Ada Pell"
    "</person> and <person>Jo Marsh</person></byline></body.head><body.content>"
    f"<p>{TEXT}</p></body.content></body></nitf>",
    "linked.html": '<html lang="en"><head><title>Ferry full</title>'
    '<script type="application/ld+json">{"@type": "NewsArticle", "author": [{"@type": "Person",'
    '"name": "Ada Pell"}, {"name": "Jo Marsh"}], "articleSection": "Local",'
    '"keywords": "ferries, Ostrey"}</script></head>'
    f"<body><article><h1>Ferry full</h1><p>{TEXT}</p><p>{TEXT}</p></article></body></html>",
    "linked-address.html": '<html lang="en"><head><title>Ferry full</title>'
    '<meta property="article:author" content="https://social.example/ada">'
    '<meta property="article:section" content="Local">'
    '<meta name="keywords" content="ferries, Ostrey"></head>'
    '<body><a rel="author" href="/ada">Ada Pell</a> and <a rel="author" href="/jo">Jo Marsh</a>'
    f"<article><h1>Ferry full</h1><p>{TEXT}</p><p>{TEXT}</p></article></body></html>",
    "meta.html": '<html lang="en"><head><title>Ferry full</title>'
    '<meta name="author" content="Ada Pell; Jo Marsh">'
    '<meta property="article:section" content="Local">'
    '<meta property="article:tag" content="ferries">'
    '<meta property="article:tag" content="Ostrey"></head>'
    f"<body><article><h1>Ferry full</h1><p>{TEXT}</p><p>{TEXT}</p></article></body></html>",
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_what_a_file_states_of_its_article_is_kept(tmp_path, name):
    (article,) = read_articles([write(tmp_path, {name: FILES[name]})])
    assert isinstance(article, Article)
    expected = PELL._replace(section=None) if name == "agency.xml" else PELL
    assert article.details == expected


@pytest.mark.parametrize(
    ("author", "names"),
    [
        ("Pell, Ada", ("Pell, Ada",)),
        ("jo@echo.example (Jo Marsh)", ("Jo Marsh",)),
        ("by Ada Pell, Jo Marsh & Kit Orr", ("Ada Pell", "Jo Marsh", "Kit Orr")),
        ("https://social.example/ada", ()),
        (5, ()),
        (None, ()),
        ("x" * 500, ()),
        ("[[Ada Pell]]", ("Ada Pell",)),
    ],
)
def test_odd_authors(tmp_path, author, names):
    record = json.dumps({"title": "T", "text": TEXT, "author": author})
    (article,) = read_articles([write(tmp_path, {"a.json": record})])
    assert article.details.authors == names


def _page(head: str) -> str:
    return (
        "<html><head><title>Ferry full</title>"
        f"<meta property='article:published_time' content='2021-03-05T09:00:00Z'>{head}</head>"
        f"<body><article><h1>Ferry full</h1><p>{TEXT}</p><p>{TEXT}</p></article></body></html>"
    )


def _atom(dates: str) -> str:
    return (
        "<feed xmlns='http://www.w3.org/2005/Atom'><title>Echo</title><entry><title>Ferry full"
        f"</title>{dates}<content>{TEXT}</content></entry></feed>"
    )


LATER = "2021-04-07"
KEPT_UP = {
    "meta.html": _page(f"<meta property='article:modified_time' content='{LATER}T07:00:00Z'>"),
    "linked.html": _page(
        "<script type='application/ld+json'>{'@type': 'NewsArticle', 'datePublished': "
        "'2021-03-05', 'dateModified': '2021-04-07T07:00:00+01:00'}</script>".replace("'", '"')
    ),
    "item.html": _page(f"<meta itemprop='dateModified' content='{LATER}'>"),
    "wordpress.json": json.dumps(
        {
            "date": "2021-03-05T09:00:00",
            "modified": f"{LATER}T07:00:00",
            "title": {"rendered": "Ferry full"},
            "content": {"rendered": f"<p>{TEXT}</p>"},
        }
    ),
    "ghost.json": json.dumps(
        {
            "published_at": "2021-03-05T09:00:00.000Z",
            "updated_at": f"{LATER}T07:00:00.000Z",
            "title": "Ferry full",
            "html": f"<p>{TEXT}</p>",
        }
    ),
    "front.md": f"---\ntitle: Ferry full\ndate: 2021-03-05\nlastmod: {LATER}\n---\n{TEXT}\n",
    "atom.atom": _atom(
        f"<published>2021-03-05T09:00:00Z</published><updated>{LATER}T07:00:00Z</updated>"
    ),
}


@pytest.mark.parametrize("name", KEPT_UP)
def test_the_day_of_a_later_change_stands_beside_the_first(tmp_path, name):
    (article,) = read_articles([write(tmp_path, {name: KEPT_UP[name]})])
    assert (str(article.date), article.details.modified) == ("2021-03-05", LATER)


@pytest.mark.parametrize("modified", ["2021-03-05", "2020-01-01", "never", "0000-00-00", 0, None])
def test_what_is_no_later_change_is_not_kept(tmp_path, modified):
    record = {"title": "T", "text": TEXT, "date": "2021-03-05", "modified": modified}
    (article,) = read_articles([write(tmp_path, {"a.json": json.dumps(record)})])
    assert (str(article.date), article.details.modified) == ("2021-03-05", None)


def test_a_day_of_change_is_never_the_day_of_an_article(tmp_path):
    record = {"title": "T", "text": TEXT, "updated_at": LATER}
    (article,) = read_articles([write(tmp_path, {"a.json": json.dumps(record)})])
    assert (article.date, article.details.modified) == (None, LATER)


def test_damaged_bytes_are_told_in_every_place(settings, hashed, tmp_path):
    (tmp_path / "news").mkdir()
    page = _page("<meta charset='utf-8'>").encode()
    (tmp_path / "news/page.html").write_bytes(page.replace(b"before noon", b"bef\xffore noon"))
    (tmp_path / "news/whole.txt").write_text("date 2021-03-05 Ferry full.\n\n" + TEXT)
    report = run_build(settings, hashed, tmp_path / "news")
    assert report.skipped == () and report.notes == {DAMAGED: 1}
    assert ("noted", f"1 {DAMAGED}") in report_rows(report)
    found = index_status(settings)
    assert ("noted", f"1 {DAMAGED}") in status_rows(found)
    assert asdict(found)["notes"] == {DAMAGED: 1}
    with IndexReader(settings).snapshot() as snapshot:
        stated = {name: snapshot.article(name) for name in ("page.html", "whole.txt")}
    assert article_json(stated["page.html"])["notes"] == [DAMAGED]
    assert "bef\ufffdore noon" in stated["page.html"].text
    assert stated["whole.txt"].details.notes == ()


RECORDS = "\n".join(
    json.dumps({"id": name, "title": f"Rain {name}", "body": "It rained.", **fields})
    for name, fields in {
        "a": {"author": "Ada Pell", "section": "Local", "language": "en-GB", "source": "Echo"},
        "b": {"author": "Ada Pellow", "section": "World", "tags": ["Weather", "rain, heavy"]},
        "c": {"authors": ["Jo Marsh", "Kit Pell"], "section": "World", "language": "de"},
        "d": {},
    }.items()
)


@pytest.fixture
def reader(settings, hashed, tmp_path) -> IndexReader:
    run_build(settings, hashed, write(tmp_path / "feed", {"rain.jsonl": RECORDS}))
    return IndexReader(settings)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        (("author:pell",), {"a", "c"}),
        (("author:Ada Pell",), {"a"}),
        (("Author: ada  pell",), {"a"}),
        (("author:pell", "section:World"), {"c"}),
        (("section:World", "section:local"), {"a", "b", "c"}),
        (("tag:weather",), {"b"}),
        (("language:en",), {"a"}),
        (("source:echo",), {"a"}),
        (("Echo", "author:pell"), {"a"}),
        (("author:nobody",), set()),
        (("author:?",), set()),
    ],
)
def test_limits_hold_in_every_search_and_list(reader, hashed, limits, expected):
    dense, lexical = found(reader, hashed, "rain", Bounds(sources=limits))
    assert set(dense) == set(lexical) == expected
    words = " ".join(
        f"{one.replace(': ', ':').replace(':', ':“')}”" for one in limits if ":" in one
    )
    if "Echo" not in limits:
        with reader.snapshot() as snapshot:
            page = snapshot.catalogue().page(Wanted(f"rain {words}"), 10)
        assert {one.article_id for one in page.articles} == expected
        assert page.total == len(expected)


def test_a_rare_author_is_found_among_many(settings, hashed, tmp_path):
    rows = [
        {"id": f"n{n}", "title": "Rain again", "body": f"It rained on day {n}.", "author": "Jo M."}
        for n in range(300)
    ]
    rows.append({"id": "one", "title": "Bread", "body": "Flour and yeast.", "author": "Ada Pell"})
    text = "\n".join(map(json.dumps, rows))
    run_build(settings, hashed, write(tmp_path / "feed", {"rain.jsonl": text}))
    with IndexReader(settings).snapshot() as snapshot:
        vector = hashed.embed_query("rain again")
        hits = snapshot.dense(vector, 5, Bounds(sources=("author:pell",)))
        known = snapshot.passages([hit.key for hit in hits])
    assert [one.passage.article_id for one in known.values()] == ["one"]


def test_limits_are_taken_out_of_a_text():
    asked = 'What did author:"Ada Pell" say of section:World, and tag:“high water”?'
    text, limits = split_limits(asked)
    assert text == "What did say of , and ?"
    assert limits == ("author:Ada Pell", "section:World", "tag:high water")
    plain = "Who is the author: Pell or Marsh?\nAnd  why?"
    assert split_limits(plain) == (plain, ())


def _made_before(settings: Settings) -> None:
    """Make of an index what the version before wrote."""
    with closing(sqlite3.connect(database_path(settings.index_dir))) as sql:
        for table in ("articles", "staged"):
            sql.execute(f"ALTER TABLE {table} DROP COLUMN details")
        sql.commit()


def test_an_index_of_before_is_served_and_filled_without_embedding(settings, hashed, tmp_path):
    folder = write(tmp_path / "feed", {"rain.jsonl": RECORDS})
    run_build(settings, hashed, folder)
    _made_before(settings)
    reader = IndexReader(settings)
    with reader.snapshot() as snapshot:
        article = snapshot.article("a")
        assert article and article.headline == "Rain a" and not any(article.details)
    assert set(found(reader, hashed, "rain")[0]) == {"a", "b", "c", "d"}
    assert preview_build([folder], settings).changed == ("a", "b", "c")
    report = run_build(settings, hashed, folder)
    assert (report.changed, report.unchanged, report.embedded) == (3, 1, 0)
    with reader.snapshot() as snapshot:
        assert snapshot.article("a").details.authors == ("Ada Pell",)
    assert run_build(settings, hashed, folder).touched == 0


def test_a_text_embedded_again_keeps_its_author(settings, hashed, tmp_path):
    folder = write(tmp_path / "feed", {"rain.jsonl": RECORDS})
    run_build(settings, hashed, folder)
    shutil.rmtree(folder)
    assert run_build(settings, hashed, again=True).embedded > 0
    with IndexReader(settings).snapshot() as snapshot:
        assert snapshot.article("c").details.authors == ("Jo Marsh", "Kit Pell")


def test_another_author_is_a_change_that_can_be_undone(settings, hashed, tmp_path):
    from index.upkeep import roll_back

    folder = write(tmp_path / "feed", {"rain.jsonl": RECORDS})
    run_build(settings, hashed, folder)
    write(folder, {"rain.jsonl": RECORDS.replace("Jo Marsh", "Joanna Marsh")})
    report = run_build(settings, hashed, folder)
    assert (report.changed, report.embedded) == (1, 0)
    roll_back(settings)
    with IndexReader(settings).snapshot() as snapshot:
        assert snapshot.article("c").details.authors == ("Jo Marsh", "Kit Pell")
