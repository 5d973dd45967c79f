"""`python -m evals run | stock | compare | curve`: measure answers against question sets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from evals import report
from evals.archives import HOME, open_archive
from evals.ask import Ask, index_archive, our_side, stock_side
from evals.compare import changes
from evals.curve import curve as risk_curve
from evals.curve import draw, point_of
from evals.questions import (
    EvalQuestion,
    by_conversation,
    is_closed,
    load_questions,
    stratified,
)
from evals.results import Run, made_by, read_result, write_result
from evals.rows import Row
from evals.stock import StockIndex, stock_documents, stock_embeddings
from index.errors import one_line_errors
from index.models.download import ensure_embedder
from index.models.embedder import MiniLMEmbeddings
from index.progress import Meter
from index.settings import Settings, load_settings
from rag.generation import system_text
from rag.llm.loader import get_chat_model, load_chat_model

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
_errors = Console(stderr=True)

Set = Annotated[Path, typer.Argument(help="A question set, JSON Lines.")]
Articles = Annotated[
    Path | None, typer.Option(help="A folder, .tar.xz, .jsonl or .jsonl.xz of articles.")
]
Sample = Annotated[int, typer.Option(help="So many questions, each type its share; 0: all.")]
Grace = Annotated[int, typer.Option(help="Days added to each question's as_of.")]
Searching = Annotated[bool, typer.Option("--retrieval-only", help="Search; ask no model.")]
Out = Annotated[Path | None, typer.Option("--json", help="Write the result here.")]


@app.command()
def run(
    questions: Set,
    articles: Articles = None,
    sample: Sample = 0,
    grace: Grace = 0,
    retrieval_only: Searching = False,
    out: Out = None,
) -> None:
    """Ask Broadsheet every question and print the figures; an interrupted run goes on."""
    asked = stratified(load_questions(questions, grace), sample)
    settings, archive = _settings(articles)
    embeddings = MiniLMEmbeddings(lambda: ensure_embedder(settings))
    about = _about(questions, articles, settings, "broadsheet", retrieval_only, grace)
    with Meter(_errors) as meter:
        if archive:
            index_archive(archive, settings, embeddings, meter)
        model = None if retrieval_only else load_chat_model(settings, system_text=system_text())
        with our_side(settings, embeddings, model) as ask:
            rows = _ask_all(asked, ask, Run(about), meter)
    _finish(f"Broadsheet, {questions.name}", about, rows, out)


@app.command()
def stock(
    questions: Set,
    articles: Articles = None,
    sample: Sample = 0,
    retrieval_only: Searching = False,
    out: Out = None,
) -> None:
    """Ask LangChain's tutorial chain the same, with the same models."""
    asked = stratified(load_questions(questions), sample)
    settings, archive = _settings(articles)
    if archive is None:
        raise typer.BadParameter("the stock chain needs --articles")
    about = _about(questions, articles, settings, "stock", retrieval_only, 0)
    index = StockIndex(settings.data_dir / "stock", stock_embeddings(ensure_embedder(settings)))
    with Meter(_errors) as meter:
        for done, total in stock_documents(index, archive):
            meter.show("stock index", done, total, "articles")
        model = None if retrieval_only else get_chat_model(settings)
        rows = _ask_all(asked, stock_side(index, model), Run(about), meter)
    _finish(f"Stock chain, {questions.name}", about, rows, out)


@app.command()
def compare(before: Path, after: Path) -> None:
    """Show which questions two results end differently, with McNemar's test."""
    abouts, rows = zip(*(read_result(path) for path in (before, after)), strict=True)
    changed, asked = changes(*rows)
    closed = any(is_closed(about["set"]) for about in abouts)
    report.print_changes((before.stem, after.stem), changed, asked, closed=closed)


@app.command()
def curve(
    result: Annotated[Path, typer.Argument(help="A result of `run`, whole answers.")],
    out: Annotated[Path, typer.Option(help="Write the picture here, SVG.")],
    stock: Annotated[Path | None, typer.Option(help="A result of `stock`.")] = None,
) -> None:
    """Draw how many answers are wrong against how many are given, and print thresholds."""
    (about, rows), other = _asked(result), _asked(stock) if stock else None
    if other and other[0]["set"] != about["set"]:
        raise ValueError(f"{result} and {stock} are results of different sets")
    title = f"{about['set']}, {about['archive']}"
    points = risk_curve(rows)
    picture = draw(title, points, point_of(rows), point_of(other[1]) if other else None)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(picture, encoding="utf-8")
    report.print_thresholds(rows)


def _asked(path: Path) -> tuple[dict[str, Any], list[Row]]:
    about, rows = read_result(path)
    return about, [row for row in rows if row.asked]


def _settings(articles: Path | None) -> tuple[Settings, Path | None]:
    """Return the settings with a data folder of this archive's own, and what is indexed."""
    if articles is None:
        return load_settings(data_dir=HOME / "own"), None
    name = articles.resolve().name.split(".")[0]
    return load_settings(data_dir=HOME / "indexes" / name), open_archive(articles)


def _about(
    questions: Path, articles: Path | None, settings: Settings, side: str, search: bool, grace: int
) -> dict[str, Any]:
    return {
        "set": questions.name,
        "archive": articles.name if articles else "",
        "side": side,
        "retrieval_only": search,
        "grace": grace,
        **made_by(settings),
    }


def _ask_all(asked: Sequence[EvalQuestion], ask: Ask, under_way: Run, meter: Meter) -> list[Row]:
    rows: list[Row] = []
    for turns in by_conversation(asked):
        kept = [under_way.kept(one.id) for one in turns]
        whole = all(kept)  # no answer is kept: a conversation that was cut off is asked anew
        for question, row in zip(turns, kept, strict=True):
            rows.append(row if row and whole else under_way.add(ask(question)))
            meter.show("questions", len(rows), len(asked), "questions")
    return rows


def _finish(title: str, about: dict[str, Any], rows: Sequence[Row], out: Path | None) -> None:
    report.print_result(title, rows)
    if out:
        write_result(out, {**about, "questions": len(rows)}, rows)


def cli(arguments: Sequence[str] | None = None, prog_name: str | None = None) -> None:
    """Run the command line; what a person can mend is said in one line. Exit codes: 0, 2."""
    with one_line_errors(OSError, ValueError):
        app(arguments, prog_name=prog_name)


if __name__ == "__main__":
    cli()
