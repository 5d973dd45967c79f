"""What is said in the terminal, who is let in, and a port that another program has."""

from __future__ import annotations

import io
import socket
from pathlib import Path

import pytest
from rich.console import Console

from broadsheet.serve import let_in
from index.errors import SettingsError
from index.progress import Meter
from index.types import BuildEvent, BuildReport, Skipped, Stage
from web.auth import SESSION, Role, Sessions, add_person, read_auth
from web.terminal import address, require_port, show_build


def test_people_are_written_with_hashes_and_read(tmp_path: Path) -> None:
    file = tmp_path / "people"
    file.write_text("# who may come in\n\n", encoding="utf-8")
    add_person(file, "ada", Role.READER, "count:less")
    add_person(file, "bob", Role.READER, "first")
    add_person(file, "bob", Role.EDITOR, "secret")
    text = file.read_text(encoding="utf-8")
    assert "secret" not in text and "count" not in text
    assert text.startswith("# who may come in\n") and text.count("bob:") == 1
    people = read_auth(file)
    assert people.admits("ada", "count:less") and people.admits("bob", "secret")
    assert people.admits("bob", "secret"), "known by now"
    wrong = [("ada", "secret"), ("bob", "first"), ("eve", "secret"), ("bob", ""), ("", "")]
    assert not any(people.admits(*one) for one in wrong)
    assert people.editors == {"bob"}
    assert file.stat().st_mode & 0o077 == 0, "nobody else reads it"


@pytest.mark.parametrize("name", ["", " ", "a:b", "a b", "#a"])
def test_a_name_that_its_file_could_not_hold_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match="A name has no"):
        add_person(tmp_path / "people", name, Role.READER, "secret")


def test_a_password_in_plain_words_lets_a_reader_in_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "people"
    file.write_text("ada:count:less\n", encoding="utf-8")
    people = read_auth(file)
    assert people.admits("ada", "count:less") and not people.editors
    assert "line 1 has a password that anybody can read" in caplog.text
    assert "count:less" not in caplog.text


@pytest.mark.parametrize(
    "text", ["", "# nobody\n", "ada\n", "ada:\n", ":secret\n", "a:b:$argon2x\n"]
)
def test_a_file_that_would_let_nobody_or_anybody_in_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "people"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match="broadsheet user add"):
        read_auth(file)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.5"])
def test_a_network_is_let_in_only_where_somebody_said_so(tmp_path: Path, host: str) -> None:
    with pytest.raises(SettingsError, match="--open"):
        let_in(host, None, everybody=False)
    assert let_in(host, None, everybody=True) is None
    assert let_in("127.0.0.1", None, everybody=False) is None


def test_a_file_of_people_that_is_missing_is_made_and_its_password_told_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "people"
    people = let_in("0.0.0.0", file, everybody=False)
    told = capsys.readouterr().err
    password = told.split("password: ")[1].split()[0]
    assert people.admits("editor", password) and people.editors == {"editor"}
    assert password not in file.read_text(encoding="utf-8")
    let_in("0.0.0.0", file, everybody=False)
    assert capsys.readouterr().err == ""


def test_a_log_in_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("web.auth.time.monotonic", lambda: now[0])
    sessions = Sessions()
    sessions["token"] = "ada"
    assert sessions.get("token") == "ada"
    assert sessions.get("other") is None and sessions.get(None) is None
    now[0] += SESSION
    assert sessions.get("token") is None
    sessions["fresh"] = "bob"
    assert dict(sessions) == {"fresh": "bob"}


def test_a_missing_file_of_names_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"--auth .*nobody"):
        read_auth(tmp_path / "nobody")


def test_a_taken_port_names_the_option() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SettingsError, match="--port"):
            require_port("127.0.0.1", taken.getsockname()[1])


def test_a_free_port_is_free_afterwards() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    require_port("127.0.0.1", port)
    require_port("127.0.0.1", port)


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("127.0.0.1", "http://127.0.0.1:7860"),
        ("0.0.0.0", "http://127.0.0.1:7860"),
        ("::", "http://[::1]:7860"),
        ("fd00::7", "http://[fd00::7]:7860"),
    ],
)
def test_the_address_is_one_that_a_browser_can_open(host: str, shown: str) -> None:
    assert address(host, 7860) == shown


def test_a_build_without_a_terminal_is_told_in_plain_lines() -> None:
    said = io.StringIO()
    console = Console(file=said)
    skipped = Skipped("/news/[bold]odd\x1b.txt", "it is empty")
    report = BuildReport(1, added=7, skipped=(skipped,), kinds={".png": 2})
    with Meter(console) as meter:
        assert show_build([BuildEvent(Stage.READING, 7, 7), report], meter, console) is report
    lines = said.getvalue().splitlines()
    assert lines[0].startswith("reading: 7 of 7 articles")
    assert lines[1:] == [
        r"skipped /news/[bold]odd\x1b.txt: it is empty",
        "not read: 2 .png; docs/articles.md lists what is read",
    ]
