"""Questions that the model writes to an archive's own sentences, with their answers.

Knows nothing of how they are asked or judged.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterator

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from evals.metrics import is_correct
from evals.questions import EvalQuestion, Source
from index.store.catalogue import Wanted
from index.store.snapshot import Snapshot
from index.text.sentences import sentence_spans
from index.types import Article
from rag.english.facts import facts
from training.cases import MADE
from training.states import ModelStates

_SHORTEST, _LONGEST = 9, 40  # words of a sentence that is asked about
_SYSTEM = (
    "You are given the headline of a news article and one of its sentences. Write one question of "
    "at most fourteen words that the sentence answers, and the answer in as few words as can be, "
    "copied from the sentence. The question names the person, place, organisation or event that "
    "it is about, and does not contain the answer."
)
_SHOWN = (
    ("Ferry sinks off Zanzibar", "The ferry's owner, Amani Juma, was arrested on Tuesday."),
    "Question: Who was arrested after the ferry sank off Zanzibar?\nAnswer: Amani Juma",
    ("Oslo opens its new library", "It cost 2.5 billion crowns, twice what was planned."),
    "Question: How much did Oslo's new library cost?\nAnswer: 2.5 billion crowns",
)
_WRITTEN = re.compile(r"Question:\s*(?P<question>[^\n?]+\?)\s*Answer:\s*(?P<answer>[^\n]+)")


def made_questions(snapshot: Snapshot, model: ModelStates, seed: int) -> Iterator[EvalQuestion]:
    """Yield questions to sentences drawn from all articles, without end but that of the archive.

    Args:
        snapshot: Of the archive.
        model: Writes them.
        seed: Of the order of articles and of the choice of sentences.
    """
    chance = random.Random(seed)
    catalogue = snapshot.catalogue()
    total = catalogue.page(Wanted(), 1, 0).total
    for place in chance.sample(range(total), total):
        listed = catalogue.page(Wanted(), 1, place).articles
        article = snapshot.article(listed[0].article_id) if listed else None
        sentence = _chosen(article, chance) if article else ""
        if article and sentence and (made := _asked(article, sentence, model)):
            yield made


def _chosen(article: Article, chance: random.Random) -> str:
    """A sentence of the article that names or counts something; empty where there is none."""
    spans = sentence_spans(article.text)
    texts = [" ".join(article.text[start:end].split()) for start, end in spans[:60]]
    fit = [
        text
        for text in texts
        if _SHORTEST <= len(text.split()) <= _LONGEST and (facts(text).names or facts(text).numbers)
    ]
    return chance.choice(fit) if fit else ""


def _asked(article: Article, sentence: str, model: ModelStates) -> EvalQuestion | None:
    """A question to the sentence; None unless its answer stands there and not in the question."""
    turns: list[BaseMessage] = [SystemMessage(_SYSTEM)]
    for one in (*_SHOWN, (article.headline, sentence)):
        if isinstance(one, str):
            turns.append(AIMessage(one))
        else:
            turns.append(HumanMessage(f"Headline: {one[0]}\nSentence: {one[1]}"))
    found = _WRITTEN.search(model.write(model.template.prompt(turns)).text)
    if found is None:
        return None
    question, answer = found["question"].strip(), found["answer"].strip(" .\"'“”")
    stands = is_correct(sentence, (answer,), abstained=False)
    if not stands or len(answer.split()) > 8 or is_correct(question, (answer,), abstained=False):
        return None
    name = hashlib.sha256(f"{article.id} {sentence}".encode()).hexdigest()[:12]
    source = Source(article.id, sentence)
    return EvalQuestion(f"made-{name}", MADE, question, (answer,), (source,))
