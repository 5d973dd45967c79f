"""Models that only the hub has: what it states is asked once, kept, and held to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.errors import ModelFileError
from index.models.download import Fetch, ensure_model
from index.models.hub import RECORD, model_on_hub
from index.settings import Settings
from tests.index.hub import Hub, serving

NAME = "org/tiny"
WEIGHTS = os.urandom(300_000)


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serving() as state:
        state.repositories[NAME] = {
            "weights.gguf": WEIGHTS,
            "tokenizer_config.json": b'{"small": true}',
            "README.md": b"not wanted",
            "../../outside.json": b"{}",
        }
        yield state


@pytest.fixture
def home(hub: Hub, tmp_path: Path) -> Settings:
    return Settings(model_dir=tmp_path / "models", hub_url=hub.url, hub_timeout=2)


def fetch(home: Settings, *wanted: str, told: list[Fetch] | None = None) -> Path:
    model = model_on_hub("tiny", NAME, "main", wanted or ("weights.gguf", "*.json"), home)
    return ensure_model(model, home, (told if told is not None else []).append)


def test_what_is_wanted_is_fetched_and_nothing_else(hub: Hub, home: Settings) -> None:
    told: list[Fetch] = []
    folder = fetch(home, told=told)
    assert (folder / "weights.gguf").read_bytes() == WEIGHTS
    assert (folder / "tokenizer_config.json").read_bytes() == b'{"small": true}'
    assert not (folder / "README.md").exists()
    assert not (home.models.parent / "outside.json").exists()
    assert told[-1].done == told[-1].total == len(WEIGHTS) + 15
    assert not any("README" in path or "outside" in path for path, _ in hub.asked)


def test_what_is_there_needs_no_hub(hub: Hub, home: Settings) -> None:
    fetch(home)
    hub.asked.clear()
    fetch(home)
    fetch(home.model_copy(update={"hub_url": ""}))
    assert hub.asked == []


def test_files_are_of_the_commit_that_was_stated(hub: Hub, home: Settings) -> None:
    fetch(home)
    assert any(f"/resolve/{hub.commit(NAME)}/" in path for path, _ in hub.asked)


def test_an_interrupted_fetch_goes_on(hub: Hub, home: Settings) -> None:
    hub.break_after = 100_000
    with pytest.raises(ModelFileError, match=r"weights\.gguf of org/tiny.*100000 bytes"):
        fetch(home)
    hub.break_after = None
    folder = fetch(home)
    assert (folder / "weights.gguf").read_bytes() == WEIGHTS
    assert hub.asked[-1][1] == "bytes=100000-"


def test_a_file_that_changes_at_the_hub_later_is_refused(hub: Hub, home: Settings) -> None:
    folder = fetch(home)
    hub.repositories[NAME]["weights.gguf"] = os.urandom(300_000)
    (folder / "weights.gguf").unlink()
    with pytest.raises(ModelFileError, match="SHA-256 differs"):
        fetch(home)
    assert not (folder / "weights.gguf").exists()


def test_a_file_that_changes_here_is_fetched_again(home: Settings) -> None:
    folder = fetch(home)
    (folder / "weights.gguf").write_bytes(bytes(300_000))
    assert (fetch(home) / "weights.gguf").read_bytes() == WEIGHTS
    assert (folder / "weights.gguf.bad").read_bytes() == bytes(300_000)


def test_a_small_file_that_is_not_what_it_states_is_refused(hub: Hub, home: Settings) -> None:
    plain = hub.stated

    def lying(name: str) -> dict:
        made = plain(name)
        made["siblings"][1]["blobId"] = "0" * 40
        return made

    hub.stated = lying  # type: ignore[method-assign]
    with pytest.raises(ModelFileError, match=r"tokenizer_config\.json is not what it states"):
        fetch(home)
    assert not (home.models / "tiny" / RECORD).exists()


def test_a_name_that_is_not_there_is_told_with_those_that_are(home: Settings) -> None:
    with pytest.raises(ModelFileError, match=r"no file other\.gguf.*it has:.*weights\.gguf"):
        fetch(home, "other.gguf")


def test_a_slow_hub_is_left(hub: Hub, home: Settings) -> None:
    hub.delay = 1.0
    with pytest.raises(ModelFileError, match="the hub does not tell the files of org/tiny"):
        fetch(home.model_copy(update={"hub_timeout": 0.2}))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"hub_url": ""}, "BROADSHEET_HUB_URL is empty"),
        ({"hub_url": "http://127.0.0.1:9"}, "Connect to the internet"),
    ],
)
def test_without_a_hub_it_is_said_what_to_do(home: Settings, change: dict, said: str) -> None:
    with pytest.raises(ModelFileError, match=said):
        fetch(home.model_copy(update=change))


def test_a_repository_that_is_not_there_is_named(hub: Hub, home: Settings) -> None:
    del hub.repositories[NAME]
    with pytest.raises(ModelFileError, match="org/tiny"):
        fetch(home)
