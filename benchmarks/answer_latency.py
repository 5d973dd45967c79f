"""Time to evidence, to the first token and to the whole answer, against the stock chain.

    python -m benchmarks.answer_latency
    python -m benchmarks.answer_latency --busy          # an index build runs beside it
    python -m benchmarks.answer_latency --sample 4 --articles articles     # a trial

A fixed sample of questions goes to our pipeline and to LangChain's tutorial chain (k=4, chunks
of 1000/200), question by question in one run, each side first in turn, through one and the same
engine with one and the same model. The indexes are built on the first run and reused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import track

from benchmarks.archives import Articles, open_archive, text_files
from benchmarks.processes import build_beside
from benchmarks.results import headline, progress_console, ratios, show, spread, write_result
from benchmarks.sides import BBC_QUESTIONS, HOME, our_side, stock_index
from evals.ask import ReadTokens, ask_pipeline, ask_stock
from evals.questions import EvalQuestion, load_questions, stratified
from evals.report import print_result
from evals.results import describe, kept_row, made_by
from evals.rows import Row
from evals.stock import MAX_TOKENS, NEAREST, stock_writer

SIDES = ("ours", "stock")
VALUES = {
    "retrieval": "passages found, ms",
    "evidence": "evidence ready, ms",
    "first_token": "first token, ms",
    "total": "whole answer, ms",
    "prompt_tokens": "prompt tokens",
}
_KEYS = ("p50", "p95", "min", "max")
_WARM_UP = EvalQuestion("warm-up", "single", "Who won the match on Saturday?")
Ask = Callable[[EvalQuestion], dict[str, Any]]


def main(
    questions: Annotated[Path, typer.Option(help="A question set.")] = BBC_QUESTIONS,
    articles: Articles = None,
    number: Annotated[int, typer.Option("--sample", help="Questions asked.", min=1)] = 30,
    busy: Annotated[bool, typer.Option("--busy", help="Run an index build beside it.")] = False,
) -> None:
    """Measure times of answers, ours and the stock chain's, and their ratios."""
    machine = describe()
    asked = stratified(load_questions(questions), number)
    folder = open_archive(articles)
    count = len(text_files(folder))
    home = HOME / f"{folder.name}-{count}"
    index, tokens = stock_index(folder, home), ReadTokens()
    beside = build_beside(folder, HOME / "beside") if busy else nullcontext(lambda: 0)
    with our_side(folder, home) as ours, beside as builds:
        ours.model.callbacks = [tokens]
        write = stock_writer(ours.model)
        rows = _ask_all(
            asked,
            {
                "ours": lambda one: ask_pipeline(ours.pipeline, one, tokens)[0],
                "stock": lambda one: ask_stock(index, write, one, tokens),
            },
        )
    numbers = numbers_of(rows)
    _show(numbers, rows, busy=busy)
    headline(headline_of(numbers))
    chosen = {
        "archive": folder.name,
        "articles": count,
        "questions": questions.name,
        "sample": len(asked),
        "builds_ended_beside": builds(),
        **made_by(ours.settings),
        "stock": {"k": NEAREST, "answer_tokens": MAX_TOKENS},
    }
    numbers["rows"] = {
        side: [asdict(kept_row(questions.name, row)) for row in of_side]
        for side, of_side in rows.items()
    }
    name = "answer_latency-busy" if busy else "answer_latency"
    write_result(name, machine, chosen, numbers, trial=articles is not None)


def _ask_all(asked: Sequence[EvalQuestion], sides: Mapping[str, Ask]) -> dict[str, list[Row]]:
    """Ask both sides each question, one after the other, each first in turn."""
    for ask in sides.values():
        ask(_WARM_UP)
    rows: dict[str, list[Row]] = {side: [] for side in SIDES}
    for at, question in enumerate(track(asked, "questions", console=progress_console)):
        for side in SIDES if at % 2 == 0 else reversed(SIDES):
            fields = sides[side](question)
            rows[side].append(Row(question.id, question.type, question.answerable, **fields))
    return rows


def numbers_of(rows: Mapping[str, Sequence[Row]]) -> dict[str, Any]:
    """Return the spreads of both sides, and the ratios ours to stock."""
    spreads = {
        side: {
            name: spread([value for row in rows[side] if (value := _value(row, name)) is not None])
            for name in VALUES
        }
        for side in SIDES
    }
    return spreads | {"ratios": {name: _ratios(rows, name) for name in ("first_token", "total")}}


def headline_of(numbers: dict[str, Any]) -> str:
    """Return the line with the ratios."""
    first, whole = numbers["ratios"]["first_token"], numbers["ratios"]["total"]
    ours = numbers["ours"]["total"]["p50"]
    return (
        f"whole answer, ours / stock: {whole['of_medians']:.2f} of medians, {whole['p50']:.2f} "
        f"median of questions; first token {first['of_medians']:.2f}, {first['p50']:.2f}; "
        f"ours p50 {ours:.1f} s"
    )


def _show(numbers: dict[str, Any], rows: Mapping[str, Sequence[Row]], *, busy: bool) -> None:
    lines = [
        [f"{words}, {side}", *(f"{scale * found[key]:,.0f}" for key in _KEYS)]
        for name, words in VALUES.items()
        for side in SIDES
        if (found := numbers[side][name])["n"] and (scale := 1000 if "ms" in words else 1)
    ]
    where = "an index build beside it" if busy else "nothing else started beside it"
    show(f"Since the question, {where}", ["", *_KEYS], lines)
    for side in SIDES:
        print_result(f"This sample only: {side}", rows[side])


def _ratios(rows: Mapping[str, Sequence[Row]], name: str) -> dict[str, float]:
    """The ratios over the questions for which both sides have the value."""
    values = [[_value(row, name) for row in rows[side]] for side in SIDES]
    pairs = [pair for pair in zip(*values, strict=True) if None not in pair]
    return ratios(*zip(*pairs, strict=True))


def _value(row: Row, name: str) -> float | None:
    return row.tokens[0] if name == "prompt_tokens" else row.seconds.get(name)


if __name__ == "__main__":
    typer.run(main)
