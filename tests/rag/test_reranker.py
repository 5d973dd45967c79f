"""The reranker tells the sentence that answers from those that only speak of the same."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from index.errors import ModelFileError
from index.models.embedder import MiniLMEmbeddings
from index.types import ArticleRef, Passage
from rag.retrieval import reranker as module
from rag.retrieval.evidence import rerank
from rag.retrieval.reranker import Reranker, changed_weights
from rag.retrieval.sentences import rank_sentences, word_weights
from rag.types import RetrievedPassage

QUESTION = "Who scored the only goal of the World Cup final?"
ANSWER = "Olga Carmona scored for Spain in the 29th minute."
OTHERS = (
    "The World Cup final was watched by 75,784 people.",
    "The stadium in Sydney was full.",
    "Only four players had been at a World Cup final before.",
    "Tickets for the final had been sold out for weeks, at up to 120 dollars each, and fans who "
    "had none gathered in parks all over the country to see who would win the World Cup.",
)


@pytest.fixture(scope="module")
def reranker(embeddings: MiniLMEmbeddings) -> Reranker:
    return Reranker(embeddings)


def test_the_sentence_that_answers_scores_best(reranker: Reranker) -> None:
    scores = reranker.scores(QUESTION, [*OTHERS, ANSWER])
    assert scores.argmax() == len(OTHERS)


def test_a_sentence_scores_the_same_in_any_company(reranker: Reranker) -> None:
    together = reranker.scores(QUESTION, [ANSWER, *OTHERS] * 3)
    alone = [reranker.scores(QUESTION, [text])[0] for text in (ANSWER, *OTHERS)]
    assert np.allclose(together, alone * 3, atol=0.3)  # processors may compute in half precision


def test_the_judged_sentence_rises_above_one_with_more_of_the_question_s_words(
    reranker: Reranker,
) -> None:
    text = " ".join((*OTHERS, ANSWER))
    found = RetrievedPassage(Passage("a", 0, len(text), text), ArticleRef("a", "Final"), 1.0)
    ranked = rank_sentences(QUESTION, [found], word_weights(QUESTION, lambda _: 0.1))
    assert ranked[0].text != ANSWER
    rerank(ranked, QUESTION, reranker)
    assert max(ranked, key=lambda sentence: sentence.judged).text == ANSWER
    assert all(0.0 <= sentence.judged <= 1.0 for sentence in ranked)


def test_nothing_found_is_judged_without_complaint(reranker: Reranker) -> None:
    rerank([], QUESTION, reranker)


def test_changes_are_added_to_the_embedder_s_weights() -> None:
    embedder = {"a.weight": np.eye(2, dtype=np.float32), "a.bias": np.zeros(2, dtype=np.float32)}
    changes = {
        "a.weight.up": np.float16([[1], [2]]),
        "a.weight.down": np.float16([[3, 4]]),
        "a.bias": np.float16([0.5, 0]),
        "head.bias": np.float32([7]),
    }
    made = changed_weights(embedder, changes)
    assert made["a.weight"].tolist() == [[4, 4], [6, 9]]
    assert made["a.bias"].tolist() == [0.5, 0]
    assert made["head.bias"].tolist() == [7]
    assert embedder["a.weight"].tolist() == [[1, 0], [0, 1]]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_network_without_changes_is_the_embedder_s(
    embeddings: MiniLMEmbeddings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its layers are those of transformers: the same states, pooled by a head that is all ones."""
    import openvino
    import torch
    from safetensors.numpy import save_file
    from transformers import AutoModel

    changes = {"head.weight": np.ones((1, 384), np.float32), "head.bias": np.zeros(1, np.float32)}
    none = tmp_path / "none.safetensors"
    save_file(changes, none)
    monkeypatch.setattr(module, "CHANGES", none)
    with pytest.raises(ModelFileError, match="is not the file that it should be"):
        module.convert(embeddings.files, tmp_path / "made")
    digest = hashlib.sha256(none.read_bytes()).hexdigest()
    monkeypatch.setattr(module, "CHANGES_SHA256", digest)
    module.convert(embeddings.files, tmp_path / "made")
    options = {"INFERENCE_PRECISION_HINT": "f32"}
    model = tmp_path / "made" / "reranker.xml"
    compiled = openvino.Core().compile_model(model, "CPU", options)
    pieces = np.int64([[101, 2040, 3195, 102, 1996, 3125, 102, 0]])
    sides, mask = np.int64([[0, 0, 0, 0, 1, 1, 1, 0]]), np.int64([[1, 1, 1, 1, 1, 1, 1, 0]])
    layers = AutoModel.from_pretrained(str(embeddings.files)).eval()
    with torch.no_grad():
        states = layers(torch.tensor(pieces), torch.tensor(mask), torch.tensor(sides))[0][0, :7]
    expected = float((states[0] + states.mean(0)).sum())
    inputs = {"input_ids": pieces, "token_type_ids": sides, "attention_mask": mask}
    assert float(compiled(inputs)[0][0]) == pytest.approx(expected, abs=2e-3)
