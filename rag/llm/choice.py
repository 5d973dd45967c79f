"""Which model was chosen on this machine, and what models were measured to be worth here.

Kept in one small file of the data folder, which a running program looks at.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import TypeAdapter

from index.atomic import write_whole
from index.settings import Settings
from rag.llm.catalogue import DEFAULT, catalogue, could_run, machine


@dataclass(frozen=True, slots=True)
class Choice:
    """What is remembered.

    Attributes:
        name: Of the catalogue, or `provider:model`.
        context: Tokens of evidence that it is shown; 0: as many as any.
        before: What was chosen before, the last one last.
        figures: What `broadsheet model try` found, in a line, by name.
        told: Whether the person was told what this machine could run.
    """

    name: str = DEFAULT
    context: int = 0
    before: list[tuple[str, int]] = field(default_factory=list)
    figures: dict[str, str] = field(default_factory=dict)
    told: bool = False

    def use(self, name: str, context: int = 0) -> Choice:
        """Return the choice of another model."""
        if (name, context) == (self.name, self.context):
            return self
        before = [*self.before, (self.name, self.context)]
        return replace(self, name=name, context=context, before=before)

    def back(self) -> Choice:
        """Return the choice before this one; the default if there was none."""
        *before, (name, context) = self.before or [(DEFAULT, 0)]
        return replace(self, name=name, context=context, before=before)


_READER = TypeAdapter(Choice)


def read_choice(settings: Settings) -> Choice:
    """Return what is remembered; what cannot be read is as if it was never written."""
    with suppress(OSError, ValueError):
        return _READER.validate_json(_file(settings).read_bytes())
    return Choice()


def write_choice(settings: Settings, choice: Choice) -> None:
    """Remember it, all at once."""
    file = _file(settings)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, _READER.dump_json(choice, indent=1).decode())


def is_free(settings: Settings) -> bool:
    """Whether the settings leave the choice to what is remembered."""
    return settings.llm == DEFAULT and settings.llm_file is None


def chosen(settings: Settings) -> Settings:
    """Return the settings with the model that was chosen; one that they name stands before it."""
    if not is_free(settings):
        return settings
    choice = read_choice(settings)
    context = settings.llm_context or choice.context
    return settings.model_copy(update={"llm": choice.name, "llm_context": context})


def evidence_for(settings: Settings) -> int:
    """Return the tokens of evidence for the model of the settings; 0: as many as any."""
    return 0 if settings.llm == DEFAULT else settings.llm_context


def who_answers(settings: Settings) -> str:
    """Return which model answers and what it was measured to be worth here, in a line."""
    entry = catalogue().get(settings.llm)
    title = entry.title if entry else settings.llm
    trust = read_choice(settings).figures.get(settings.llm)
    if not trust:
        trust = "measured by us" if entry and entry.measured else "not measured by us"
    return f"{title} answers ({trust})."


def suggestion(settings: Settings) -> str:
    """Return what to tell a person, once, of the models that this machine could run; or nothing."""
    choice, fit = read_choice(settings), could_run()
    if choice.told or choice.name != DEFAULT or not is_free(settings) or not fit:
        return ""
    write_choice(settings, replace(choice, told=True))
    memory, cores = machine()
    names = ", ".join(one.name for one in fit)
    return (
        f"This machine ({memory:g} GB of memory, {cores} cores) could also run {names}. They are "
        "larger and slower, and not measured by us: `broadsheet model try NAME` measures one here."
    )


def _file(settings: Settings) -> Path:
    return settings.data_dir.expanduser() / "model.json"
