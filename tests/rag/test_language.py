"""Questions and articles that the models do not read."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.models.embedder import MiniLMEmbeddings
from index.settings import Settings
from rag.question.understand import foreign_language
from rag.types import Outcome, Question
from tests.rag.newsroom import STORIES, ScriptedChat, newsroom


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Wer ist der Außenminister von China?", "German"),
        ("Kto wygrał wybory?", "Polish"),
        ("Qui est le ministre des Affaires étrangères de la Chine ?", "French"),
        ("¿Quién es el ministro de Exteriores de China?", "Spanish"),
        ("Chi è il ministro degli Esteri della Cina?", "Italian"),
        ("Wie is de minister van Buitenlandse Zaken van China?", "Dutch"),
        ("Quem é o ministro das Relações Exteriores da China?", "Portuguese"),
        ("WER IST DER MINISTER?", "German"),
        ("Кто министр иностранных дел Китая?", "Russian"),
        ("中国的外交部长是谁？", "Chinese"),
    ],
)
def test_other_languages_are_told(text: str, language: str) -> None:
    assert foreign_language(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "Who is China's foreign minister?",
        "Qin Gang age",
        "Where was the Tour de France won?",
        "What did El País say of Los Angeles?",
        "Who plays Die Hard's hero in Das Boot?",
        "Le Pen?",
        "Who directed La La Land?",
        "WHO WON IT?",
        "",
        *STORIES.values(),
    ],
)
def test_english_is_left_alone(text: str) -> None:
    assert foreign_language(text) is None


def test_a_foreign_question_gets_quotes_and_is_told_why(answering) -> None:
    model = ScriptedChat(drafts=[])
    answer = answering(model).ask(Question("Wer ist Qin Gang und wann war er in Beijing?"))
    assert answer.outcome is Outcome.EVIDENCE_ONLY
    assert "Qin Gang" in answer.text
    assert any("German" in notice and "English" in notice for notice in answer.notices)
    assert model.prompts == []


def test_foreign_evidence_is_told_of(
    indexed: Settings, tmp_path: Path, embeddings: MiniLMEmbeddings
) -> None:
    settings = indexed.model_copy(update={"data_dir": tmp_path / "data"})
    stories = {
        "a.txt": "date 2023-06-18 Der Außenminister von China ist Qin Gang, sagte er in Peking.\n"
    }
    pipeline = newsroom(settings, embeddings, tmp_path / "articles", None, stories)
    answer = pipeline.ask(Question("Who is Qin Gang?"))
    assert any("German" in notice for notice in answer.notices)
