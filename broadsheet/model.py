"""`broadsheet model list | try | use | back`: which language model answers, chosen by evidence."""

from __future__ import annotations

import difflib
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer
from rich.console import Console

from index.errors import SettingsError, one_line_errors
from index.progress import Meter
from index.settings import Settings, load_settings
from rag.llm.catalogue import (
    DEFAULT,
    Choice,
    catalogue,
    chosen,
    entry_of,
    evidence_for,
    is_free,
    machine,
    own_model,
    read_choice,
    write_choice,
)

if TYPE_CHECKING:
    from evals.trial import Tally
    from index.models.embedder import MiniLMEmbeddings
    from rag.llm.chat_model import OpenVinoChat

SAMPLE = Path(__file__).resolve().parents[1] / "articles"
cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
_out, _err = Console(), Console(stderr=True)

Name = Annotated[
    str, typer.Argument(help="A name of `model list`, a GGUF file of yours, or provider:model.")
]
Context = Annotated[
    int, typer.Option(help="Tokens of evidence for it; 0: as BROADSHEET_LLM_CONTEXT says.", min=0)
]


@cli.callback()
def _model() -> None:
    """Which language model answers. Nothing is fetched or changed that you did not ask for."""


@cli.command("list")
@one_line_errors()
def list_models() -> None:
    """List the models known by name, and what was measured."""
    settings = load_settings()
    memory, cores = machine()
    figures, now = read_choice(settings).figures, chosen(settings).llm
    _say(f"This machine: {memory:g} GB of memory, {cores} cores.")
    for name in [*catalogue(), *(one for one in figures if one not in catalogue())]:
        entry = entry_of(name)
        _say(f"\n{name}{'  <- answers now' if name == now else ''}")
        _say(f"  {entry.about if entry else 'behind a server'}")
        if name in figures:
            _say(f"  {figures[name]}")


@cli.command()
@one_line_errors()
def use(name: Name, context: Context = 0) -> None:
    """Have a model answer from now on, in a program that is running too."""
    settings = load_settings()
    _choose(settings, read_choice(settings).use(_known(name), context))


@cli.command()
@one_line_errors()
def back() -> None:
    """Return to the model that answered before."""
    settings = load_settings()
    _choose(settings, read_choice(settings).back())


@cli.command("try")
@one_line_errors()
def try_model(
    name: Name,
    context: Context = 0,
    questions: Annotated[int, typer.Option(help="Questions asked; 0: all, 87.", min=0)] = 0,
    cases: Annotated[
        int, typer.Option(help="Drafts that a judge of its own is fitted on; 0: none.", min=0)
    ] = 200,
    yes: Annotated[bool, typer.Option("--yes", help="Fetch, and adopt if it is better.")] = False,
) -> None:
    """Measure a model against the present one, here; an interrupted run goes on."""
    settings = load_settings()
    name = _known(name)
    entry, present = entry_of(name), chosen(settings)
    if find_spec("evals") is None or find_spec("training") is None:
        raise SettingsError("the question sets are not here (a container?): install the package")
    if present.llm in (name, "none"):
        raise SettingsError(f"BROADSHEET_LLM or `model use` says {present.llm}: nothing to compare")
    _say(entry.about if entry else f"{name}: behind a server, judged by the embedded model.")
    memory, cores = machine()
    _say(f"This machine: {memory:g} GB of memory, {cores} cores; both models are loaded at once.")
    if not yes:
        typer.confirm("Go on?", abort=True)
    other = settings.model_copy(
        update={"llm": name, "llm_context": context or settings.llm_context, "llm_file": None}
    )
    now, tried = _measure(present, other, questions, cases)
    figures = read_choice(settings).figures | {name: tried.line}
    write_choice(settings, replace(read_choice(settings), figures=figures))
    _say(f"A difference as large comes by chance with a probability of {tried.chance(now):.2f}.")
    if not tried.better_than(now):
        _say("Not adopted: it must give clearly more right answers, and not more wrong ones.")
        _say(f"`broadsheet model use {name}` takes it all the same.")
        return
    _say("It gives clearly more right answers, and not more wrong ones.")
    if yes or typer.confirm("Use it from now on?"):
        _choose(settings, read_choice(settings).use(name, evidence_for(other)))


def _measure(present: Settings, other: Settings, questions: int, cases: int) -> tuple[Tally, Tally]:
    """Ask both models, print what they come to, and return it."""
    from evals.archives import HOME
    from evals.ask import index_archive, our_side
    from evals.results import Run, made_by
    from evals.trial import ask_in_turns, divided, memory_of, table, tally
    from index.models.download import ensure_embedder
    from index.models.embedder import MiniLMEmbeddings
    from rag.generation import system_text
    from rag.llm.loader import load_chat_model, model_files

    pair = f"{present.llm} and {other.llm}"
    sides = [
        one.model_copy(
            update={
                "data_dir": HOME / "indexes" / "trial",
                "evidence_tokens": evidence_for(one) or one.evidence_tokens,
            }
        )
        for one in (present, other)
    ]
    fitting, asked = divided(questions)
    with Meter(_err) as meter:
        if entry_of(other.llm):
            model_files(other, meter.fetched)
        embeddings = MiniLMEmbeddings(lambda: ensure_embedder(other, meter.fetched))
        index_archive(SAMPLE, sides[0], embeddings, meter)
        default: OpenVinoChat | None = None
        if other.judge == "embedded":
            plain = other.model_copy(update={"llm": DEFAULT})
            default = cast("OpenVinoChat", load_chat_model(plain, system_text=system_text()))
        if default and cases and entry_of(other.llm):
            _fit(sides[1], fitting, embeddings, default, meter, cases)
        models = [load_chat_model(one, system_text=system_text(), default=default) for one in sides]
        judges = [getattr(getattr(model, "judge", None), "sha256", "") for model in models]
        runs = [
            Run({"set": "trial", "of": pair, "judge": judge, **made_by(one)})
            for one, judge in zip(sides, judges, strict=True)
        ]
        with (
            our_side(sides[0], embeddings, models[0]) as first,
            our_side(sides[1], embeddings, models[1]) as second,
        ):
            turns = list(zip((first, second), runs, strict=True))
            rows = ask_in_turns(asked, turns, meter)
        tallies = [tally(own, memory_of(model)) for own, model in zip(rows, models, strict=True)]
    _out.print(table(dict(zip((present.llm, other.llm), tallies, strict=True))))
    return tallies[0], tallies[1]


def _fit(
    settings: Settings,
    questions: list[Any],
    embeddings: MiniLMEmbeddings,
    default: OpenVinoChat,
    meter: Meter,
    cases: int,
) -> None:
    """Fit a judge for a model whose files are here, where its graph can be read."""
    from rag.llm.judge import judge_of
    from rag.llm.loader import model_files
    from training.own import fit_own

    gguf = model_files(settings)
    if gguf.is_dir() or judge_of(gguf):
        return
    found = fit_own(gguf, questions, settings, embeddings, default, meter, cases)
    if not found.layers:
        _say(f"Too few drafts to fit a judge on ({found.rows}): the default model judges.")
        return
    judge = f"its own layers {found.layers}" if found.is_better else "the default model"
    _say(
        f"Judged by {judge}: area {found.own:.3f} of its own heads, {found.default:.3f} of the "
        f"default model, on {found.rows} drafts."
    )


def _known(name: str) -> str:
    """Return a name that can be a model's; of a file, its whole path.

    Raises:
        SettingsError: it is no name of the catalogue, no file, and names no provider.
        ModelFileError: the file is no GGUF, or another than when it was first used.
    """
    if name.lower().endswith(".gguf"):
        path = Path(name).expanduser().absolute()
        own_model(path, load_settings())
        return str(path)
    if name in catalogue() or ":" in name:
        return name
    near = difflib.get_close_matches(name, catalogue(), n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise SettingsError(f"there is no model {name}{hint} `broadsheet model list` names those known")


def _choose(settings: Settings, choice: Choice) -> None:
    write_choice(settings, choice)
    _say(f"{choice.name} answers from now on; `broadsheet model back` returns.")
    if not is_free(settings):
        _say("But BROADSHEET_LLM or BROADSHEET_LLM_FILE is set, and stands before it.")


def _say(text: str) -> None:
    _out.print(text, markup=False, highlight=False, soft_wrap=True)
