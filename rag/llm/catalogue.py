"""The models known by name, which of them this machine could run, and which was chosen on it.

The choice is kept in a small file of the data folder, which a running program looks at.
"""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter

from index.atomic import write_whole
from index.errors import ModelFileError
from index.models.catalogue import Model
from index.models.checksum import matches_hash
from index.models.hub import RECORD, model_on_hub
from index.settings import Settings

_FILE = Path(__file__).with_suffix(".toml")
DEFAULT = "embedded"
_LEFT_FREE = 2.0
"""GB of memory that a model leaves to the page, the search and the system."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A model of the catalogue; `catalogue.toml` says what the fields are."""

    name: str
    title: str
    hub: str
    revision: str
    form: Literal["gguf", "openvino"]
    files: list[str]
    megabytes: int
    gigabytes: float
    licence: str
    architecture: str
    thinking: str
    measured: str

    @property
    def about(self) -> str:
        """One line for a person who may fetch it."""
        if not self.hub:
            return (
                f"{self.title} (not measured by us): {self.megabytes:,} MB, about "
                f"{self.gigabytes:g} GB of memory"
            )
        trust = "measured by us" if self.measured else "not measured by us"
        return (
            f"{self.title} ({trust}): {self.megabytes:,} MB to fetch, about {self.gigabytes:g} GB "
            f"of memory, {self.licence}, from {self.hub}"
        )

    def model(self, settings: Settings) -> Model:
        """Return its files as the hub stated them first, or one's own as it was first used.

        Raises:
            ModelFileError: the hub does not tell, or the file of one's own is not there or changed.
        """
        if not self.hub:
            return own_model(Path(self.name), settings)
        return model_on_hub(self.name, self.hub, self.revision, self.files, settings)


@cache
def catalogue() -> dict[str, Entry]:
    """Return the models by name, the default first."""
    listed = tomllib.loads(_FILE.read_text("utf-8"))["model"]
    return {model["name"]: Entry(**model) for model in listed}


def entry_of(name: str) -> Entry | None:
    """Return what a name stands for: a model of the catalogue, or the path of a GGUF file."""
    if not name.lower().endswith(".gguf"):
        return catalogue().get(name)
    file = Path(name)
    size = file.stat().st_size if file.is_file() else 0
    return Entry(
        name=name,
        title=f"{file.name}, a file of your own",
        hub="",
        revision="",
        form="gguf",
        files=[file.name],
        megabytes=round(size / 1e6),
        gigabytes=round(1.2 * size / 1e9 + 1, 1),  # the weights, what is computed, what was said
        licence="as its maker says",
        architecture="",
        thinking="",
        measured="",
    )


def own_model(file: Path, settings: Settings) -> Model:
    """Return a person's own GGUF file as a model: a link to it, beside what is made of it.

    Raises:
        ModelFileError: it is not there, is no GGUF, or is another than when it was first used.
    """
    file = file.expanduser().absolute()
    name = f"{file.stem}-{hashlib.sha256(str(file).encode()).hexdigest()[:12]}"
    link, record = settings.models / name / file.name, settings.models / name / RECORD
    try:
        with file.open("rb") as opened:
            if opened.read(4) != b"GGUF":
                raise ModelFileError(f"{file} is no GGUF file")
            if not record.is_file():
                opened.seek(0)
                digest = hashlib.file_digest(opened, "sha256").hexdigest()
                record.parent.mkdir(parents=True, exist_ok=True)
                kept = {"path": file.name, "size": file.stat().st_size, "sha256": digest}
                write_whole(record, json.dumps({"revision": str(file), "files": [kept]}, indent=1))
        if not link.exists():
            link.unlink(missing_ok=True)
            link.symlink_to(file)
    except OSError as error:
        raise ModelFileError(f"{file}: {(error.strerror or str(error)).lower()}") from error
    model = model_on_hub(name, "", "", (), settings)
    if not matches_hash(link, model.files[0].sha256, model.files[0].size):
        reason = "is not the file that it was when it was first used"
        raise ModelFileError(f"{file} {reason}; to use it as it is now, delete {record.parent}")
    return model


def machine() -> tuple[float, int]:
    """Return this machine's memory in GB, 0 where it is not known, and the cores at hand."""
    memory = 0.0
    if hasattr(os, "sysconf"):
        memory = round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return memory, cores or 1


def could_run() -> list[Entry]:
    """Return the models besides the default that fit this machine's memory with room to spare."""
    memory, _ = machine()
    larger = (entry for entry in catalogue().values() if entry.name != DEFAULT)
    return [entry for entry in larger if entry.gigabytes + _LEFT_FREE <= memory]


@dataclass(frozen=True, slots=True)
class Choice:
    """What is remembered.

    Attributes:
        name: Of the catalogue, the path of a GGUF file, or `provider:model`.
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
    """Keep the choice in the data folder."""
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
    entry = entry_of(settings.llm)
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
    names = ", ".join(entry.name for entry in fit)
    return (
        f"This machine ({memory:g} GB of memory, {cores} cores) could also run {names}. They are "
        "larger and slower, and not measured by us: `broadsheet model try NAME` measures one here."
    )


def _file(settings: Settings) -> Path:
    return settings.data_dir.expanduser() / "model.json"
