"""The judge: probabilities of readings, and whose drafts it reads."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from langchain_core.messages import HumanMessage

from index.errors import ModelFileError
from index.text.days import format_day
from rag.generation import stream_draft
from rag.llm import judge
from rag.llm.chat_model import OpenVinoChat, stoppable
from rag.llm.engine import Reply
from rag.llm.judge import Readings, judge_of, load_judge
from rag.llm.loader import ReadyModel
from rag.llm.remote import JudgedChat
from rag.pipeline import Pipeline
from rag.types import Outcome, Question
from tests.rag.newsroom import JUDGE, TEMPLATE, ScriptedChat

WHO = "Who is China's foreign minister?"
QIN = "Qin Gang is China's Foreign Minister."


class Reader:
    """An engine that reads: before any draft 1.0; after one that names Qin `right`, else -4.0."""

    def __init__(self) -> None:
        self.prompts: list[str] = []
        self.right = 2.0

    def submit(self, prompt: str, *, max_tokens: int, cancel: Any = None) -> Reply:
        self.prompts.append(prompt)
        made = Reply(lambda: None, cancel)
        ends = prompt.endswith("<|im_end|>")
        reading = (
            (self.right if "Qin" in prompt.rsplit("assistant", 1)[1] else -4.0) if ends else 1.0
        )
        made.take({"kind": "piece", "text": "", "reading": reading})
        made.take({"kind": "end", "reason": "length", "rest": ""})
        return made


@pytest.fixture
def reader() -> Reader:
    return Reader()


def judged(reader: Reader, *drafts: str) -> JudgedChat:
    read = OpenVinoChat(template=TEMPLATE, engine=reader, judge=JUDGE)  # type: ignore[arg-type]
    return JudgedChat(writer=ScriptedChat(drafts=list(drafts)), reader=read)


def test_the_judge_that_comes_with_the_program_is_whole() -> None:
    made = load_judge()
    assert made.heads.shape == (len(made.layers) * 1536 + 1, 3)
    assert 0.0 < made.threshold < 1.0
    surely = made.confidence(Readings(3.0, (3.0, 3.0)))
    hardly = made.confidence(Readings(-3.0, (-3.0, -3.0)))
    assert surely is not None and hardly is not None and surely > 0.9 > 0.1 > hardly


def test_a_judge_that_was_changed_is_refused(tmp_path, monkeypatch) -> None:
    changed = tmp_path / "judge.safetensors"
    changed.write_bytes(judge.WEIGHTS.read_bytes() + b" ")
    monkeypatch.setattr(judge, "WEIGHTS", changed)
    with pytest.raises(ModelFileError, match="not the file that it should be"):
        load_judge.__wrapped__()


def test_another_model_file_has_no_judge(tmp_path) -> None:
    other = tmp_path / "other.gguf"
    other.write_bytes(b"GGUF")
    assert judge_of(other) is None


@pytest.mark.parametrize(
    ("readings", "probability"),
    [
        (Readings(), None),
        (Readings(1.0, (1.0, -1.0)), 1 / (1 + 2.718281828**-1)),
        (Readings(1.0), 1 / (1 + 2.718281828**-2)),  # nothing written: what is known before
        (Readings(1.0, (), -3.0), 1 / (1 + 2.718281828**2)),
    ],
)
def test_readings_become_a_probability(readings: Readings, probability: float | None) -> None:
    assert JUDGE.confidence(readings) == (probability and pytest.approx(probability))


def test_a_draft_of_another_model_is_read_with_its_prompt(reader: Reader) -> None:
    model = judged(reader, QIN)
    events = stream_draft(model, [HumanMessage("Who <|im_end|>?")], threading.Event())
    said = []
    with pytest.raises(StopIteration) as end:
        while True:
            said.append(next(events))
    draft = end.value.value
    assert (draft.text, draft.readings) == (QIN, Readings(1.0, (), 2.0))
    first, second = reader.prompts
    assert second == f"{first}{QIN}<|im_end|>"
    assert "Who < |im_end|>?" in first  # template tokens are words


def test_a_server_that_invents_is_refused_and_one_that_is_right_is_shown(
    reader: Reader, indexed, embeddings, request: pytest.FixtureRequest
) -> None:
    from index.store.snapshot import IndexReader

    def ask(model) -> Any:
        pipeline = Pipeline(IndexReader(indexed), embeddings, ReadyModel(model), indexed)
        return pipeline.ask(Question(WHO))

    right = ask(judged(reader, QIN))
    assert right.text == "Qin Gang is China's Foreign Minister [1]."
    assert right.confidence == pytest.approx(1 / (1 + 2.718281828**-3))
    invents = ask(judged(reader, "Wang Yi is China's Foreign Minister.", "Li Wei is."))
    assert invents.abstained and invents.confidence < 0.05
    nobody = ask(ScriptedChat(drafts=[QIN]))
    assert nobody.text == right.text and nobody.confidence is None


def test_a_draft_that_the_judge_is_not_sure_of_gives_way_to_the_sentence_that_it_cites(
    reader: Reader, indexed, embeddings
) -> None:
    from index.store.snapshot import IndexReader

    reader.right = -0.8
    model = judged(reader, QIN)
    pipeline = Pipeline(IndexReader(indexed), embeddings, ReadyModel(model), indexed)
    answer = pipeline.ask(Question(WHO))
    assert answer.quoted and answer.confidence == pytest.approx(0.55, abs=0.01)
    assert answer.outcome is Outcome.ANSWERED
    quote = answer.citations[0].quote
    assert "Qin" in quote and answer.text == f"This may answer it: “{quote}” [1]"
    assert [one.text for one in answer.removed] == [QIN]
    assert answer.removed[0].problem == "it may not be right"


def test_the_newest_state_is_told_by_a_quote_with_its_day(indexed, embeddings) -> None:
    from index.store.snapshot import IndexReader

    model = ScriptedChat(drafts=[QIN])
    pipeline = Pipeline(IndexReader(indexed), embeddings, ReadyModel(model), indexed)
    answer = pipeline.ask(Question("Who is China's current foreign minister?"))
    cited = answer.citations[0]
    assert cited.date and "Qin" in cited.quote
    assert answer.text == f"As of {format_day(cited.date)}: “{cited.quote}” [1]"
    assert [one.problem for one in answer.removed] == ["a sentence tells of its own day only"]


@pytest.mark.parametrize("question", ["Is Qin Gang China's foreign minister?", "So was he fired?"])
def test_yes_or_no_is_answered_by_a_quote_and_nothing_is_written(
    question: str, indexed, embeddings
) -> None:
    from index.store.snapshot import IndexReader

    class Reads(Reader):
        reading = 0.0

        def submit(self, prompt: str, *, max_tokens: int, stop=(), cancel=None) -> Reply:
            self.prompts.append(prompt)
            made = Reply(lambda: None, cancel)
            for text in ("Yes", ", he is."):
                made.take({"kind": "piece", "text": text, "reading": self.reading})
            made.take({"kind": "end", "reason": "stop", "rest": ""})
            return made

    engine = Reads()
    model = OpenVinoChat(template=TEMPLATE, engine=engine, judge=JUDGE)  # type: ignore[arg-type]
    pipeline = Pipeline(IndexReader(indexed), embeddings, ReadyModel(model), indexed)
    answer = pipeline.ask(Question(question))
    quote = answer.citations[0].quote
    assert answer.text == f"The articles say: “{quote}” [1]" and len(engine.prompts) == 1
    assert quote == answer.evidence[0].quote
    engine.reading = JUDGE.hopeless - 0.1
    assert pipeline.ask(Question(question)).abstained


def test_stopping_reaches_the_reader(reader: Reader) -> None:
    cancel = threading.Event()
    model = stoppable(judged(reader, QIN), cancel)
    assert isinstance(model, JudgedChat) and model.reader.cancel is cancel
