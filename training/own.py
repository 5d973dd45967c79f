"""Heads of a judge for a model of a person's own machine, fitted on its own drafts.

The layers are searched, with stories held out. Heads that tell right drafts from wrong ones less
well than the default model, reading the same drafts, are not used.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.messages import BaseMessage, HumanMessage

from evals.questions import EvalQuestion
from index.models.embedder import MiniLMEmbeddings
from index.progress import Meter
from index.settings import Settings
from rag.generation import stream_draft
from rag.llm.chat_model import OpenVinoChat
from rag.llm.conversion import convert, converted_folder
from rag.llm.judge import OWN
from rag.llm.remote import JudgedChat
from rag.llm.template import read_template
from training.cases import cases_of
from training.fit import Floats, Rows, area, load_rows, out_of_fold, write_judge
from training.rows import Collector
from training.states import ModelStates

FEWEST = 25
"""Right drafts, and wrong ones, below which nothing can be fitted."""
_THRESHOLD = 0.4
_WEIGHT = 2.0  # of the reading of the draft against the one before it, to compare layers by


@dataclass(frozen=True, slots=True)
class Fitted:
    """What came of it.

    Attributes:
        rows: Drafts that were read.
        layers: Those that tell most; empty where there were too few drafts.
        own: Area under the curve of their heads, stories held out.
        default: The same of the default model, reading the same drafts.
    """

    rows: int
    layers: tuple[int, ...] = ()
    own: float = 0.0
    default: float = 0.0

    @property
    def is_better(self) -> bool:
        """Whether the model judges its drafts better than the default model does."""
        return bool(self.layers) and self.own > self.default


def fit_own(
    gguf: Path,
    questions: Sequence[EvalQuestion],
    settings: Settings,
    embeddings: MiniLMEmbeddings,
    default: OpenVinoChat,
    meter: Meter,
    most: int = 0,
) -> Fitted:
    """Fit heads for a model, and keep them beside it if they judge better than the default model.

    Args:
        gguf: The model's file.
        questions: Of the archive that the settings name.
        settings: Name the index.
        embeddings: Of this index.
        default: The default model, which judges where the heads do not.
        meter: Shows progress.
        most: Cases asked; 0: all. What was asked before is not asked again.
    """
    template = read_template(gguf)
    model = ModelStates(convert(gguf, converted_folder(gguf, settings)), template, layers=())
    judge = default.judge

    def read(messages: Sequence[BaseMessage], draft: str) -> float | None:
        chat = JudgedChat(writer=FakeListChatModel(responses=[draft]), reader=default)
        steps = stream_draft(chat, messages, threading.Event())
        try:
            while True:
                next(steps)
        except StopIteration as ended:
            return judge.confidence(ended.value.readings) if judge else None

    home = settings.data_dir / "own" / gguf.stem
    collector = Collector(home, "sample", settings, embeddings, model, read)
    cases = cases_of(questions, seed=0, again=False)
    cases = cases[:most] if most else cases
    try:
        for done, _ in enumerate(collector.collect(cases), 1):
            meter.show("drafts to fit a judge on", done, len(cases), "drafts")
    finally:
        collector.flush()
    rows = load_rows(home)
    if min(int(rows.right.sum()), int((~rows.right).sum())) < FEWEST:
        return Fitted(len(rows.info))
    found = search(rows)
    if found.is_better:
        marks = (model.tokens(template.prompt([HumanMessage("")]))[-1], model.close)
        write_judge(rows, found.layers, _THRESHOLD, gguf.with_name(OWN), gguf=gguf, marks=marks)
    return found


def search(rows: Rows) -> Fitted:
    """Return the layer, or two neighbours, that tell most of what is held out."""
    read = np.array([one["other"] if one["other"] is not None else 0.5 for one in rows.info])
    singles = [(layer,) for layer in rows.layers]
    pairs = list(zip(rows.layers, rows.layers[1:], strict=False))
    areas = {layers: area(rows.right, _score(rows, layers)) for layers in [*singles, *pairs]}
    best = max(areas, key=lambda layers: areas[layers])
    return Fitted(len(rows.info), best, areas[best], area(rows.right, read))


def _score(rows: Rows, layers: Sequence[int]) -> Floats:
    before, mean = (out_of_fold(rows, place, layers) for place in ("before", "mean"))
    return before + _WEIGHT * mean
