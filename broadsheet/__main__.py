"""`broadsheet serve | index | ask | eval`: one command over what the packages offer each.

Knows nothing of their arguments: each command hands its own on, and imports its package only then.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import typer

cli = typer.Typer(
    help="Ask an archive of dated news articles; every statement cites its sentence.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_command = partial(
    cli.command,
    add_help_option=False,
    context_settings={
        "allow_extra_args": True,
        "allow_interspersed_args": False,
        "ignore_unknown_options": True,
    },
)


@_command()
def serve(context: typer.Context) -> None:
    """Serve the chat page (in a clone also `python app.py`)."""
    from broadsheet.serve import main

    _run(main, context)


@_command()
def index(context: typer.Context) -> None:
    """Build the index, change it, tell what it holds, check it (also `python -m index`)."""
    from index.__main__ import cli as commands

    commands(context.args, prog_name=context.command_path)


@_command()
def ask(context: typer.Context) -> None:
    """Ask one question (also `python -m rag`)."""
    from rag.__main__ import main

    _run(main, context)


@_command("eval")
def evaluate(context: typer.Context) -> None:
    """Measure answers against question sets (also `python -m evals`)."""
    from evals.__main__ import main

    main(context.args, context.command_path)


def _run(function: Callable[..., None], context: typer.Context) -> None:
    command = typer.Typer(add_completion=False)
    command.command()(function)
    command(context.args, prog_name=context.command_path)


if __name__ == "__main__":
    cli()
