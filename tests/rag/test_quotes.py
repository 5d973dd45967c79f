"""Whatever an article is made of: what is quoted is what stands there."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from index.models.embedder import MiniLMEmbeddings
from index.readers import read_articles
from index.settings import Settings
from index.text.passages import split
from index.types import Article, ArticleRef
from rag.checking.attribution import cite, sentences_of
from rag.retrieval.evidence import select_evidence
from rag.retrieval.sentences import rank_sentences, word_weights
from rag.types import Question, RetrievedPassage
from tests.index.conftest import hashed
from tests.rag.newsroom import ScriptedChat, newsroom

__all__ = ["hashed"]

PIECES = st.sampled_from(
    "Qin Gang|told|Mr Blinken|. |! |? |” |“|‘|’|\r\n|\r\n\r\n|\n|\n\n|\t|e\u0301|\u0301|🇨🇳|👩‍🔬|"
    "\u200d|\u00a0|\u202f|\u202etfel\u202c|שלום|مرحبا|…|\u2028|\x0b|½|[1]|U.S.|- |3. |{x}|<b>|"
    "\ufeff|ﬁ|İ|ß|a b|date 2023-06-18 ".split("|")
)
ODD = {
    "windows lines": "Mr Qin\tgreeted\r\nMr Blinken.\r\n\r\nThe two shook hands.\r\n",
    "quotes": "“Mr Qin greeted Mr Blinken,” he said. ‘It’s so…’ The two shook hands.",
    "combining": "Mr Qin greeted Mr Blinken in a cafe\u0301. Zoe\u0308 was there.",
    "emoji": "🇨🇳👩‍🔬 Mr Qin greeted Mr Blinken. 👋🏽 The two shook hands.",
    "spaces": "Mr\u00a0Qin greeted\u202fMr\u00a0Blinken.\u2003The two shook hands.",
    "right to left": "שלום \u202eolleh\u202c Mr Qin greeted Mr Blinken. مرحبا بالعالم.",
    "one line": "Mr Qin greeted Mr Blinken.",
}


def read(folder: Path, text: str) -> list[Article]:
    path = folder / "odd.txt"
    path.write_bytes(text.encode("utf-8"))
    return [item for item in read_articles([path]) if isinstance(item, Article)]


@examples(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(PIECES, min_size=1, max_size=40).map(" ".join) | st.text(max_size=200))
def test_every_quote_of_an_odd_text_is_exact(hashed: MiniLMEmbeddings, text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        articles = read(Path(folder), f"date 2023-06-18 Odd\n\n{text}")
    for article in articles:
        passages = [
            RetrievedPassage(
                found, ArticleRef(found.article_id, article.headline, article.date), 1.0
            )
            for found in split(article, hashed.count_tokens, 64)
        ]
        question = "What did Qin Gang tell Mr Blinken?"
        ranked = rank_sentences(question, passages, word_weights(question, lambda _: 0.1))
        evidence, _ = select_evidence(ranked, hashed, 200)
        assert bool(evidence) == bool(article.text.strip())
        for item in evidence:
            assert article.text[item.start : item.end] == item.text
        for sentence in sentences_of(evidence):
            for start in (None, sentence.evidence.start):
                made = cite(sentence, start)
                assert article.text[made.start : made.end] == made.quote != ""


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_an_answer_quotes_an_odd_article_exactly(
    settings: Settings, hashed: MiniLMEmbeddings, tmp_path: Path, text: str
) -> None:
    model = ScriptedChat(drafts=["Mr Qin greeted Mr Blinken."])
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "odd.txt").write_bytes(f"date 2023-06-18 The talks\n\n{text}".encode())
    pipeline = newsroom(settings, hashed, folder, model, {})
    answer = pipeline.ask(Question("Whom did Mr Qin greet?"))
    article = pipeline.article("odd.txt")
    assert article is not None and answer.citations
    for one in answer.citations:
        assert article.text[one.start : one.end] == one.quote
    assert "Blinken" in answer.citations[0].quote
