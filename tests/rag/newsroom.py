"""A dozen small stories, evidence made from a text, and a chat model that follows a script."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field, SkipValidation

from index.models.embedder import MiniLMEmbeddings
from index.settings import Settings
from index.store.snapshot import IndexReader
from index.text.sentences import sentence_spans
from index.types import ArticleRef
from rag.llm.judge import Judge
from rag.llm.loader import ReadyModel
from rag.llm.template import Template
from rag.pipeline import Pipeline
from rag.types import ABSTENTION, Evidence
from tests.index.archive import run_build, write

FEED = "wire.jsonl"
STORIES = {
    "beijing.txt": "date 2023-06-18 Antony Blinken arrives in Beijing\n\n"
    "China's Foreign Minister Qin Gang told Mr Blinken that Beijing wanted stable relations. "
    "Mr Qin greeted Mr Blinken at the Diaoyutai State Guest House. "
    "Afterwards he spoke of his hope to meet President Xi within a few months.\n",
    "balloon.txt": "date 2023-02-03 Blinken postpones his trip to China\n\n"
    "The visit was put off after a Chinese balloon was seen over Montana.\n",
    "toll-36.txt": "date 2023-08-10 Wildfires on Maui kill dozens\n\n"
    "At least 36 people have died in the wildfires on Maui, officials said.\n",
    "toll-96.txt": "date 2023-08-14 Death toll on Maui rises to 96\n\n"
    "The number of people who died in the wildfires on Maui has risen to 96.\n",
    "toll-97.txt": "date 2023-09-16 Death toll on Maui revised down\n\n"
    "The number of people who died in the wildfires on Maui is 97, the governor said.\n",
    "sydney.txt": "date 2023-08-20 Spain win the Women's World Cup\n\n"
    "Olga Carmona scored the only goal of the final against England in Sydney. "
    "The stadium held 75,784 people.\n",
    "bank.txt": "date 2023-03-19 UBS buys Credit Suisse\n\n"
    "The Swiss bank pays three billion francs for its rival, in a deal made in Bern.\n",
    "moon.txt": "date 2023-08-23 India lands on the Moon\n\n"
    "Chandrayaan-3 touched down near the lunar south pole. Its rover weighs 26kg.\n",
    "reprint.txt": "date 2023-08-24 India reaches the Moon\n\n"
    "Chandrayaan-3 touched down near the lunar south pole. Its rover weighs 26kg.\n",
    "recipe.txt": "How to bake bread\n\nMix flour, water, salt and yeast; wait; bake an hour.\n",
    FEED: '{"id": "w-1", "title": "Striking actors agree to return", "date": "2023-11-09", '
    '"source": "Wire", "body": "The strike of the actors in Hollywood ended after 118 days."}\n'
    '{"id": "w-2", "title": "Writers return to work", "date": "2023-09-27", '
    '"source": "Gazette", "body": "The strike of the writers in Hollywood ended in September."}\n',
}


def window(
    text: str,
    article_id: str = "a.txt",
    *,
    published: date | None = date(2023, 6, 18),
    headline: str = "Headline",
    start: int = 0,
    best: int = 0,
    score: float = 1.0,
    also_in: tuple[str, ...] = (),
) -> Evidence:
    """Evidence whose window is `text`, which begins at `start` of its article."""
    spans = tuple((start + first, start + last) for first, last in sentence_spans(text))
    end = start + len(text)
    return Evidence(
        1,
        ArticleRef(article_id, headline, published),
        start,
        end,
        text,
        spans,
        spans[best],
        score,
        also_in=also_in,
    )


JUDGE = Judge(
    model="", size=0, layers=(17, 18), heads=np.zeros((1, 3), dtype=np.float32),
    written=(0.0, 1.0, 1.0), given=(0.0, 1.0, 1.0), threshold=0.5, hopeless=-2.0,
)  # fmt: skip


CHATML = (
    "{%- for message in messages %}{{- '<|im_start|>' + message.role + '\\n' + message.content "
    "+ '<|im_end|>' + '\\n' }}{%- endfor %}{%- if add_generation_prompt %}"
    "{{- '<|im_start|>assistant\\n' }}{%- endif %}"
)
TEMPLATE = Template(CHATML, "<|im_end|>")


class ScriptedChat(BaseChatModel):
    """Writes the drafts of its script in order, and then that the articles do not say.

    `prompts` keeps what it was asked to write from; `closed` counts the drafts left early. With
    a `judge` its drafts are read: `before` the draft, and then each word as `sure`. `assumed` is
    its Yes or No to what a question takes for granted.
    """

    drafts: list[str]
    judge: SkipValidation[Judge | None] = None
    before: float = 2.0
    sure: float = 2.0
    assumed: str = "Yes"
    prompts: list[str] = Field(default_factory=list)
    closed: int = 0

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=AIMessage(self.assumed))])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        self.prompts.append("\n".join(str(message.content) for message in messages))
        words = (self.drafts.pop(0) if self.drafts else ABSTENTION).split(" ")
        try:
            for at, word in enumerate(words):
                piece = word if at == 0 else f" {word}"
                read = {"readings": [self.sure if at else self.before]} if self.judge else {}
                yield ChatGenerationChunk(message=AIMessageChunk(piece, response_metadata=read))
        except GeneratorExit:
            self.closed += 1
            raise


def newsroom(
    settings: Settings,
    embeddings: MiniLMEmbeddings,
    folder: Path,
    model: BaseChatModel | None,
    stories: dict[str, str] = STORIES,
) -> Pipeline:
    """Index the stories, and answer from them with a model."""
    folder.mkdir(exist_ok=True)
    run_build(settings, embeddings, write(folder, stories))
    return Pipeline(IndexReader(settings), embeddings, ReadyModel(model), settings)
