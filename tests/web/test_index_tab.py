"""Previews, builds and the state of the index as markup."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import get_args

import pytest

from index.preview import Preview
from index.status import FeedState, Status
from index.store.history import BuildRecord, Command
from index.types import BuildEvent, BuildReport, Skipped, Stage
from tests.web.test_markup import HOSTILE, inert
from web.uploads.store import Step
from web.uploads.tab import views

NOTHING = Preview((), (), (), (), (), 0, (), ())
TAGS = "table caption thead tbody tr th td details summary ul li div span b"


def record(**said: object) -> BuildRecord:
    values = dict.fromkeys(("added", "changed", "moved", "removed", "unchanged", "skipped"), 0)
    values |= {"command": "build", "paths": ("/news",), "generation": 1, "error": ""} | said
    return BuildRecord(datetime(2023, 6, 18, 9, 30), 65.2, **values)


def state(*builds: BuildRecord) -> Status:
    values = dict.fromkeys(("generation", "articles", "passages", "undated", "collections"), 1)
    values |= dict.fromkeys(("earlier", "identical", "alike", "alike_groups"), 0)
    values |= dict.fromkeys(("made", "first", "last"), None)
    values |= dict.fromkeys(("undated_names", "sources", "skipped"), ())
    return Status("/i", bytes=9, recipe_current=True, remedy="", builds=builds, **values)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_name_and_no_reason_becomes_markup(text: str) -> None:
    names = (text,)
    said = Preview(names, names, names, names, names, 0, ((text, text),), (Skipped(text, text),))
    said = replace(said, heads={text: (text, None)})
    seen = inert(views.preview(said), TAGS, "role open")
    assert seen.tags.count("li") == 6
    builds = (record(paths=(text, text)), record(error=text))
    counted = replace(state(*builds), kinds={text: 2}, notes={text: 1})
    inert(views.status(counted, "/brought"), TAGS, "scope")
    inert(views.report(BuildReport(1, skipped=(Skipped(text, text),))), TAGS, "role")


def test_a_preview_names_what_it_would_do() -> None:
    said = Preview(("a.txt", "b.txt"), (), (), ("1",), (), 0, (("b.txt", "old.txt"),), ())
    markup = views.preview(said)
    assert "If you add these files:" in markup
    assert "<summary>2 new</summary>" in markup
    assert "b.txt <span>duplicate of old.txt</span>" in markup
    assert "<summary>1 no longer in their file: removed</summary>" in markup


def test_kinds_that_are_not_read_are_told_with_their_counts() -> None:
    markup = views.status(replace(state(), kinds={".png": 1200, "hidden": 1}), "/brought")
    assert "1,200 .png, 1 hidden" in markup
    assert "not read" not in views.status(state(), "/brought")


def test_a_preview_of_nothing_says_why() -> None:
    same = Preview((), (), (), (), ("a.txt",), 0, (), ())
    assert "Nothing in these files is new." in views.preview(same)
    unread = Preview((), (), (), (), (), 0, (), (Skipped("a.txt", "empty"),))
    assert "No article can be read." in views.preview(unread)


def test_long_lists_are_closed_and_cut() -> None:
    names = tuple(f"{n}.txt" for n in range(60))
    markup = views.preview(Preview(names, (), (), (), (), 0, (), ()))
    assert "open" not in markup
    assert "<li>and 10 more</li>" in markup


def test_progress_tells_the_time_left() -> None:
    step = Step(BuildEvent(Stage.EMBEDDING, 500, 2225), 41.4)
    markup = views.progress(step.event, step.left)
    assert "Preparing the search by meaning: 500 of 2,225, 41 s left" in markup
    for left in (None, 0.2):
        assert "left" not in views.progress(BuildEvent(Stage.EMBEDDING, 0, 2225), left)


def test_the_last_builds_stand_in_a_table() -> None:
    builds = (
        record(paths=("/data/uploads",), added=3, skipped=1),
        record(error="no memory"),
        record(command="remove", paths=(), error="stopped"),
        record(),
    )
    markup = views.status(state(*builds), "/data/uploads")
    first = '<td dir="auto">18 Jun 2023, 09:30</td>'
    assert f'{first}<td dir="auto">Update from files brought here</td>' in markup
    assert '<td dir="auto">3 added, 1 left out</td><td dir="auto">1 min 5 s</td>' in markup
    assert '<td dir="auto">failed: no memory</td>' in markup
    assert '<td dir="auto">stopped</td>' in markup
    assert "no article changed" not in markup
    many = views.status(state(*[record(added=1)] * 12), "/data/uploads")
    assert many.count("Update from news") == 10
    idle = views.status(state(replace(record(), seconds=0.01), record()), "/data/uploads")
    assert idle.count('<td dir="auto">no article changed</td><td dir="auto"></td>') == 1


def test_no_path_of_the_server_is_shown() -> None:
    failed = record(paths=("/srv/data/news",), error="/srv/data/news/a.txt: no memory")
    markup = views.status(state(failed), "/brought")
    assert "failed: news/a.txt: no memory" in markup
    assert "/srv" not in markup


def test_the_feeds_that_are_followed_are_told_with_their_errors() -> None:
    when = datetime(2023, 6, 18, 9, 30)
    feeds = (
        FeedState("https://news.example/rss", when, ""),
        FeedState("https://old.example/rss", when, "404 Not Found"),
    )
    markup = views.status(replace(state(), feeds=feeds), "/brought")
    assert '18 Jun 2023, 09:30</td><td dir="auto">https://news.example/rss</td>' in markup
    assert '<td dir="auto">failed: 404 Not Found</td>' in markup
    assert "Feeds" not in views.status(state(), "/brought")


def test_a_preview_shows_headline_and_day_beside_the_name() -> None:
    heads = {"a.txt": ("Rain falls", date(2023, 6, 18)), "b.txt": ("Snow", None)}
    markup = views.preview(replace(NOTHING, added=("a.txt", "b.txt"), heads=heads))
    assert "Rain falls</b> · <time>18 June 2023</time>" in markup
    assert "Snow</b> · <b>no day found</b>" in markup
    assert "No day was found for 1 article: " in markup


def test_every_change_of_an_index_has_a_name() -> None:
    for command in get_args(Command):
        views.status(state(record(command=command)), "/data/uploads")
    piped = views.status(state(record(command="add", paths=("/news", "stdin"))), "")
    assert '<td dir="auto">Add news, standard input</td>' in piped
    back = views.status(state(record(command="rollback", paths=(), added=2)), "")
    assert '<td dir="auto">Undo of the last update</td><td dir="auto">2 added</td>' in back
