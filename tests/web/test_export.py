"""Answers to take away."""

from __future__ import annotations

import base64
import csv
import io
import json
from datetime import date
from types import SimpleNamespace

import pytest

from index.types import ArticleRef
from rag.types import ABSTENTION, Answer, Citation, Outcome, Question, Statement
from web.chat import export
from web.chat.exchange import Exchange

FIRST = Citation(
    ArticleRef(
        "a.txt", "Talks in Beijing.", date(2023, 6, 18), "The Wire", "https://news.example/a"
    ),
    "They met\non Sunday.",
    0,
    19,
)
SECOND = Citation(
    ArticleRef("b.txt", "Later", None, None, "javascript:alert(1)"), "It *was* [1] long.", 0, 18
)


def _exchange(*texts: str, citations: tuple[Citation, ...] = (FIRST, SECOND)) -> Exchange:
    statements = tuple(Statement(text, (at,), 1.0) for at, text in enumerate(texts))
    answer = Answer(
        "Who met?", "They met [1].", Outcome.ANSWERED, statements=statements, citations=citations
    )
    return Exchange(Question("Who met?", date_from=date(2023, 6, 1)), answer=answer)


def test_a_copied_answer_says_what_its_marks_cite() -> None:
    answer = _exchange("They met.").answer
    assert export.cited_text(answer) == (
        "They met [1].\n\n"
        "[1] “They met on Sunday.” (“Sunday” is 18 June 2023) Talks in Beijing. "
        "The Wire, 18 June 2023. https://news.example/a\n"
        "[2] “It *was* [1] long.” Later. undated.\n"
    )
    assert export.cited_text(Answer("Who?", ABSTENTION, Outcome.ABSTAINED)) == f"{ABSTENTION}\n"


def test_footnotes_count_on_through_a_conversation() -> None:
    text = export.markdown([_exchange("They met.", "It was long"), _exchange("Again.")])
    assert "## Who met?\n\n*Limits: from 1 June 2023.*\n\nThey met[^1]. It was long[^2]" in text
    assert "\n\nAgain[^3].\n" in text
    assert "\n[^3]: “They met on Sunday.” (“Sunday” is 18 June 2023) Talks in Beijing. The " in text
    assert text.count("<https://news.example/a>") == 2
    assert "javascript" not in text


def test_markdown_in_a_text_stays_text() -> None:
    hostile = (
        "# Not a head\n- no list\n1. nor this [x](http://evil.example) <b>![i](u)</b> [^1] `c`"
    )
    text = export.markdown([_exchange(hostile)])
    assert r"\# Not a head" in text
    assert "\n\\- no list" in text
    assert "\n1\\. nor this" in text
    assert r"\[x\](http://evil.example) \<b\>!\[i\](u)\</b\> \[^1\] \`c\`[^1]" in text


def test_what_was_not_answered_is_told_too() -> None:
    stopped = Exchange(Question("Why?"), stopped=True)
    absent = Exchange(Question("Who?"), answer=Answer("Who?", ABSTENTION, Outcome.ABSTAINED))
    text = export.markdown([stopped, absent])
    assert text == f"## Why?\n\nStopped before it was checked.\n\n## Who?\n\n{ABSTENTION}\n"
    (only,) = json.loads(export.as_json([stopped, absent]))
    assert (only["question"], only["abstained"]) == ("Who?", True)


def test_a_conversation_becomes_a_word_document() -> None:
    docx = pytest.importorskip("docx")
    exchanges = [_exchange("They met.", "It was long"), Exchange(Question("A\x00\ufffe?"))]
    made = docx.Document(io.BytesIO(base64.b64decode(export.as_word(exchanges))))
    lines = [one.text for one in made.paragraphs]
    assert lines[0] == "Who met?"
    assert any(line.startswith("[1] “They met on Sunday.”") for line in lines)
    assert lines[-2:] == ["A\ufffd\ufffd?", "Stopped before it was checked."]


def test_a_click_takes_one_answer_and_nothing_else() -> None:
    exchanges = [_exchange("They met."), _exchange("Again.")]
    for named in ({"kind": "cite", "turn": 0}, {"kind": "word", "turn": 2}, {"kind": "word"}):
        assert export.one_as_word(exchanges, SimpleNamespace(_data=named)) == ("", "")


def test_a_file_is_named_after_its_question_and_the_day() -> None:
    made, ending = export.FORMATS["Citations as CSV"]
    asked = Exchange(Question('Who met ../Mr "Qin" in 2023?'))
    name = export.named(made, ending)([asked])[1]
    assert name == f"Who-met-Mr-Qin-in-2023-{date.today()}-citations.csv"
    long = export.named(made, ending)([Exchange(Question("why " * 99))])[1]
    assert len(long) < 100
    assert export.named(made, ending)([])[1].startswith("conversation-")


def test_citations_are_a_table_that_computes_nothing() -> None:
    rows = list(csv.reader(export.as_csv([_exchange("They met.", "It was long")]).splitlines()))
    assert rows[0][:3] == ["question", "mark", "headline"]
    assert rows[1][:2] == ["Who met?", "1"]
    assert rows[1][3:5] == ["The Wire", "2023-06-18"]
    asked = Exchange(Question("=HYPERLINK(1)"), answer=_exchange("They met.").answer)
    assert "'=HYPERLINK(1)" in export.as_csv([asked])


def test_reference_managers_get_each_article_once_with_its_quotes() -> None:
    said = [_exchange("They met.", "It was long"), _exchange("Again.")]
    items = json.loads(export.as_csl(said))
    assert [one["id"] for one in items] == [f"article-{n}" for n in range(1, len(items) + 1)]
    assert items[0]["type"] == "article-newspaper"
    assert items[0]["container-title"] == "The Wire"
    assert items[0]["issued"] == {"date-parts": [[2023, 6, 18]]}
    assert items[0]["URL"] == "https://news.example/a"
    assert "“They met on Sunday.”" in items[0]["note"]
    ris = export.as_ris(said)
    assert ris.count("TY  - NEWS\r\n") == ris.count("ER  - ") == len(items)
    assert "T2  - The Wire\r\nDA  - 2023/06/18\r\nUR  - https://news.example/a\r\n" in ris
    assert "javascript" not in ris


def test_a_line_break_in_a_headline_adds_no_field() -> None:
    quote = Citation(ArticleRef("a", "Head\r\nUR  - https://evil.example"), "Q.", 0, 2)
    answer = Answer("Who?", "Q.", Outcome.ANSWERED, citations=(quote,))
    assert "\nUR" not in export.as_ris([Exchange(Question("Who?"), answer=answer)])


def test_a_headline_that_is_quoted_is_not_named_again() -> None:
    of = ArticleRef("a", "Hopes fade in Maui", date(2023, 8, 13), "Wire")
    assert export.source_line(Citation(of, "Hopes fade in Maui.", 0, 9)) == (
        "“Hopes fade in Maui.” Wire, 13 August 2023."
    )
    assert "” Hopes fade in Maui. Wire" in export.source_line(Citation(of, "It rained.", 0, 9))
