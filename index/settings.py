"""All settings, read from the environment or `.env`, prefix `BROADSHEET_`.

Built once by whoever starts the program and passed down; nothing is read at import.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from index.errors import SettingsError

PREFIX = "BROADSHEET_"
_KEY_LIKE = re.compile(r"\bsk-[\w*-]{8,}|(?<=://)[^/@\s]+(?=@)|(?<=Bearer )[^\s\"']{8,}")


class Settings(BaseSettings):
    """Where things lie, which models are used and how much is searched."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=".env", extra="ignore")

    data_dir: Path = Field(Path(".data"), description="Everything that is written lies here.")
    model_dir: Path = Field(
        Path("~/.cache/broadsheet/models"), description="Model files, shared by all projects."
    )
    hub_url: str = Field("https://huggingface.co", description="The hub; empty leaves it out.")
    hub_timeout: float = Field(5.0, gt=0, le=120, description="Seconds to wait for the hub.")

    chroma_url: str = Field("", description="A Chroma server; empty means the embedded one.")
    chroma_token: SecretStr = Field(SecretStr(""), description="Token of the Chroma server.")

    chroma_tenant: str = Field("default_tenant", description="Tenant of the Chroma server.")
    chroma_database: str = Field("default_database", description="Database of the Chroma server.")
    ray_address: str = Field("", description="A Ray cluster; empty starts one on this machine.")

    date_order: Literal["", "dmy", "mdy"] = Field(
        "", description="How 03/04/2023 is read: day or month first; empty refuses it."
    )

    feeds: str = Field("", description="Feeds that `watch` reads, by comma.")
    feed_minutes: int = Field(15, ge=15, le=10_080, description="Minutes between two readings.")

    llm: str = Field(
        "embedded", description="`embedded`, `none`, a name of the catalogue, or `provider:model`."
    )
    llm_base_url: str = Field("", description="Address of an OpenAI-compatible server.")
    llm_api_key: SecretStr = Field(SecretStr(""), description="Key for the model's server.")
    llm_timeout: float = Field(60.0, gt=0, description="Seconds to wait for a model's server.")
    llm_file: Path | None = Field(None, description="A GGUF file of your own.")
    judge: Literal["embedded", "none"] = Field(
        "embedded", description="Who judges what a model behind a server writes."
    )
    llm_threads: int = Field(0, ge=0, description="Threads of the embedded model; 0 means all.")
    llm_parallel: int = Field(4, ge=1, le=64, description="Answers written at the same time.")

    passages: int = Field(40, ge=1, le=100, description="Passages whose sentences are weighed.")
    llm_context: int = Field(
        0, ge=0, le=8000, description="Tokens of evidence for a model besides the default; 0: same."
    )
    evidence_tokens: int = Field(240, ge=50, le=4000, description="Tokens of evidence shown.")
    answer_tokens: int = Field(96, ge=16, le=1024, description="Longest answer, in tokens.")
    max_question: int = Field(1000, ge=20, description="Longest question, in characters.")

    log_format: Literal["text", "json"] = Field("text", description="How log lines are written.")
    log_questions: bool = Field(False, description="Whether questions are logged.")
    otel_endpoint: str = Field(
        "", pattern="^(https?://.+)?$", description="A collector of traces (OTLP by gRPC)."
    )
    hosts: str = Field("", description="Names, by comma, that the page may be called by too.")

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown_names(cls, values: Any) -> Any:
        """Refuse mistyped names: pydantic-settings ignores them in the environment."""
        known = {PREFIX + name.upper() for name in cls.model_fields}
        given = {name.upper() for name in os.environ} | _names_in_env_file(Path(".env"))
        for name in sorted(given):
            if name.startswith(PREFIX) and name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"; did you mean {near[0]}?" if near else ""
                raise SettingsError(f"unknown setting {name}{hint}")
        return values

    @property
    def index_dir(self) -> Path:
        """Folder of the index, below the data folder."""
        return self.data_dir.expanduser() / "index"

    @property
    def feeds_dir(self) -> Path:
        """Folder of the items of feeds, below the data folder."""
        return self.data_dir.expanduser() / "feeds"

    @property
    def models(self) -> Path:
        """The model folder, with `~` resolved."""
        return self.model_dir.expanduser()


def load_settings(**overrides: Any) -> Settings:
    """Return the settings of this process.

    Raises:
        SettingsError: a name is unknown or a value is not allowed; the message says which.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + "_".join(str(part) for part in first["loc"]).upper()
        given = redacted(repr(first["input"]), ())
        raise SettingsError(f"{name}: {first['msg']} (got {given})") from None


def secrets_of(settings: Settings) -> tuple[str, ...]:
    """Return the keys that this process knows: of its settings, and of providers' variables."""
    keys = (settings.llm_api_key, settings.chroma_token)
    known = [key.get_secret_value() for key in keys]
    known += [value for name, value in os.environ.items() if name.endswith(("_KEY", "_TOKEN"))]
    return tuple(sorted({secret for secret in known if len(secret) >= 6}, key=len, reverse=True))


def redacted(text: str, secrets: Sequence[str]) -> str:
    """Return a text for people and logs: without keys, and without passwords in addresses."""
    for secret in secrets:
        text = text.replace(secret, "[key]")
    return _KEY_LIKE.sub("[key]", text)


def _names_in_env_file(path: Path) -> set[str]:
    if not path.is_file():
        return set()
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    pairs = (line.removeprefix("export ").split("=", 1) for line in lines if "=" in line)
    return {name.strip().upper() for name, _ in pairs}
