"""`python -m training collect | fit`: rows for the judge, and its heads."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from evals.archives import HOME, open_archive
from evals.ask import index_archive
from evals.questions import EvalQuestion, load_questions
from index.errors import one_line_errors
from index.models.download import ensure_embedder, ensure_llm
from index.models.embedder import MiniLMEmbeddings
from index.progress import Meter
from index.settings import load_settings
from rag.llm import judge
from rag.llm.conversion import convert, converted_folder
from rag.llm.judge import WEIGHTS
from rag.llm.template import read_template
from training import report
from training.cases import Case, Variant, cases_of
from training.fit import load_rows, write_judge, write_reduced
from training.made import made_questions
from training.rows import Collector
from training.states import ModelStates

ROWS = Path(".data") / "training"
JUDGED = (17, 18)  # layers
_ARCHIVES = {
    "bbcqa_dev": "BBC",
    "made_bbc-news-2225": "BBC",
    "news_open": "news",
    "sample_archive": "sample",
    "traps": "sample",
    "realtimeqa_dev": "news",
    "made_realtimeqa-2022-2024": "news",
}
app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
_errors = Console(stderr=True)


@app.command()
def collect(
    articles: Annotated[Path, typer.Argument(help="A folder, .tar.xz, .jsonl or .jsonl.xz.")],
    questions: Annotated[list[Path], typer.Option("--set", help="Open question sets.")],
    made: Annotated[int, typer.Option(help="Questions that the model writes itself.")] = 0,
    most: Annotated[int, typer.Option(help="Cases of each set; 0: all.")] = 0,
    again: Annotated[bool, typer.Option(help="Ask each with more windows too.")] = True,
    precision: Annotated[str, typer.Option(help="Compute in `f32` or `bf16`, kept apart.")] = "",
    minutes: Annotated[float, typer.Option(help="Stop after so long; 0: when all is asked.")] = 0,
    seed: int = 0,
) -> None:
    """Ask open questions of an archive and keep states and labels; an interrupted run goes on."""
    name = articles.name.split(".")[0]
    settings = load_settings(data_dir=HOME / "indexes" / name)
    embeddings = MiniLMEmbeddings(lambda: ensure_embedder(settings))
    gguf = ensure_llm(settings)
    folder = convert(gguf, converted_folder(gguf, settings))
    model = ModelStates(folder, read_template(gguf), precision=precision)
    home = ROWS / precision if precision else ROWS
    end = time.monotonic() + 60 * minutes if minutes else float("inf")
    with Meter(_errors) as meter:
        index_archive(open_archive(articles), settings, embeddings, meter)
        for path in questions:
            if path.stem.endswith("_closed"):
                raise typer.BadParameter(f"{path.name} is closed: nothing is fitted on it")
            cases = cases_of(load_questions(path), seed, again)
            cases = cases[:most] if most else cases
            collector = Collector(home, path.stem, settings, embeddings, model)
            _run(collector, cases, len(cases), path.stem, end, meter)
        if made:
            collector = Collector(home, f"made_{name}", settings, embeddings, model)
            with collector.snapshot() as snapshot:
                asked = itertools.islice(made_questions(snapshot, model, seed), made)
                _run(collector, _variants(asked), 2 * made, f"made of {name}", end, meter)


@app.command()
def fit(
    threshold: Annotated[float, typer.Option(help="Least probability of an answer shown.")] = 0.4,
    write: Annotated[bool, typer.Option(help="Write the weights into the product.")] = False,
) -> None:
    """Fit the heads on what was collected, and print what they are worth on articles held out."""
    rows = load_rows(ROWS)
    report.print_rows(rows)
    report.print_layers(rows)
    report.print_held_out(rows, _ARCHIVES, JUDGED)
    report.print_curve(rows, JUDGED)
    made = report.scored(rows, JUDGED)
    report.print_policy(made, [name for name in _ARCHIVES if not name.startswith("made")])
    report.print_code_check(made)
    for precision in ("f32", "bf16"):
        if (ROWS / precision).is_dir():
            report.print_precision(rows, load_rows(ROWS / precision), JUDGED, precision)
    if write:
        sha256 = write_judge(rows, JUDGED, threshold, WEIGHTS)
        write_reduced(rows, JUDGED, Path(__file__).with_name("rows.npz"))
        source = Path(judge.__file__)
        text = re.sub(r'(?m)^SHA256 = ".*"$', f'SHA256 = "{sha256}"', source.read_text("utf-8"))
        source.write_text(text, "utf-8")


def _variants(questions: Iterator[EvalQuestion]) -> Iterator[Case]:
    for at, question in enumerate(questions):
        yield Case(question, Variant.PLAIN)
        yield Case(question, Variant.ELSEWHERE if at % 3 == 2 else Variant.REMOVED)


def _run(
    collector: Collector,
    cases: Iterable[Case],
    total: int,
    name: str,
    end: float,
    meter: Meter,
) -> None:
    try:
        for done, _ in enumerate(collector.collect(cases), 1):
            meter.show(name, done, total, "cases")
            if time.monotonic() > end:
                break
    finally:
        collector.flush()


def main() -> None:
    """Run the command line; what a person can mend is said in one line."""
    with one_line_errors(OSError, ValueError):
        app()


if __name__ == "__main__":
    main()
