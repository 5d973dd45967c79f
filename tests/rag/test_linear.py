"""Reading a question takes no time, whatever is repeated in it."""

import time
from datetime import date

import pytest

from rag.english.answer_type import adds_kind, answer_type, asks_yes_or_no
from rag.english.facts import facts
from rag.english.temporal import asked_days, wants_latest
from rag.question.parts import compared, premise_of, split_coordinated_names, split_question
from rag.question.understand import foreign_language, understand
from rag.retrieval.assertions import statements
from rag.retrieval.overviews import about_archive, list_subject, timeline_subject
from rag.types import Question

DAY = date(2023, 6, 18)
LENGTH = 3000  # three times what a question may have
SECONDS = 0.5  # of a processor; what is quadratic takes many
READ = {
    "parts": split_question,
    "of each": split_coordinated_names,
    "premise": premise_of,
    "comparison": compared,
    "language": foreign_language,
    "yes or no": asks_yes_or_no,
    "kind": answer_type,
    "adds kind": adds_kind,
    "about the archive": about_archive,
    "list": list_subject,
    "timeline": timeline_subject,
    "asserted": lambda text: statements(text),
    "facts": lambda text: (facts(text).names, facts(text).numbers),
    "window": lambda text: asked_days(text, DAY),
    "latest": wants_latest,
    "understood": lambda text: understand(Question(f"Who? {text}"), DAY, 10_000),
}
PIECES = [
    " ", "\n", "a", "A", "1", "1,", "a ", "A ", "Aa ", "A. ", "the ", "of ", "and ", "May ",
    "May 2 ", "2 May ",
    "2020 ", "2020-01-", "in ", "from 1 to ", "Aa, ", "Aa and ", "'", '"', "(", "-", "a-",
    "$1 ", "one hundred ", "hundred and ", "week ago ", "between 1 and ", "and what ", "or ", ", ",
    "Aa's ", "é", ".", "A of the ", "U.S. ", "mid-", "since ", "how many ",
]  # fmt: skip


@pytest.mark.parametrize("what", READ)
def test_a_question_of_one_piece_over_and_over_is_read_at_once(what):
    READ[what]("Who won the cup in May?")  # what is loaded once is not counted
    slow = {}
    for piece in PIECES:
        for before in ("", "Who said in May that Anna and Bob "):
            question = before + (piece * LENGTH)[:LENGTH] + "?"
            began = time.process_time()
            READ[what](question)
            if (took := time.process_time() - began) > SECONDS:
                slow[piece] = round(took, 1)
    assert not slow


def test_a_passage_that_is_one_endless_word_is_read_at_once():
    began = time.process_time()
    statements("x" * 200_000)
    assert time.process_time() - began < SECONDS


def test_blanks_in_a_question_do_not_keep_its_parts_together():
    blanks = " " * 900
    assert split_question(f"Who won{blanks}and  what did it cost?") == split_question(
        "Who won and what did it cost?"
    )
