"""`python -m web feedback export FILE`: verdicts on answers, as a question set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from index.errors import one_line_errors
from index.settings import load_settings
from web.chat.feedback import FeedbackStore, question_set

app = typer.Typer(no_args_is_help=True, help="What the page keeps.")
feedback = typer.Typer(no_args_is_help=True, help="Verdicts on answers.")
app.add_typer(feedback, name="feedback")


@app.callback()
def web() -> None:
    """Keep the commands below their group."""


@feedback.command()
@one_line_errors(OSError)
def export(
    file: Annotated[Path, typer.Argument(help="Where the question set is written, JSON Lines.")],
) -> None:
    """Write a question set that `python -m evals run` reads."""
    entries = FeedbackStore(load_settings().data_dir).every()
    lines = [json.dumps(line, ensure_ascii=False) for line in question_set(entries)]
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    left = len(entries) - len(lines)
    rest = f"; {left} without a note of what is right were left out" if left else ""
    Console(stderr=True).print(f"{len(lines)} questions written to {file}{rest}", highlight=False)


if __name__ == "__main__":
    app()
