"""Mistyped and impossible settings are refused by name, wherever they stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.errors import SettingsError
from index.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_defaults_need_no_environment():
    settings = load_settings()
    assert settings.llm == "embedded"
    assert settings.index_dir == Path(".data/index")
    assert settings.models.is_absolute()


def test_environment_and_env_file_are_read(own_folder, monkeypatch):
    (own_folder / ".env").write_text("BROADSHEET_PASSAGES=5\nBROADSHEET_LLM=none\nOTHER=1\n")
    monkeypatch.setenv("BROADSHEET_LLM", "ollama:qwen")
    settings = load_settings()
    assert settings.passages == 5
    assert settings.llm == "ollama:qwen"  # the environment is stronger than the file


def test_unknown_name_in_environment_is_refused_with_a_hint(monkeypatch):
    monkeypatch.setenv("BROADSHEET_CROMA_URL", "http://localhost:8000")
    with pytest.raises(SettingsError, match=r"BROADSHEET_CROMA_URL; did you mean .*CHROMA_URL"):
        load_settings()


@pytest.mark.parametrize("line", ["BROADSHEET_DATADIR=x", "export broadsheet_datadir=x"])
def test_unknown_name_in_env_file_is_refused_with_a_hint(own_folder, line):
    (own_folder / ".env").write_text(f"# mine\n{line}\n")
    with pytest.raises(SettingsError, match=r"BROADSHEET_DATADIR; did you mean .*DATA_DIR"):
        load_settings()


def test_commented_line_is_no_setting(own_folder):
    (own_folder / ".env").write_text("# BROADSHEET_DATADIR=x\n")
    default = Settings.model_fields["passages"].default
    assert load_settings().passages == default


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PASSAGES", "0"),
        ("PASSAGES", "many"),
        ("HUB_TIMEOUT", "-1"),
        ("LLM_PARALLEL", "1000"),
        ("LOG_FORMAT", "xml"),
    ],
)
def test_impossible_value_is_named(monkeypatch, name, value):
    monkeypatch.setenv(f"BROADSHEET_{name}", value)
    with pytest.raises(SettingsError, match=f"BROADSHEET_{name}: .*{value}"):
        load_settings()


def test_secrets_are_not_shown(monkeypatch):
    monkeypatch.setenv("BROADSHEET_LLM_API_KEY", "hush")
    settings = load_settings()
    assert "hush" not in repr(settings)
    assert settings.llm_api_key.get_secret_value() == "hush"
