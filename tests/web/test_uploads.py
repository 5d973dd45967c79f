"""Articles brought through the page: looked at, added, taken out; nothing leaves its folder."""

from __future__ import annotations

import errno
import os
import shutil
import threading
import time
import zipfile
from pathlib import Path
from types import SimpleNamespace

import docx
import pytest

import index.build
from index.errors import BroadsheetError
from index.models.download import ensure_embedder
from index.settings import Settings
from index.types import BuildEvent, BuildReport, Stage
from tests.conftest import MODELS
from tests.index.archive import STORIES, HashedEmbeddings, live_ids, write
from web.uploads import batch
from web.uploads import store as kept_in
from web.uploads.store import Building, Uploads
from web.uploads.tab import IndexTab


@pytest.fixture
def uploads(tmp_path) -> Uploads:
    settings = Settings(data_dir=tmp_path / "data", model_dir=MODELS)
    return Uploads(settings, HashedEmbeddings(lambda: ensure_embedder(settings)))


def _zip(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def _added(uploads: Uploads, *files: Path) -> BuildReport:
    """Bring files and add them, as one session does."""
    uploads.look("me", files)
    return uploads.report("me", uploads.add("me").result())


def _names(folder: Path) -> set[str]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix() for path in found}


def test_files_and_archives_become_articles(uploads, tmp_path) -> None:
    single = write(tmp_path / "new", {"late.txt": "date 2023-12-01 Late news\n\nIt rained."})
    assert _added(uploads, single / "late.txt", _zip(tmp_path / "all.zip", STORIES)).added == 5
    assert live_ids(uploads._settings) == {"late.txt", *STORIES}
    assert uploads.status().articles == 5


def test_a_file_of_the_same_name_takes_the_place_of_the_old_one(uploads, tmp_path) -> None:
    for text in ("It rained.", "It snowed."):
        folder = write(tmp_path / text[:4], {"a.txt": f"date 2023-12-01 News\n\n{text}"})
        report = _added(uploads, folder / "a.txt")
    assert (report.changed, report.articles) == (1, 1)


def test_files_of_one_name_in_one_drop_are_all_added(uploads, tmp_path) -> None:
    drop = [
        _zip(tmp_path / f"{one}.zip", {"001.txt": f"News of {one}"}) for one in ("june", "july")
    ]
    said = uploads.look("me", drop)
    assert sorted(said.added) == ["001 (2).txt", "001.txt"]
    assert uploads.report("me", uploads.add("me").result()).added == 2
    assert _added(uploads, _zip(tmp_path / "may.zip", {"001.txt": "News of May"})).changed == 1
    assert live_ids(uploads._settings) == {"001.txt", "001 (2).txt"}


@pytest.mark.parametrize(
    "name",
    ["../../out.txt", "/etc/out.txt", "..\\..\\out.txt", "a/../../../out.txt", "C:\\out.txt"],
)
def test_no_name_in_an_archive_leads_out_of_the_folder(uploads, tmp_path, name) -> None:
    report = _added(uploads, _zip(tmp_path / "evil.zip", {name: "date 2023-12-01 News\n\nText."}))
    written = [path for path in tmp_path.rglob("*out.txt*") if path.is_file()]
    assert len(written) == 1
    assert written[0].resolve().is_relative_to(uploads.folder.resolve())
    assert report.articles == 1


def test_an_archive_that_unpacks_to_too_much_is_refused_whole(
    uploads, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(batch, "LARGEST", 1000)
    bomb = _zip(tmp_path / "bomb.zip", {"small.txt": "News.", "a.txt": "x" * 5000})
    said = uploads.look("me", [bomb])
    assert str(said.skipped[0]).startswith("bomb.zip: cannot be taken: it unpacks to more than")
    assert (said.added, _names(uploads.waiting)) == ((), set())
    monkeypatch.setattr(batch, "MOST", 1)
    said = uploads.look("me", [_zip(tmp_path / "many.zip", {"a.txt": "", "b.txt": ""})])
    assert "more than 1 files" in str(said.skipped[0])


def test_what_is_no_article_is_named_and_the_rest_goes_in(uploads, tmp_path) -> None:
    (tmp_path / "photo.txt").write_bytes(bytes(range(256)) * 9)
    good = write(tmp_path / "new", {"late.txt": "date 2023-12-01 Late news\n\nIt rained."})
    _zip(tmp_path / "table.numbers", {"inner.txt": "No article of anybody's."})
    report = _added(uploads, tmp_path / "photo.txt", tmp_path / "table.numbers", good / "late.txt")
    assert report.added == 1
    assert [one.location for one in report.skipped] == ["table.numbers", "photo.txt"]
    assert report.skipped[0].reason.startswith("files of this kind are not read; add text, PDF")


def test_a_picture_is_refused_in_a_short_sentence(uploads, tmp_path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff")
    [one] = uploads.look("me", [tmp_path / "photo.jpg"]).skipped
    assert str(one) == (
        "photo.jpg: pictures are not read; add text, PDF, Word, web pages or tables"
    )


def test_what_a_system_adds_to_archives_unseen_is_passed_over(uploads, tmp_path) -> None:
    unseen = {"__MACOSX/._maui.txt": "\0", ".DS_Store": "\0", "a/._b.txt": "\0"}
    report = _added(uploads, _zip(tmp_path / "mac.zip", STORIES | unseen))
    assert (report.added, report.skipped) == (4, ())


def test_what_is_taken_out_does_not_come_back(uploads, tmp_path) -> None:
    _added(uploads, _zip(tmp_path / "all.zip", STORIES))
    uploads.remove("maui.txt")
    assert "maui.txt" not in live_ids(uploads._settings)
    more = write(tmp_path / "new", {"late.txt": "date 2023-12-01 Late news\n\nIt rained."})
    _added(uploads, more / "late.txt")
    assert live_ids(uploads._settings) == {"late.txt", *STORIES} - {"maui.txt"}
    with pytest.raises(BroadsheetError, match="no such article"):
        uploads.remove("maui.txt")


def test_what_was_removed_can_be_put_back_until_the_archive_changes(
    uploads, tmp_path, monkeypatch
) -> None:
    _added(uploads, _zip(tmp_path / "all.zip", STORIES))
    removal = uploads.remove("maui.txt")
    assert uploads.offered() == removal
    monkeypatch.setattr("web.uploads.store.OFFERED", 0.0)
    assert uploads.offered() is None
    assert not (uploads.folder / "maui.txt").exists()
    with pytest.raises(BroadsheetError, match="changed since"):
        uploads.put_back(removal.generation - 1)
    assert uploads.put_back(removal.generation) == removal.headline
    assert live_ids(uploads._settings) == set(STORIES)
    assert (uploads.folder / "maui.txt").exists()
    more = write(tmp_path / "new", {"late.txt": "date 2023-12-01 Late news\n\nIt rained."})
    _added(uploads, more / "late.txt")
    assert live_ids(uploads._settings) == {"late.txt", *STORIES}, "the next update keeps it"
    second = uploads.remove("maui.txt")
    uploads.remove("late.txt")
    with pytest.raises(BroadsheetError, match="changed since"):
        uploads.put_back(second.generation)
    assert live_ids(uploads._settings) == set(STORIES) - {"maui.txt"}


def test_an_article_of_a_file_of_many_leaves_the_others(uploads, tmp_path) -> None:
    lines = [f'{{"id": "{n}", "title": "News {n}", "body": "Text {n}."}}' for n in (1, 2)]
    (tmp_path / "two.jsonl").write_text("\n".join(lines), encoding="utf-8")
    _added(uploads, tmp_path / "two.jsonl")
    uploads.remove("1")
    assert live_ids(uploads._settings) == {"2"}
    assert (uploads.folder / "two.jsonl").exists()


def test_what_is_only_looked_at_is_neither_kept_nor_indexed(uploads, tmp_path) -> None:
    _added(uploads, _zip(tmp_path / "all.zip", STORIES))
    brought = {
        "maui.txt": "date 2023-08-12 The toll rises\n\nIt is now 89.",
        "sydney.txt": STORIES["sydney.txt"],
        "twin.txt": STORIES["recipe.txt"],
        "empty.txt": "",
    }
    said = uploads.look("me", [_zip(tmp_path / "more.zip", brought)])
    assert (said.added, said.changed, said.unchanged) == (
        ("twin.txt",), ("maui.txt",), ("sydney.txt",)
    )  # fmt: skip
    assert said.identical == (("twin.txt", "recipe.txt"),)
    assert [str(one) for one in said.skipped] == ["empty.txt: empty"]
    assert _names(uploads.folder) == set(STORIES)
    assert live_ids(uploads._settings) == set(STORIES)
    uploads.forget("me")
    assert _names(uploads.waiting) == set()
    with pytest.raises(BroadsheetError, match="choose them again"):
        uploads.add("me")


def test_files_in_place_of_others_that_were_not_added_leave_nothing(uploads, tmp_path) -> None:
    uploads.look("me", [_zip(tmp_path / "all.zip", STORIES)])
    late = write(tmp_path / "new", {"late.txt": "date 2023-12-01 Late news\n\nIt rained."})
    uploads.look("me", [late / "late.txt"])
    assert {Path(name).name for name in _names(uploads.waiting)} == {"late.txt"}
    assert uploads.report("me", uploads.add("me").result()).added == 1
    assert (_names(uploads.waiting), _names(uploads.folder)) == (set(), {"late.txt"})


def test_what_nobody_added_for_a_day_is_deleted(uploads, tmp_path) -> None:
    uploads.look("gone", [_zip(tmp_path / "all.zip", STORIES)])
    (old,) = uploads.waiting.iterdir()
    day_before = time.time() - kept_in.ABANDONED - 1
    os.utime(old, (day_before, day_before))
    uploads.look("me", [])
    assert not old.exists()
    with pytest.raises(BroadsheetError, match="choose them again"):
        uploads.add("gone")


class Slow(HashedEmbeddings):
    """Waits with each batch until it is let go."""

    go = threading.Event()
    reached = threading.Event()

    def embed(self, texts):
        self.reached.set()
        assert self.go.wait(30)
        return super().embed(texts)


@pytest.fixture
def slow(tmp_path, monkeypatch) -> Uploads:
    monkeypatch.setattr(Slow, "go", threading.Event())
    monkeypatch.setattr(Slow, "reached", threading.Event())
    settings = Settings(data_dir=tmp_path / "data", model_dir=MODELS)
    return Uploads(settings, Slow(lambda: ensure_embedder(settings)))


def test_a_build_that_is_stopped_leaves_everything_as_it_was(slow, tmp_path) -> None:
    Slow.go.set()
    _added(slow, _zip(tmp_path / "all.zip", STORIES))
    Slow.go.clear()
    Slow.reached.clear()
    brought = {"maui.txt": "date 2023-08-12 The toll rises", "late.txt": "Late news."}
    slow.look("me", [_zip(tmp_path / "more.zip", brought)])
    building = slow.add("me")
    assert Slow.reached.wait(30)
    for again in (lambda: slow.add("me"), lambda: slow.look("me", [])):
        with pytest.raises(BroadsheetError, match="being added already"):
            again()
    building.stop()
    Slow.go.set()
    with pytest.raises(BroadsheetError, match="Stopped"):
        building.result()
    assert live_ids(slow._settings) == set(STORIES)
    assert (slow.folder / "maui.txt").read_text() == STORIES["maui.txt"]
    assert _names(slow.folder) == set(STORIES)
    assert slow.status().builds[0].error == "stopped"
    report = slow.report("me", slow.add("me").result())
    assert (report.added, report.changed) == (1, 1)
    assert _names(slow.waiting) == set()


def test_a_build_goes_on_when_its_page_is_closed(slow, tmp_path) -> None:
    slow.look("me", [_zip(tmp_path / "all.zip", STORIES)])
    building = slow.add("me")
    assert Slow.reached.wait(30)
    slow.forget("me")
    Slow.go.set()
    assert building.result().added == 4
    assert (_names(slow.waiting), _names(slow.folder)) == (set(), set(STORIES))


def test_a_build_is_followed_with_the_time_it_takes_yet(uploads, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(index.build, "_EMBED_PASSAGES", 2)
    folder = write(tmp_path / "news")

    seen: list[BuildEvent | BuildReport] = []

    def events():
        for event in index.build.build_index([folder], uploads._settings, uploads._embeddings):
            yield event
            end = time.monotonic() + 10
            while event not in seen and time.monotonic() < end:
                time.sleep(0.01)

    steps = []
    for step in Building(events, lambda _: None).follow():
        seen.append(step.event)
        steps.append(step)
    steps = [step for step in steps if step.event.stage is Stage.EMBEDDING]
    assert [step.event.done for step in steps] == [0, 2, 4]
    assert steps[0].left is None
    assert steps[1].left > 0
    assert 0 < steps[2].left < steps[1].left  # what comes after it


@pytest.mark.parametrize("error", [OSError, ValueError])
def test_whoever_follows_hears_of_the_end_whatever_fails(error) -> None:
    def events():
        yield BuildEvent(Stage.READING, 0, None)
        raise RuntimeError("while it builds")

    def ended(added: bool) -> None:
        raise error("while files are put back")

    building = Building(events, ended)
    with pytest.raises(BroadsheetError, match="Something went wrong"):
        building._done.result(timeout=10)
    assert not building.running and list(building.follow()) == []


def test_the_time_left_is_told_from_the_first_seconds(uploads, tmp_path) -> None:
    gate = threading.Event()

    def quiet():
        yield BuildEvent(Stage.READING, 1, None)
        gate.wait(10)

    followed = Building(quiet, lambda _: None, expected=40.0).follow()
    assert 30 < next(followed).left <= 40
    gate.set()
    list(followed)


def test_an_addition_should_take_as_long_as_those_before(uploads, tmp_path) -> None:
    uploads.look("a", [_zip(tmp_path / "all.zip", STORIES)])
    assert uploads._batches["a"].expected == 0  # none yet by which to tell
    uploads.add("a").result()
    late = write(tmp_path / "new", {"late.txt": "date 2023-12-01 Late news\n\nIt rained."})
    uploads.look("b", [late / "late.txt"])
    took = uploads.status().builds[0].seconds
    assert uploads._batches["b"].expected == pytest.approx(took / len(STORIES))
    uploads.forget("b")


def test_a_build_that_breaks_says_so_and_puts_the_files_back(uploads, tmp_path, monkeypatch):
    def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(HashedEmbeddings, "embed", broken)
    uploads.look("me", [_zip(tmp_path / "all.zip", STORIES)])
    with pytest.raises(BroadsheetError, match="the archive is unchanged"):
        uploads.add("me").result()
    assert _names(uploads.folder) == set()
    assert len(_names(uploads.waiting)) == 4


def test_a_file_named_as_a_folder_is_refused_and_nothing_is_moved(uploads, tmp_path) -> None:
    _added(uploads, _zip(tmp_path / "all.zip", {"maui/a.txt": "News of Maui."}))
    uploads.look("me", [_zip(tmp_path / "more.zip", {"late.txt": "Late news.", "maui": "News."})])
    with pytest.raises(OSError, match="maui is a folder there"):
        uploads.add("me")
    assert _names(uploads.folder) == {"maui/a.txt"}
    assert len(_names(uploads.waiting)) == 2


def test_a_full_disk_is_told_in_words_and_leaves_no_half_of_a_file(
    uploads, tmp_path, monkeypatch
) -> None:
    """The disk takes 20 bytes of the second file, and no more."""
    small, large = tmp_path / "bear.txt", tmp_path / "zoo.txt"
    small.write_text("A bear was seen.\n")
    large.write_text("A zoo opens.\n" * 50)
    copy = shutil.copyfile

    def full(source, target):
        if Path(source).stat().st_size > 100:
            Path(target).write_bytes(Path(source).read_bytes()[:20])
            raise OSError(errno.ENOSPC, "No space left on device", str(target))
        return copy(source, target)

    monkeypatch.setattr(batch.shutil, "copyfile", full)
    plan = uploads.look("me", [small, large])
    assert plan.added == ("bear.txt",)
    assert [str(one) for one in plan.skipped] == [
        "zoo.txt: cannot be taken: the disk is full; make room, and choose the files again"
    ]
    assert _names(uploads.waiting / next(uploads.waiting.iterdir()).name) == {"files/bear.txt"}


def test_a_disk_that_is_full_from_the_first_is_told_in_words(uploads, tmp_path, monkeypatch):
    (tmp_path / "bear.txt").write_text("A bear was seen.\n")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", full)
    request = SimpleNamespace(username=None, session_hash="me", cookies={})
    *_, (shown, _, _) = IndexTab(uploads).look([str(tmp_path / "bear.txt")], request)
    assert "the disk is full; make room" in shown
    assert "Errno" not in shown


def test_more_files_than_are_taken_at_once_are_named(uploads, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(batch, "MOST", 2)
    files = [tmp_path / f"{n}.txt" for n in range(4)]
    for file in files:
        file.write_text("A bear was seen.\n")
    plan = uploads.look("me", files)
    assert len(plan.added) == 2
    assert [one.reason for one in plan.skipped] == [
        "cannot be taken: at most 2 files are taken at once"
    ] * 2


def test_a_word_document_is_no_archive_though_it_is_made_as_one(uploads, tmp_path) -> None:
    document = docx.Document()
    document.add_paragraph("A bear was seen near the mill on Sunday.")
    document.save(str(tmp_path / "bear.docx"))
    plan = uploads.look("me", [tmp_path / "bear.docx"])
    assert plan.added == ("bear.docx",)
    assert not plan.skipped
