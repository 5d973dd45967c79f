"""Time to evidence, to the first token and to the whole answer, against the stock chain.

    python -m benchmarks.answer_latency
    python -m benchmarks.answer_latency --busy          # an index build runs beside it
    python -m benchmarks.answer_latency --sample 4 --limit-articles 40     # a trial

A fixed sample of questions goes to our pipeline and to LangChain's tutorial chain (k=4, chunks
of 1000/200), question by question in one run, each side first in turn, through one and the same
engine with one and the same model. The indexes are built on the first run and reused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from langchain_core.language_models.chat_models import BaseChatModel
from rich.progress import track

from benchmarks.answer_figures import headline_of, numbers_of, show_numbers
from benchmarks.archives import copy_out, open_archive, text_files
from benchmarks.beside import BuildBeside
from benchmarks.machine import BENCH, headline, progress_console, say, write_result
from benchmarks.questions import BBC_QUESTIONS, Asked, load_questions, sample
from benchmarks.sides import Row, ask_ours, ask_stock
from evals.machine import describe
from evals.stock import MAX_TOKENS, NEAREST, StockIndex, stock_embeddings, stock_writer
from evals.usage import ReadTokens
from index.build import build_index
from index.models.download import ensure_embedder
from index.models.embedder import MiniLMEmbeddings
from index.settings import Settings, load_settings
from index.store.snapshot import IndexReader
from index.types import BuildReport
from rag.generation import system_text
from rag.llm.loader import ReadyModel, get_chat_model
from rag.pipeline import Pipeline

HOME = BENCH / "answer-latency"
_AT_ONCE = 100  # files that the stock index takes between two looks at Ctrl-C
_WARM_UP = Asked("warm-up", "single", "Who won the match on Saturday?", ())
Ask = Callable[[Asked], Row]


def main(
    questions: Annotated[
        Path, typer.Option(help="JSON Lines: id, type, question, answers.")
    ] = BBC_QUESTIONS,
    articles: Annotated[
        Path | None, typer.Option(help="A folder, .tar.xz, .jsonl or .jsonl.xz; else the BBC's.")
    ] = None,
    number: Annotated[int, typer.Option("--sample", help="Questions asked.", min=1)] = 30,
    seed: Annotated[int, typer.Option(help="Another seed takes another sample.")] = 7,
    busy: Annotated[bool, typer.Option("--busy", help="Run an index build beside it.")] = False,
    limit_articles: Annotated[
        int, typer.Option(help="Most articles, for a trial; 0 takes all.", min=0)
    ] = 0,
) -> None:
    """Measure times of answers, ours and the stock chain's, and their ratios."""
    machine = describe()
    asked = sample(load_questions(questions), number, seed)
    folder, files = _archive(articles, limit_articles)
    home = HOME / (f"{folder.name}-{len(files)}")
    settings = load_settings(data_dir=home / "ours")
    index = _stock_index(home / "stock", settings, files)
    reader, embeddings = _our_index(settings, folder)
    say("loading the language model")
    model = get_chat_model(settings)
    model.warm_up(system_text()) if hasattr(model, "warm_up") else None
    tokens = ReadTokens()
    model.callbacks = [tokens]
    pipeline = Pipeline(reader, embeddings, ReadyModel(model), settings)
    write = stock_writer(model)
    beside = BuildBeside(folder, HOME / "beside") if busy else nullcontext()
    with beside:
        rows = _ask_all(
            asked,
            lambda one: ask_ours(pipeline, one, tokens),
            lambda one: ask_stock(index, write, one, tokens),
        )
    _close(model)
    numbers = numbers_of(rows)
    show_numbers(numbers, busy=busy)
    headline(headline_of(numbers))
    chosen = {
        "archive": folder.name,
        "articles": len(files),
        "questions": questions.name,
        "sample": len(asked),
        "seed": seed,
        "busy": busy,
        "builds_ended_beside": beside.builds if isinstance(beside, BuildBeside) else 0,
        "model": settings.llm,
        "evidence_tokens": settings.evidence_tokens,
        "answer_tokens": settings.answer_tokens,
        "stock": {"k": NEAREST, "answer_tokens": MAX_TOKENS},
    }
    numbers["rows"] = [asdict(row) for row in rows]
    name = "answer_latency-busy" if busy else "answer_latency"
    write_result(name, machine, chosen, numbers, trial=bool(limit_articles))


def _archive(articles: Path | None, limit: int) -> tuple[Path, list[Path]]:
    """Return the folder that both sides index, and its files."""
    folder = open_archive(articles, limit)
    files = text_files(folder, limit)
    if not limit:
        return folder, files
    target = HOME / "articles" / f"{folder.name}-{limit}"
    return target, copy_out(files, folder, target)


def _our_index(settings: Settings, folder: Path) -> tuple[IndexReader, MiniLMEmbeddings]:
    embeddings = MiniLMEmbeddings(lambda: ensure_embedder(settings))
    embeddings.load()
    said = -1
    for event in build_index([folder], settings, embeddings):
        if isinstance(event, BuildReport):
            say(f"our index: {event.articles:,} articles, {event.embedded:,} passages embedded now")
        elif event.total and (tenth := 10 * event.done // event.total) != said:
            said = tenth
            say(f"our index: {event.stage.value} {event.done:,} of {event.total:,}")
    return IndexReader(settings), embeddings


def _stock_index(home: Path, settings: Settings, files: Sequence[Path]) -> StockIndex:
    """Build what is missing of the stock index; slow the first time, and it resumes."""
    index = StockIndex(home, stock_embeddings(ensure_embedder(settings)))
    missing = index.missing(files)
    groups = [missing[at : at + _AT_ONCE] for at in range(0, len(missing), _AT_ONCE)]
    for group in track(groups, "stock index", console=progress_console, disable=not groups):
        index.add(group)
    return index


def _ask_all(asked: Sequence[Asked], ours: Ask, stock: Ask) -> list[Row]:
    """Ask both sides each question, one after the other, each first in turn."""
    for warm_up in (ours, stock):
        warm_up(_WARM_UP)
    rows: list[Row] = []
    for at, question in enumerate(track(asked, "questions", console=progress_console)):
        pair = (ours, stock) if at % 2 == 0 else (stock, ours)
        rows += [ask(question) for ask in pair]
    return rows


def _close(model: BaseChatModel) -> None:
    engine = getattr(model, "engine", None)
    if engine is not None:
        engine.close()


if __name__ == "__main__":
    typer.run(main)
