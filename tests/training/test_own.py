"""Heads for a model of a person's own: the layers are searched, and what is worse is not used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from langchain_core.messages import HumanMessage

from evals.questions import EvalQuestion, Source
from index.progress import Meter
from index.settings import Settings
from rag.llm.chat_model import OpenVinoChat
from rag.llm.conversion import convert
from rag.llm.judge import OWN, judge_of
from rag.llm.loader import get_chat_model
from rag.llm.template import read_template
from tests.rag.newsroom import JUDGE, TEMPLATE
from tests.rag.test_judge import Reader
from tests.rag.tiny_gguf import WIDTH, write_gguf
from training.fit import PLACES, Rows, write_judge
from training.own import fit_own, search
from training.states import ModelStates

LAYERS = (2, 3)
ASKED = [HumanMessage("Who scored the goal?")]


def rows(*, signal: float, other: float, layer: int = 3, count: int = 300) -> Rows:
    """Rows whose states of one layer tell right from wrong, as does what another judge read."""
    chance = np.random.default_rng(0)
    right = chance.random(count) < 0.5
    signs = np.where(right, 1, -1)
    states = {
        place: chance.normal(size=(count, len(LAYERS), WIDTH)).astype(np.float16)
        for place in PLACES
    }
    for made in states.values():
        made[:, LAYERS.index(layer), 5] += (signal * signs).astype(np.float16)
    info = [
        {
            "right": bool(one),
            "group": f"article {at // 3}",
            "variant": "plain",
            "other": float(chance.normal() + other * sign),
        }
        for at, (one, sign) in enumerate(zip(right, signs, strict=True))
    ]
    return Rows(info, states, LAYERS)


def test_the_layer_that_tells_is_found() -> None:
    found = search(rows(signal=1.2, other=0.0))
    assert 3 in found.layers and found.own > 0.8 > found.default and found.is_better


def test_the_default_model_stays_the_judge_where_it_tells_more() -> None:
    found = search(rows(signal=0.2, other=2.0))
    assert found.default > 0.9 > found.own and not found.is_better


@pytest.mark.parametrize("architecture", ["qwen3", "llama"])
def test_heads_of_ones_own_are_read_as_the_model_writes(tmp_path: Path, architecture: str) -> None:
    gguf = write_gguf(tmp_path / "models" / "tiny" / "tiny.gguf", architecture)
    template = read_template(gguf)
    states = ModelStates(convert(gguf, gguf.parent), template, layers=())
    assert states.layers == LAYERS
    assert states.write(template.prompt(ASKED)).mean.shape == (len(LAYERS), WIDTH)
    assert judge_of(gguf) is None
    marks = (states.tokens(template.prompt(ASKED))[-1], states.close)
    write_judge(
        rows(signal=1.0, other=0.0, count=60),
        LAYERS,
        0.4,
        gguf.with_name(OWN),
        gguf=gguf,
        marks=marks,
    )
    judge = judge_of(gguf)
    assert judge is not None and judge.marks == marks and judge.layers == LAYERS
    model = get_chat_model(
        Settings(llm_file=gguf, model_dir=tmp_path / "models", answer_tokens=16, llm_threads=1)
    )
    answer = model.invoke(ASKED)
    readings = answer.response_metadata["readings"]
    written = answer.usage_metadata["output_tokens"]
    assert 8 <= len(readings) <= written  # the token measured against has none
    assert all(-5.1 <= one <= 5.1 for one in readings) and len(set(readings)) > 1
    model.engine.close()


def test_a_judge_of_other_bytes_is_not_used(tmp_path: Path) -> None:
    gguf = write_gguf(tmp_path / "tiny.gguf", "llama")
    write_judge(rows(signal=1.0, other=0.0, count=60), LAYERS, 0.4, gguf.with_name(OWN), gguf=gguf)
    assert judge_of(gguf) is not None
    write_gguf(gguf, "llama", seed=2)
    assert judge_of(gguf) is None


def test_too_few_drafts_fit_nothing(indexed, embeddings, tmp_path: Path) -> None:
    question = EvalQuestion(
        "q1", "single", "Who is China's foreign minister?", ("Qin Gang",), (Source("beijing.txt"),)
    )
    gguf = write_gguf(tmp_path / "models" / "tiny" / "tiny.gguf", "llama")
    default = OpenVinoChat(engine=Reader(), template=TEMPLATE, judge=JUDGE)  # type: ignore[arg-type]
    own = indexed.model_copy(update={"model_dir": tmp_path / "models"})
    with Meter() as meter:
        found = fit_own(gguf, [question], own, embeddings, default, meter)
    assert found.rows >= 1 and not found.layers and not found.is_better
    assert not gguf.with_name(OWN).exists()
