"""Passages: whole sentences, exact offsets, and nothing that the embedder would cut off."""

from __future__ import annotations

import tarfile
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from tokenizers import Tokenizer

from index.models.download import ensure_embedder
from index.settings import Settings
from index.text.passages import MAX_TOKENS, embedded_text, split
from index.text.sentences import sentence_spans
from index.types import Article
from tests.conftest import MODELS, SHARED

BBC = SHARED / "corpora" / "bbc-news-2225.tar.xz"

WORDS = st.sampled_from(
    "The minister said. “No!” 5.3 Mr Blinken antidisestablishmentarianism 🦊 é e\u0301 \r\n\n \t "
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx 北京 don't U.S. Really? \u200b https://a.b/c?d=e ".split(
        " "
    )
)
TEXTS = st.one_of(
    st.lists(WORDS, min_size=1, max_size=90).map(lambda words: " ".join(words * 20)),
    st.text(min_size=1, max_size=1500),
    st.text(alphabet="ab一🦊", min_size=600, max_size=1500),  # no place to cut
)


@pytest.fixture(scope="module")
def read_whole() -> Tokenizer:
    """The embedder's own tokenizer, made to keep what it would drop."""
    tokenizer = Tokenizer.from_file(
        str(ensure_embedder(Settings(model_dir=MODELS)) / "tokenizer.json")
    )
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def check(article: Article, embeddings, tokenizer: Tokenizer) -> int:
    """Assert what holds for every article; return its number of passages."""
    passages = list(split(article, embeddings.count_tokens))
    texts = [embedded_text(article, passage) for passage in passages]
    for encoding in tokenizer.encode_batch(texts, add_special_tokens=True):
        assert len(encoding.ids) <= MAX_TOKENS
    for passage in passages:
        assert article.text[passage.start : passage.end] == passage.text
    for start, end in sentence_spans(article.text):
        held = {at for p in passages for at in range(max(p.start, start), min(p.end, end))}
        assert all(at in held or article.text[at].isspace() for at in range(start, end))
    for earlier, later in pairwise(passages):
        assert earlier.start < later.start
        assert earlier.end < later.end
    return len(passages)


@examples(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(headline=st.text(max_size=300), text=TEXTS, dated=st.booleans())
def test_no_passage_of_any_text_is_cut_off(headline, text, dated, embeddings, read_whole):
    article = Article("a", "a", headline, text, date(2023, 9, 30) if dated else None)
    check(article, embeddings, read_whole)


@pytest.mark.skipif(not BBC.exists(), reason="the BBC articles are not on this machine")
def test_no_passage_of_real_news_is_cut_off(embeddings, read_whole):
    count = 0
    with tarfile.open(BBC) as archive:
        files = [member for member in archive if member.isfile()]
        for member in files[::30]:
            text = archive.extractfile(member).read().decode("utf-8", "replace")
            headline = text.strip().split("\n", 1)[0][:160]
            count += check(
                Article(member.name, "", headline, text, date(2005, 1, 31)), embeddings, read_whole
            )
    assert count > len(files) / 30


def test_neighbours_share_one_sentence(embeddings):
    sentences = [f"Sentence number {n} tells of the river and the town by it." for n in range(60)]
    article = Article("a", "a", "Rivers", " ".join(sentences))
    passages = list(split(article, embeddings.count_tokens))
    assert len(passages) > 2
    for earlier, later in pairwise(passages):
        shared = article.text[later.start : earlier.end]
        assert shared in sentences


def test_passage_ends_with_a_sentence(embeddings):
    article = Article("a", "a", "H", " ".join(f"It was day {n} of the strike." for n in range(200)))
    assert all(p.text.endswith("strike.") for p in split(article, embeddings.count_tokens))


def test_headline_and_day_are_embedded_once(embeddings):
    text = "Floods in Derna\n\nThe dams broke."
    article = Article("a", "a", "Floods in Derna", text, date(2023, 9, 11))
    (passage,) = split(article, embeddings.count_tokens)
    assert embedded_text(article, passage) == f"11 September 2023\n{text}"


def test_empty_text_has_no_passages(embeddings):
    assert list(split(Article("a", "a", "H", " \n"), embeddings.count_tokens)) == []


def test_an_endless_word_is_cut_though_it_is_one_piece_to_the_embedder(embeddings, read_whole):
    article = Article("a", "a", "Noise", "Noise. " + "x" * 50_000 + " It ends.")
    assert check(article, embeddings, read_whole) > 10
    assert max(len(one.text) for one in split(article, embeddings.count_tokens)) < 5_000
