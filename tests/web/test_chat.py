"""The steps of asking on the page, without a browser."""

from __future__ import annotations

from types import SimpleNamespace

import gradio as gr
import pytest

from rag.types import Question
from web.chat.answering import Chat
from web.chat.exchange import Exchange
from web.page.build import build_page


def test_a_question_that_still_waits_ends_with_the_next():
    begin = Chat(None, None, max_question=200).begin
    request = SimpleNamespace(session_hash="me")
    waiting = Exchange(Question("Who met Qin Gang?"))
    failed = Exchange(Question("Who won?"), error="It failed.")
    asked, past, now, *_ = begin((failed, waiting), "Who lost?", "", "", "", [], request)
    assert [one.done for one in asked] == [True, True, False]
    assert asked[0] is failed
    assert asked[1].id == waiting.id
    assert "before this one was begun" in past and "Ask again" in past
    assert 'class="stage"' not in past
    assert 'class="stage"' in now


def test_what_is_dropped_on_the_page_is_deleted_after_a_day(monkeypatch):
    class Seen(Exception):
        pass

    def blocks(**options: object) -> None:
        raise Seen(options["delete_cache"])

    monkeypatch.setattr(gr, "Blocks", blocks)
    with pytest.raises(Seen, match=r"\(3600, 86400\)"):
        build_page(None, None, None, max_question=200)
