"""Dates, counts and states in words."""

import re
from datetime import date
from pathlib import Path

import pytest

from index.types import Coverage
from rag.llm.loader import MESSAGES, ModelState, ModelStatus
from rag.types import Question
from web import wording
from web.chat import views
from web.rendering import __file__ as rendering

TEMPLATES = Path(rendering).parent / "templates"
GLOSSARY = Path(__file__).parents[2] / "docs" / "wording.md"


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (date(2023, 6, 18), date(2023, 6, 18), "18 June 2023"),
        (date(2023, 6, 18), date(2023, 6, 20), "18–20 June 2023"),
        (date(2023, 2, 1), date(2023, 12, 20), "1 Feb – 20 Dec 2023"),
        (date(2022, 12, 30), date(2023, 1, 2), "30 Dec 2022 – 2 Jan 2023"),
    ],
)
def test_spans(first: date, last: date, words: str) -> None:
    assert wording.span(first, last) == words


def test_coverage_names_undated_articles() -> None:
    assert wording.coverage(Coverage(None, None, 1, 1)) == "1 article, 1 without a date"


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (ModelStatus(ModelState.READY, message=MESSAGES[ModelState.READY]), ""),
        (
            ModelStatus(ModelState.READY, message="Qwen3-4B answers (not measured by us)."),
            "Qwen3-4B answers (not measured by us).",
        ),
        (
            ModelStatus(ModelState.FETCHING, 412_000_000, 1_117_320_768, 11e6, 62.4),
            "The language model is being downloaded: 412 of 1,117 MB, 11 MB/s, 62 s left. "
            "Until then you get quotes only.",
        ),
        (
            ModelStatus(ModelState.FAILED, message="The disk is full."),
            "The language model is not available: you get quotes only. The disk is full.",
        ),
    ],
)
def test_the_model_line(status: ModelStatus, line: str) -> None:
    assert wording.model_state(status) == line


@pytest.mark.parametrize("state", ["missing", "converting", "loading", "off"])
def test_every_other_state_says_what_one_gets(state: str) -> None:
    assert "you get quotes only" in wording.model_state(ModelStatus(ModelState(state)))


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (Question("Who won?", date_from=date(2023, 6, 1)), "wider dates"),
        (Question("Who won?", as_of=date(2023, 6, 1)), "wider dates"),
        (Question("Who won?", sources=("Wire",)), "other sources"),
        (Question("Who won the final?"), "naming the person"),
        (Question("Who beat England?"), "other words"),
    ],
)
def test_an_abstention_suggests_what_fits(question: Question, words: str) -> None:
    assert words in views.hint(question)


def test_how_sure_an_answer_is_stands_in_words() -> None:
    assert views.confidence(0.94) == "Very likely right (94%)"
    assert views.confidence(0.8) == "Likely right (80%)"
    assert views.confidence(0.5) == "Unsure (50%)"


def test_no_template_says_what_the_glossary_forbids() -> None:
    rows = (GLOSSARY.read_text(encoding="utf-8").splitlines()[i] for i in range(6, 25))
    never = [words.strip() for row in rows for words in row.split("|")[3].split(",")]
    shown = "".join(file.read_text(encoding="utf-8") for file in TEMPLATES.glob("*.html"))
    text = re.sub(r"{#.*?#}|{[{%].*?[%}]}|<[^>]*>", " ", shown, flags=re.DOTALL).lower()
    assert len(never) > 20
    said = [words for words in never if re.search(rf"\b{re.escape(words.lower())}\b", text)]
    assert said == []
