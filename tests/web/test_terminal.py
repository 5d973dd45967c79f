"""What is said in the terminal, who is let in, and a port that another program has."""

from __future__ import annotations

import io
import socket
from pathlib import Path

import pytest
from rich.console import Console

from index.errors import SettingsError
from index.progress import Meter
from index.types import BuildEvent, BuildReport, Skipped, Stage
from web.auth import read_auth
from web.terminal import address, require_port, show_build


def test_names_and_passwords_are_read(tmp_path: Path) -> None:
    file = tmp_path / "people"
    file.write_text("# who may come in\n\nada:count:less\nbob:secret\n", encoding="utf-8")
    assert read_auth(file) == [("ada", "count:less"), ("bob", "secret")]


@pytest.mark.parametrize("text", ["", "# nobody\n", "ada\n", "ada:\n", ":secret\n"])
def test_a_file_that_would_let_nobody_or_anybody_in_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "people"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match="name:password"):
        read_auth(file)


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
