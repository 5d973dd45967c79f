"""The models that the program knows by name, and which of them this machine could run."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from index.models.catalogue import Model
from index.models.hub import stated
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
        trust = "measured by us" if self.measured else "not measured by us"
        return (
            f"{self.title} ({trust}): {self.megabytes:,} MB to fetch, about {self.gigabytes:g} GB "
            f"of memory, {self.licence}, from {self.hub}"
        )

    def model(self, settings: Settings) -> Model:
        """Return its files as the hub stated them first; the hub is asked once.

        Raises:
            ModelFileError: the hub does not tell.
        """
        return stated(self.name, self.hub, self.revision, self.files, settings)


@cache
def catalogue() -> dict[str, Entry]:
    """Return the models by name, the default first."""
    listed = tomllib.loads(_FILE.read_text("utf-8"))["model"]
    return {one["name"]: Entry(**one) for one in listed}


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
    own = catalogue().values()
    return [one for one in own if one.name != DEFAULT and one.gigabytes + _LEFT_FREE <= memory]
