"""`broadsheet serve | index | ask | eval | model`: one command over what the packages offer each.

Each command passes its arguments on unread, and imports its package only then.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

cli = typer.Typer(
    help="Ask an archive of dated news articles; every statement cites an exact sentence.",
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


@_command()
def model(context: typer.Context) -> None:
    """Measure another language model on this machine, and use it: list, try, use, back."""
    from broadsheet.model import cli as commands

    commands(context.args, prog_name=context.command_path)


user = typer.Typer(help="Who is let in by `serve --auth FILE`.", no_args_is_help=True)
cli.add_typer(user, name="user")


@user.callback()
def _users() -> None:
    """Keep `add` a word of its own."""


@user.command("add")
def add_user(
    name: str,
    file: Annotated[Path, typer.Option(help="The file; it is made if it is missing.")],
    editor: Annotated[
        bool, typer.Option("--editor", help="May also bring articles and take them out.")
    ] = False,
) -> None:
    """Let a person in, or give them another password."""
    from index.errors import one_line_errors
    from web.auth import Role, add_person

    password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    with one_line_errors():
        add_person(file, name, Role.EDITOR if editor else Role.READER, password)


def _run(function: Callable[..., None], context: typer.Context) -> None:
    command = typer.Typer(add_completion=False)
    command.command()(function)
    command(context.args, prog_name=context.command_path)


if __name__ == "__main__":
    cli()
