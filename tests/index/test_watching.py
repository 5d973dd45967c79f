"""Watched folders: what comes, changes or goes is taken in, never half, whatever goes wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from index import watch as watching
from index.errors import ArticleError
from index.store.database import writer_lock
from index.store.snapshot import IndexReader
from index.types import BuildReport
from index.watch import Event, Notice, watch_folders
from tests.index.archive import ROOT, STORIES, HashedEmbeddings, environment, live_ids, write

pytestmark = pytest.mark.slow  # files must rest before they are read

DERNA = "date 2023-09-11 Dams break above Derna\n\nThe flood took homes.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = write(tmp_path / "news")
    for path in folder.iterdir():  # they have been there for a while
        os.utime(path, (1e9, 1e9))
    return folder


@pytest.fixture(autouse=True)
def no_endless_wait() -> Iterator[None]:
    """A watch that misses a change would wait without end: interrupt it."""
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)


@pytest.fixture
def events(settings, hashed, folder, monkeypatch) -> Iterator[Event]:
    quick = {"SETTLED": 0.5, "_PAUSE": 0.0, "_QUIET_MS": 50, "_WAKE_MS": 50}
    for name, value in quick.items():
        monkeypatch.setattr(watching, name, value)
    yield watch_folders([folder], settings, hashed)


def report(events: Iterator[Event]) -> BuildReport:
    """Wait for the next batch that changed something."""
    return awaited(events, lambda event: isinstance(event, BuildReport) and event.touched)


def notice(events: Iterator[Event]) -> str:
    return awaited(events, lambda event: isinstance(event, Notice)).text


def awaited(events: Iterator[Event], wanted: Callable[[Event], bool]) -> Event:
    passed = []
    try:
        for event in events:
            if wanted(event):
                return event
            passed.append(event)
    except KeyboardInterrupt:
        pass
    pytest.fail(f"it did not come within a minute; what came: {passed}")


def test_what_comes_changes_and_goes_is_taken_in(events, settings, folder):
    assert report(events).added == 4
    write(folder, {"deep/er/derna.txt": DERNA})
    assert report(events).added == 1
    write(folder, {"deep/er/derna.txt": DERNA + "\nThe toll rises.\n"})
    assert report(events).changed == 1
    (folder / "deep").rename(folder / "deeper")
    assert report(events).moved == 1
    (folder / "maui.txt").unlink()
    assert report(events).removed == 1
    assert live_ids(settings) == {*STORIES, "deeper/er/derna.txt"} - {"maui.txt"}


def test_file_that_grows_is_read_when_it_is_whole(events, settings, folder):
    report(events)

    def grow() -> None:
        with (folder / "derna.txt").open("w") as file:
            for word in f"{DERNA} And so it ended.".split(" "):
                file.write(f"{word} ")
                file.flush()
                time.sleep(0.1)

    growing = threading.Thread(target=grow)
    growing.start()
    assert report(events).added == 1
    growing.join()
    with IndexReader(settings).snapshot() as snapshot:
        assert snapshot.article("derna.txt").text.endswith("And so it ended.")


def test_file_that_is_renamed_into_place_is_read_at_once(events, settings, folder):
    report(events)
    write(folder, {".derna.txt.x7": DERNA, "other.part": DERNA})
    (folder / ".derna.txt.x7").rename(folder / "derna.txt")
    assert report(events).added == 1
    assert live_ids(settings) == {*STORIES, "derna.txt"}


def test_file_that_never_rests_is_named_once(events, folder, monkeypatch):
    report(events)
    monkeypatch.setattr(watching, "_LONG", 0.5)
    ended = threading.Event()

    def grow() -> None:
        while not ended.wait(0.1):
            with (folder / "endless.txt").open("a") as file:
                file.write("More. ")

    growing = threading.Thread(target=grow)
    growing.start()
    assert notice(events).endswith(
        "endless.txt is still being written to; it is read when it rests"
    )
    ended.set()
    growing.join()
    assert report(events).added == 1


def test_running_build_is_waited_for(events, settings, folder):
    report(events)
    held, ended = threading.Event(), threading.Event()

    def hold() -> None:
        with writer_lock(settings):
            held.set()
            ended.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(60)
    write(folder, {"derna.txt": DERNA})
    assert notice(events) == f"waiting: process {os.getpid()} is writing the index"
    threading.Timer(0.3, ended.set).start()
    assert report(events).added == 1
    holder.join()


def test_batch_that_fails_is_reported_and_watching_goes_on(events, settings, folder, monkeypatch):
    report(events)

    def fail(*_: object) -> None:
        raise RuntimeError("no more memory")

    monkeypatch.setattr(HashedEmbeddings, "embed", fail)
    write(folder, {"derna.txt": DERNA})
    assert notice(events).startswith("RuntimeError: no more memory; trying again")
    assert live_ids(settings) == set(STORIES)
    monkeypatch.undo()
    write(folder, {"rabat.txt": "date 2023-09-08 The earth shakes\n"})
    assert report(events).added == 2


def test_batch_that_failed_is_tried_again_without_a_change(events, folder, monkeypatch):
    monkeypatch.setattr(watching, "RETRY", 0.5)
    with monkeypatch.context() as broken:
        broken.setattr(HashedEmbeddings, "embed", None)
        assert "trying again" in notice(events)
    assert report(events).added == 4


def test_folder_that_is_gone_keeps_its_articles_until_it_is_back(events, settings, folder):
    report(events)
    folder.rename(folder.with_name("away"))
    assert notice(events) == f"{folder} is gone; its articles stay until it is back"
    assert live_ids(settings) == set(STORIES)
    write(folder, {"derna.txt": DERNA})
    assert report(events).articles == 1
    write(folder, {"rabat.txt": "date 2023-09-08 The earth shakes\n"})
    assert report(events).added == 1


def test_only_folders_can_be_watched(settings, hashed, folder):
    for path in (folder / "maui.txt", folder / "absent"):
        with pytest.raises(ArticleError, match=f"{path}: expected a folder to watch"):
            watch_folders([path], settings, hashed)


class Shell:
    """`python -m index watch` in a process of its own."""

    def __init__(self, settings, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "index", "watch", str(folder)],
            env=environment(settings),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            # Tests that run in the background ignore this signal, and hand that on.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def line(self, wanted: str) -> str:
        """Read lines until one holds what is wanted; returns it without the time of day."""
        for line in self.process.stdout:
            if wanted in line:
                return line.split(" ", 1)[1].strip()
        raise AssertionError(f"it ended without {wanted!r}")


def test_a_watch_of_nothing_says_what_to_name(settings):
    words = [sys.executable, "-m", "index", "watch"]
    for more, said in ((), "say what to watch"), (("--feed", "feed.xml"), "expected an address"):
        done = subprocess.run(
            [*words, *more], env=environment(settings), cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == 2 and said in done.stderr


def test_process_follows_a_feed_of_the_settings(settings, tmp_path):
    feed = (
        "<rss><channel><title>E</title><item><title>Ferry</title><description>Full.</description>"
    )
    write(tmp_path / "site", {"feed.xml": f"{feed}</item></channel></rss>"})
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=tmp_path / "site")
    )
    threading.Thread(target=server.serve_forever).start()
    url = f"http://127.0.0.1:{server.server_port}/feed.xml"
    process = subprocess.Popen(
        [sys.executable, "-m", "index", "watch"],
        env=environment(settings, BROADSHEET_FEEDS=url),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        lines = iter(process.stdout)
        assert any(f"{url}: 1 new" in line for line in lines)
        assert any("1 added; 1 articles" in line for line in lines)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_process_prints_a_line_a_batch_and_ends_cleanly(settings, folder, number):
    shell = Shell(settings, folder)
    try:
        assert shell.line("added").startswith("4 added; 4 articles, generation 1, ")
        write(folder, {"derna.txt": DERNA, "empty.txt": ""})
        assert shell.line("added").startswith("1 added, 1 skipped; 5 articles, generation 2, ")
        assert shell.process.stdout.readline() == f"skipped {folder}/empty.txt: empty\n"
        (folder / "maui.txt").unlink()
        assert shell.line("removed").startswith("1 removed, 1 skipped; 4 articles")
        shell.process.send_signal(number)
        assert shell.line("ended") == "ended; the index is as the last batch left it"
        assert shell.process.wait(30) == 0
    finally:
        shell.process.kill()
        shell.process.wait()
        shell.process.stdout.close()
    assert live_ids(settings) == {*STORIES, "derna.txt"} - {"maui.txt"}
