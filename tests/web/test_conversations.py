"""Conversations as a browser keeps them, and the key under which it does."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from datetime import date

import pytest

from index.errors import BroadsheetError
from rag.types import Question
from tests.web.fake_pipeline import ARTICLES, HOSTILE, FakePipeline
from tests.web.test_markup import inert
from web.chat import views
from web.chat.answering import stream_exchanges
from web.chat.exchange import Exchange, QuoteChange, check_quotes
from web.conversations import (
    LONGEST_TITLE,
    Listed,
    browser_key,
    change,
    conversation_list,
    readable,
    restore,
    show_list,
    title,
)

ID = "0123456789abcdef" * 2


def answered(text: str, **bounds) -> Exchange:
    question = Question(text, **bounds)
    *_, (exchange, _) = stream_exchanges(FakePipeline(0), Exchange(question), None)
    return exchange


def kept(*exchanges: Exchange) -> str:
    """A conversation as the browser sends it back."""
    every = [json.loads(change(exchanges[: n + 1]))["exchange"] for n in range(len(exchanges))]
    return json.dumps(every)


def test_an_old_conversation_looks_as_it_did() -> None:
    first = answered("evil?", date_from=date(2023, 6, 1), sources=("Wire",))
    every = (first, answered("Something absent?"), answered("bare"))
    assert views.conversation(restore(kept(*every))) == views.conversation(every)


def test_follow_ups_know_what_was_said() -> None:
    _, second = restore(kept(answered("Where?"), answered("absent?")))
    assert [turn.question for turn in second.question.history] == ["Where?"]


def test_no_article_is_kept_but_its_quotes() -> None:
    text = kept(answered("Where?"))
    assert "It was his first visit." in text
    assert "lowering expectations" not in text


def test_only_a_finished_answer_is_kept() -> None:
    assert change(()) == ""
    assert change((Exchange(Question("Q?"), draft="Half"),)) == ""
    assert change((Exchange(Question("Q?"), error="No."),)) == ""
    assert change((answered("Where?\ud800"),)) == ""
    first = answered("Where?")
    told = json.loads(change((first, answered("And when?"))))
    assert (told["id"], told["title"]) == (first.id, "Where?")
    assert told["exchange"]["question"] == "And when?"


def test_a_question_that_was_stopped_is_kept_as_it_is_shown() -> None:
    found = answered("Where?").evidence
    asked = Question("Q?", sources=("Wire",))
    stopped = Exchange(asked, found, draft=f"Half {HOSTILE}", stopped=True)
    before, after = restore(kept(stopped, answered("Where?")))
    assert views.conversation((before,)) == views.conversation((stopped,))
    inert(views.conversation((before,)))
    assert before.question.sources == ("Wire",)
    assert after.question.history == (), "what was not answered is nothing to refer to"


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", "{", "7", '{"exchanges": 7}', "[7, null, {}]", "\ud800"],
)
def test_what_cannot_be_read_is_nothing(text: str) -> None:
    assert restore(text) == ()
    assert readable(Listed, text) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", "../x"),
        ("outcome", "believed"),
        ("citations", [{"quote": "x"}]),
        ("date_from", "soon"),
        ("answer", None),
        ("timings", {"total": "long"}),
        ("question", "x" * 60_000),
    ],
)
def test_an_unreadable_answer_is_left_out_and_the_others_stay(name: str, value: object) -> None:
    conversation = json.loads(kept(answered("Where?"), answered("And when?")))
    conversation[0][name] = value
    (only,) = restore(json.dumps(conversation))
    assert only.question.text == "And when?"


def test_positions_that_name_nothing_are_drawn_without_marks() -> None:
    conversation = json.loads(kept(answered("conflict?")))
    conversation[0]["citations"] = []
    (only,) = restore(json.dumps(conversation))
    assert 'class="mark"' not in views.conversation((only,))


def test_a_title_is_one_line_shortened_at_a_word() -> None:
    assert title("  Who\nmet? ") == "Who met?"
    assert title("word " * 40).endswith("word…")
    assert len(title("word " * 40)) <= LONGEST_TITLE
    assert len(title("x" * 500)) == LONGEST_TITLE


def test_quotes_that_stand_no_more_are_told_where_they_are_quoted(monkeypatch) -> None:
    old = answered("conflict?")
    assert check_quotes(old, ARTICLES.get).quote_changes == {}
    talks = ARTICLES["2023/talks.txt"]
    moved = replace(talks, text="New first line.\n" + talks.text)
    monkeypatch.setitem(ARTICLES, talks.id, moved)
    assert check_quotes(old, ARTICLES.get).quote_changes == {}
    monkeypatch.setitem(ARTICLES, talks.id, replace(talks, text="Rewritten."))
    monkeypatch.delitem(ARTICLES, "2023/blinken.txt")
    became = check_quotes(old, ARTICLES.get)
    assert became.quote_changes["cite", 0] is QuoteChange.GONE
    assert became.quote_changes["cite", 1] is QuoteChange.CHANGED
    shown = views.conversation((became,))
    assert '<p class="since">[1] This article is no longer in the archive.</p>' in shown
    assert '<p class="since">[2] The article has changed: this' in shown
    assert shown.count('<span class="since">') == 1 + 2 + 3  # marks of text, table and sources


def test_a_long_past_is_shown_in_part() -> None:
    past = [answered(f"Question {number}?") for number in range(35)]
    recent = views.conversation(past)
    assert recent.count('class="exchange"') == views.RECENT
    assert 'data-number="5">Show 20 earlier questions</button>' in recent
    assert 'data-number="0">Show 5 earlier questions</button>' in views.conversation(past, 5)
    whole = views.conversation(past, 0)
    assert whole.count('class="exchange"') == 35
    assert "earlier" not in whole


def test_the_list_is_escaped_and_marks_what_is_open() -> None:
    rows = [Listed(id=ID, title=HOSTILE, day=date(2023, 6, 18))]
    shown = conversation_list(rows, ID, narrowed=False)
    assert "<img" not in shown
    assert "<script" not in shown
    assert shown.count("aria-current") == 1
    assert "18 Jun 2023" in shown
    assert "aria-current" not in conversation_list(rows, "", narrowed=False)


def test_a_list_from_a_browser_is_checked() -> None:
    good = {"id": ID, "title": "Talks", "day": "2023-06-18"}
    bad = [{**good, "id": '"><script>'}, {**good, "day": 7.5}, {"id": ID}, "x"]
    shown = show_list(json.dumps([*bad, good]), None, ())
    assert shown.count("<li ") == 1
    assert "onversation" not in show_list("", None, ())
    assert "No conversation has these words" in show_list("[]", "x", ())


def test_the_key_is_made_once_for_its_owner_alone(tmp_path) -> None:
    key = browser_key(tmp_path / "data")
    assert browser_key(tmp_path / "data") == key
    (file,) = (tmp_path / "data").iterdir()
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert browser_key(tmp_path / "other") != key
    for text in ("", "{", "[]", '{"name": "x", "secret": 7}'):
        file.write_text(text, encoding="utf-8")
        assert browser_key(tmp_path / "data").secret != key.secret


def test_a_key_that_cannot_be_kept_is_told(tmp_path) -> None:
    (tmp_path / "data").write_text("a file", encoding="utf-8")
    with pytest.raises(BroadsheetError, match="data"):
        browser_key(tmp_path / "data")
