"""What is said to the archive, or asked about it, is answered in code."""

from __future__ import annotations

import pytest

from rag.retrieval.overviews import About, about_archive
from rag.types import Answer, Outcome, Question, Reason, Turn
from tests.rag.newsroom import ScriptedChat


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("Hello!", About.HELP),
        ("Good morning", About.HELP),
        ("What can you do?", About.HELP),
        ("What can I ask?", About.HELP),
        ("Thanks!", About.THANKS),
        ("Thank you very much.", About.THANKS),
        ("Perfect, that helped me a lot", About.THANKS),
        ("Good evening, how are you doing?", About.HELP),
        ("Who built you?", About.HELP),
        ("Are you a person?", About.HELP),
        ("Hi! What's new?", About.NEWEST),
        ("Which dates do you cover?", About.COVERAGE),
        ("How many articles are there?", About.COVERAGE),
        ("How many articles do you have?", About.COVERAGE),
        ("What's new?", About.NEWEST),
        ("What is the latest news?", About.NEWEST),
    ],
)
def test_what_is_about_the_archive_is_known(text: str, about: About) -> None:
    assert about_archive(text) is about


@pytest.mark.parametrize(
    "text",
    [
        "Who are you calling a liar, according to the mayor?",
        "What can you do about floods?",
        "How many articles mention Qin Gang?",
        "What is new in the report on Libya?",
        "What is the latest death toll on Maui?",
        "Which dates were set for the vote?",
        "Who thanked the voters?",
        "Thanks, and who resigned?",
        "Great, what did Ms Okoro say?",
        "Hello Kitty sales in 2023?",
        "Are you aware who won the race in Oslo?",
        "Are you able to say who resigned?",
    ],
)
def test_questions_of_the_articles_are_not(text: str) -> None:
    assert about_archive(text) is None


def test_a_follow_up_is_about_the_last_answer(answering) -> None:
    history = (Turn("What landed on the Moon?", "Chandrayaan-3 touched down [1]."),)
    model = ScriptedChat(drafts=["Its rover weighs 26kg."])
    answer = answering(model).ask(Question("How does it work?", history=history))
    assert model.prompts and "Chandrayaan-3" in answer.standalone
    assert about_archive("How does it work?") is About.HELP
    assert about_archive("Thanks, that helped!", continues=True) is About.THANKS
    assert about_archive("What can I ask?", continues=True) is About.HELP


@pytest.fixture
def ask(answering):
    def ask(text: str, **bounds) -> Answer:
        model = ScriptedChat(drafts=[])
        answer = answering(model).ask(Question(text, **bounds))
        assert model.prompts == [], "no model is asked"
        assert answer.outcome is Outcome.ANSWERED
        return answer

    return ask


def test_a_greeting_is_answered_with_what_can_be_asked(ask) -> None:
    answer = ask("Hello!")
    assert answer.citations == () and answer.evidence == ()
    assert f"{answer.coverage.articles:,} articles" in answer.text
    first, *examples = answer.text.split("\n")
    assert first.startswith("Ask a question")
    assert all(line.startswith("For instance, ") and "?" in line for line in examples)
    assert any(
        line.startswith("For instance, as of a day: What is new? (as of ") for line in examples
    )


def test_what_the_archive_holds_is_counted(ask) -> None:
    answer = ask("Which dates do you cover?")
    assert f"{answer.coverage.articles:,} articles" in answer.text
    assert f"{answer.coverage.undated} of them have no date." in answer.text
    assert "Gazette" in answer.text


def test_the_newest_articles_are_quoted_the_newest_first(ask) -> None:
    answer = ask("What's new?")
    days = [citation.date for citation in answer.citations]
    assert len(days) == 5 and days == sorted(days, reverse=True)
    assert all(citation.quote in answer.text for citation in answer.citations)


def test_only_what_the_publishers_admit_is_counted_and_new(ask) -> None:
    answer = ask("What is new?", sources=("Gazette",))
    assert [one.article_id for one in answer.citations] == ["w-2"]
    held = ask("Which dates do you cover?", sources=("Gazette",))
    assert "Within these limits this archive holds 1 article, 27 September 2023" in held.text
    assert "Publishers: Gazette." in held.text and "Wire" not in held.text


def test_nothing_new_of_a_publisher_is_no_answer(answering) -> None:
    answer = answering(None).ask(Question("What is new?", sources=("Nobody",)))
    assert (answer.abstained, answer.reason) == (True, Reason.NOTHING_FOUND)
