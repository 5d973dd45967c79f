"""`broadsheet serve | index | ask | eval | model`: one command over what the packages offer each.

Each command imports its package only when it is called.
"""

from __future__ import annotations

from importlib import import_module
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
_PASSED_ON = (
    ("serve", "broadsheet.serve", "Serve the chat page (in a clone also `python app.py`)."),
    (
        "index",
        "index.__main__",
        "Build the index, change it, tell what it holds, check it (also `python -m index`).",
    ),
    ("ask", "rag.__main__", "Ask one question (also `python -m rag`)."),
    (
        "eval",
        "evals.__main__",
        "Measure answers against question sets (also `python -m evals`).",
    ),
    (
        "model",
        "broadsheet.model",
        "Measure another language model on this machine, and use it: list, try, use, back.",
    ),
)


def _pass_on(name: str, module: str, about: str) -> None:
    """Add a command whose arguments are passed on, unread, to the `cli` of a module."""

    @cli.command(
        name,
        help=about,
        add_help_option=False,
        context_settings={
            "allow_extra_args": True,
            "allow_interspersed_args": False,
            "ignore_unknown_options": True,
        },
    )
    def command(context: typer.Context) -> None:
        import_module(module).cli(context.args, prog_name=context.command_path)


for passed_on in _PASSED_ON:
    _pass_on(*passed_on)

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


if __name__ == "__main__":
    cli()
