"""Several people at once: questions a minute, and how long each waits, against one alone.

    python -m benchmarks.many_at_once
    python -m benchmarks.many_at_once --each 1     # a trial

1, 2, 4 and 8 people ask at the same time, each one question after another, of one pipeline with
one engine, which batches what it writes. Everybody asks other questions. Then somebody leaves in
the middle of an answer, and another asks at once: is the engine free for them?
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import typer

from benchmarks.archives import open_archive, text_files
from benchmarks.results import headline, say, show, spread, write_result
from benchmarks.sides import BBC_QUESTIONS, HOME, our_side
from evals.questions import load_questions
from evals.results import describe
from rag.pipeline import Pipeline
from rag.types import Question, Token

PEOPLE = (1, 2, 4, 8)
LEAVE = 5
_COLUMNS = [(name, key) for name in ("first_token", "total") for key in ("p50", "p95")]


def main(
    each: Annotated[int, typer.Option(help="Questions that each person asks.", min=1)] = 3,
) -> None:
    """Measure several people asking at once."""
    machine = describe()
    texts = [one.text for one in load_questions(BBC_QUESTIONS)]
    texts = random.Random(7).sample(texts, each * sum(PEOPLE) + 2 * LEAVE)
    folder = open_archive(None)
    numbers: dict[str, Any] = {}
    with our_side(folder, HOME / f"{folder.name}-{len(text_files(folder))}") as ours:
        _ask(ours.pipeline, "Who won the match on Saturday?")
        for people in PEOPLE:
            mine, texts = texts[: people * each], texts[people * each :]
            numbers[str(people)] = _round(ours.pipeline, people, mine)
            say(f"{people} at once: {numbers[str(people)]['a_minute']:.1f} questions a minute")
        numbers["after_one_left"] = spread(_leaving(ours.pipeline, texts))
    _show(numbers)
    chosen = {"each": each, "model": ours.settings.llm}
    write_result("many_at_once", machine, chosen, numbers, trial=each < 3)


def _ask(pipeline: Pipeline, text: str) -> tuple[float | None, float]:
    """Return seconds to the first token, None without one, and to the answer."""
    begun = time.perf_counter()
    first: float | None = None
    for event in pipeline.stream(Question(text)):
        if isinstance(event, Token) and first is None:
            first = time.perf_counter() - begun
    return first, time.perf_counter() - begun


def _round(pipeline: Pipeline, people: int, texts: Sequence[str]) -> dict[str, Any]:
    """Everybody asks their share; return what it took."""
    shares = [texts[at::people] for at in range(people)]
    begun = time.perf_counter()
    with ThreadPoolExecutor(people) as pool:
        rows = list(pool.map(lambda share: [_ask(pipeline, text) for text in share], shares))
    took = time.perf_counter() - begun
    times = [one for share in rows for one in share]
    return {
        "questions": len(times),
        "a_minute": 60 * len(times) / took,
        "first_token": spread([first for first, _ in times if first is not None]),
        "total": spread([total for _, total in times]),
    }


def _leaving(pipeline: Pipeline, pairs: Sequence[str]) -> list[float]:
    """Somebody leaves at the first token and the next one asks; return seconds to their first."""
    waits: list[float] = []
    for one, other in zip(pairs[::2], pairs[1::2], strict=True):
        cancel = threading.Event()
        for event in pipeline.stream(Question(one), cancel):
            if isinstance(event, Token):
                cancel.set()
        first, _ = _ask(pipeline, other)
        waits += [first] if first is not None else []
    return waits


def _show(numbers: dict[str, Any]) -> None:
    alone = numbers["1"]
    rows = [
        [
            people,
            f"{numbers[people]['a_minute']:.1f}",
            f"{numbers[people]['a_minute'] / alone['a_minute']:.2f}",
            *(f"{numbers[people][name][key]:.1f}" for name, key in _COLUMNS),
        ]
        for people in map(str, PEOPLE)
    ]
    heads = ["people", "a minute", "ratio", "first token p50", "p95", "whole p50", "p95"]
    show("Several people at once, seconds", heads, rows)
    eight = numbers["8"]["a_minute"] / alone["a_minute"]
    left, first = numbers["after_one_left"]["p50"], alone["first_token"]["p50"]
    headline(
        f"8 people get {eight:.2f} times the answers a minute of one; after somebody left in the "
        f"middle of an answer the next first token comes in {left:.1f} s, alone in {first:.1f} s"
    )


if __name__ == "__main__":
    typer.run(main)
