"""`python -m rag "question"`: ask the archive from a shell."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from index.errors import one_line_errors
from rag.english.temporal import meant

_DAY = "A day, 2023-06-18."
cli = typer.Typer(add_completion=False)


@cli.command()
def main(
    question: Annotated[str, typer.Argument(help="The question, in quotes.")],
    as_of: Annotated[str, typer.Option("--as-of", help="Answer as of this day. " + _DAY)] = "",
    date_from: Annotated[str, typer.Option("--from", help="First day searched. " + _DAY)] = "",
    date_to: Annotated[str, typer.Option("--to", help="Last day searched. " + _DAY)] = "",
    source: Annotated[
        list[str] | None,
        typer.Option("--source", help="A publisher, or author:, section:, tag: …; repeatable."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
) -> None:
    """Ask the archive a question; each statement of the answer cites an exact sentence.

    Exit codes: 0 answered, 1 the articles do not say, 2 it could not be asked.
    """
    from rag import ask
    from rag.payloads import answer_json

    with one_line_errors(goes_on="ask again"):
        answer = ask(
            question,
            as_of=as_of,
            date_from=date_from,
            date_to=date_to,
            sources=source or (),
        )
    if as_json:
        typer.echo(json.dumps(answer_json(answer), ensure_ascii=False, indent=2))
    else:
        typer.echo(answer.text)
        for number, citation in enumerate(answer.citations, 1):
            when = f"{citation.date.isoformat()} " if citation.date else ""
            pointed = meant(citation.quote, citation.date)
            days = f"\n    ({pointed})" if pointed else ""
            typer.echo(
                f"\n[{number}] {when}{citation.headline} ({citation.article_id})\n"
                f"    “{citation.quote}”{days}"
            )
        for notice in answer.notices:
            typer.echo(f"\nNote: {notice}")
    raise typer.Exit(1 if answer.abstained else 0)


if __name__ == "__main__":
    cli()
