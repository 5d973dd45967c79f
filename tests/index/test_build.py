"""A build brings the index in line with files: what it adds, keeps, removes, and survives."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

import index.build
import index.models.embedder
from index.build import remove_articles
from index.errors import ArticleError, IndexLocked, IndexMismatch, IndexMissing
from index.readers import files as reading
from index.status import index_status
from index.store import writer
from index.store.database import writer_lock
from index.store.lexical import LexicalStore
from index.store.snapshot import IndexReader
from index.store.vectors import VectorStore
from index.types import Bounds
from index.upkeep import Kind, verify
from tests.index.archive import (
    QUESTIONS,
    ROOT,
    STORIES,
    environment,
    execute,
    found,
    live_ids,
    run_build,
    sound,
    write,
)


def test_first_build_counts_and_finds(settings, embeddings, folder):
    report = run_build(settings, embeddings, folder)
    assert (report.added, report.articles, report.undated, report.generation) == (4, 4, 1, 1)
    assert report.embedded == 4
    assert report.exit_code == 0
    dense, lexical = found(IndexReader(settings), embeddings, "Who scored in the final?")
    assert dense[0] == lexical[0] == "sydney.txt"
    assert sound(settings)


@pytest.mark.parametrize("word", "committee agreed increase refugees Chinese promised".split())
def test_words_whose_stem_has_a_shorter_stem_are_found(settings, hashed, tmp_path, word):
    text = "The Chinese committee agreed to increase aid for refugees, as promised."
    news = write(tmp_path / "news", {"aid.txt": f"date 2023-06-18 Aid\n\n{text}\n"})
    run_build(settings, hashed, news)
    assert found(IndexReader(settings), hashed, word)[1] == ["aid.txt"]


def test_unchanged_folder_is_neither_embedded_nor_read(settings, hashed, folder, monkeypatch):
    run_build(settings, hashed, folder)
    for name in reading._READERS:
        monkeypatch.setitem(reading._READERS, name, lambda *_: pytest.fail("it was read"))
    report = run_build(settings, hashed, folder)
    assert (report.unchanged, report.embedded, report.generation) == (4, 0, 1)
    assert report.added == report.changed == report.moved == report.removed == 0
    assert report.exit_code == 0


def test_changes_moves_removals_and_additions_are_counted_apart(settings, hashed, folder):
    run_build(settings, hashed, folder)
    (folder / "maui.txt").write_text("date 2023-08-12 The fire's toll rises\n\nIt is now 89.\n")
    (folder / "old").mkdir()
    (folder / "beijing.txt").rename(folder / "old" / "beijing.txt")
    (folder / "sydney.txt").unlink()
    (folder / "new.txt").write_text("date 2023-09-11 Dams break above Derna\n")
    report = run_build(settings, hashed, folder)
    assert (report.added, report.changed, report.moved, report.removed) == (1, 1, 1, 1)
    assert (report.unchanged, report.embedded, report.generation) == (1, 2, 2)
    assert live_ids(settings) == {"maui.txt", "old/beijing.txt", "new.txt", "recipe.txt"}
    assert found(IndexReader(settings), hashed, "toll 89")[1] == ["maui.txt"]
    assert sound(settings)


def test_file_that_comes_back_as_it_was_is_indexed_again(settings, hashed, folder, tmp_path):
    run_build(settings, hashed, folder)
    (folder / "maui.txt").rename(tmp_path / "maui.txt")
    assert run_build(settings, hashed, folder).removed == 1
    (tmp_path / "maui.txt").rename(folder / "maui.txt")
    report = run_build(settings, hashed, folder)
    assert (report.added, report.unchanged, report.embedded) == (1, 3, 0)
    assert "maui.txt" in live_ids(settings)


def test_names_with_a_hash_sign_are_files_like_others(settings, hashed, tmp_path):
    folder = write(tmp_path / "a#b", {"day #1.txt": "One.", "c#d/day #2.md": "# Two\n\nIt is."})
    assert run_build(settings, hashed, folder).added == 2
    assert run_build(settings, hashed, folder).unchanged == 2
    assert live_ids(settings) == {"day #1.txt", "c#d/day #2.md"}


def test_roots_do_not_touch_each_other(settings, hashed, folder, tmp_path):
    run_build(settings, hashed, folder)
    other = write(tmp_path / "news-2", {"derna.txt": "date 2023-09-11 Dams break"})
    report = run_build(settings, hashed, other)
    assert (report.added, report.removed, report.articles) == (1, 0, 5)
    (other / "derna.txt").unlink()
    write(other, {"rabat.txt": "date 2023-09-08 The earth shakes"})
    assert run_build(settings, hashed, other).removed == 1
    assert live_ids(settings) == {*STORIES, "rabat.txt"}


def test_add_removes_nothing(settings, hashed, folder):
    run_build(settings, hashed, folder)
    (folder / "maui.txt").unlink()
    (folder / "new.txt").write_text("date 2023-09-11 Dams break\n")
    report = run_build(settings, hashed, folder, prune=False)
    assert (report.added, report.removed, report.articles) == (1, 0, 5)


def test_same_name_in_two_folders_makes_two_ids(settings, hashed, tmp_path):
    first = write(tmp_path / "june", {"001.txt": "date 2023-06-01 June begins"})
    second = write(tmp_path / "july", {"001.txt": "date 2023-07-01 July begins"})
    run_build(settings, hashed, first)
    run_build(settings, hashed, second)
    assert live_ids(settings) == {"001.txt", "july/001.txt"}
    run_build(settings, hashed, first, second)
    assert live_ids(settings) == {"001.txt", "july/001.txt"}


def test_same_text_in_two_files_is_embedded_once(settings, hashed, tmp_path):
    folder = write(tmp_path / "news", {"a.txt": STORIES["maui.txt"], "b.txt": STORIES["maui.txt"]})
    report = run_build(settings, hashed, folder)
    assert (report.added, report.embedded) == (2, 1)
    assert index_status(settings).identical == 1


def test_broken_file_keeps_its_old_article(settings, hashed, folder):
    run_build(settings, hashed, folder)
    (folder / "maui.txt").write_bytes(b"date 2023-02-31 Never\n\nNo such day.\n")
    (folder / "empty.txt").write_text("")
    report = run_build(settings, hashed, folder)
    assert report.exit_code == 1
    reasons = {Path(item.location).name: item.reason for item in report.skipped}
    assert set(reasons) == {"maui.txt", "empty.txt"}
    assert "2023-02-31" in reasons["maui.txt"]
    assert "maui.txt" in live_ids(settings)
    write(folder, {"maui.txt": STORIES["maui.txt"], "empty.txt": "No longer empty."})
    assert run_build(settings, hashed, folder, prune=False).exit_code == 0
    assert index_status(settings).skipped == ()


def test_every_bad_record_of_a_file_is_reported(settings, hashed, tmp_path):
    lines = ['{"title": "A", "body": "It rains."}', "{", "nothing", '{"title": "", "body": ""}']
    folder = write(tmp_path / "news", {"feed.jsonl": "\n".join(lines)})
    report = run_build(settings, hashed, folder)
    assert len(report.skipped) == 3
    assert [s.line for s in index_status(settings).skipped] == [2, 3, 4]


def test_nothing_but_broken_files_is_nothing_done(settings, hashed, tmp_path):
    folder = write(tmp_path / "news", {"empty.txt": ""})
    assert run_build(settings, hashed, folder).exit_code == 2


def test_missing_path_changes_nothing(settings, hashed, folder):
    run_build(settings, hashed, folder)
    with pytest.raises(ArticleError, match="no such file or folder"):
        run_build(settings, hashed, folder, folder / "absent")
    assert live_ids(settings) == set(STORIES)


def test_removed_article_vanishes_and_a_build_brings_it_back(settings, hashed, folder):
    run_build(settings, hashed, folder)
    report = remove_articles(["maui.txt", "nobody"], settings)
    assert (report.removed, report.articles, report.generation) == (1, 3, 2)
    reader = IndexReader(settings)
    assert "maui.txt" not in found(reader, hashed, "wildfire in Lahaina")[1]
    report = run_build(settings, hashed, folder)
    assert (report.added, report.embedded) == (1, 0)


def test_nothing_indexed_is_an_error_that_names_the_command(settings):
    with (
        pytest.raises(IndexMissing, match="broadsheet index build"),
        IndexReader(settings).snapshot(),
    ):
        pass


def test_changed_recipe_is_noticed_and_mended_from_the_stored_text(
    settings, hashed, folder, monkeypatch
):
    run_build(settings, hashed, folder)
    for path in folder.iterdir():  # the stored text is enough
        path.unlink()
    monkeypatch.setattr(index.models.embedder, "TEMPLATE_VERSION", "next")
    with pytest.raises(IndexMismatch, match="broadsheet index build"):
        live_ids(settings)
    assert index_status(settings).remedy == "broadsheet index build"
    assert {finding.kind for finding in verify(settings)} == {Kind.RECIPE}
    report = run_build(settings, hashed)
    assert (report.embedded, report.articles) == (4, 4)
    assert live_ids(settings) == set(STORIES)
    assert found(IndexReader(settings), hashed, "wildfire in Lahaina")[0][0] == "maui.txt"
    assert sound(settings)


def test_second_writer_is_refused_and_may_wait(settings, hashed, folder):
    with writer_lock(settings), pytest.raises(IndexLocked, match=f"process {os.getpid()}"):
        run_build(settings, hashed, folder)
    assert run_build(settings, hashed, folder).added == 4


def test_many_small_builds_are_merged_and_find_the_same(settings, hashed, folder, tmp_path):
    reader = IndexReader(settings)
    run_build(settings, hashed, folder)
    before = [found(reader, hashed, question) for question in QUESTIONS]
    held = reader.open()
    for number in range(7):
        write(folder, {f"more{number}.txt": f"date 2022-01-0{number + 1} Zebra {number} escapes"})
        run_build(settings, hashed, folder)
    assert index_status(settings).collections < 7
    summer = Bounds(date_from=date(2023, 6, 1), date_to=date(2023, 9, 1))
    with reader.snapshot() as snapshot:
        for question, (dense, lexical) in zip(QUESTIONS, before, strict=True):
            now = found(reader, hashed, question)
            assert [name for name in now[0] if name in STORIES] == dense
            assert [name for name in now[1] if name in STORIES] == lexical
        vector = hashed.embed_query("who met Qin Gang")
        assert len(snapshot.dense(vector, 10, summer)) == 4
    assert len(held.dense(vector, 10, Bounds())) == 4  # the old generation is still whole
    held.close()
    assert sound(settings)


KILLED = """
import os, signal, sys
from pathlib import Path
import index.build
from index.settings import load_settings
from tests.index.archive import HashedEmbeddings, run_build
class Killed(HashedEmbeddings):
    batches = 0
    def embed(self, texts):
        self.batches += 1
        if self.batches == 4:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().embed(texts)
index.build._EMBED_PASSAGES = 3
settings = load_settings()
run_build(settings, Killed(lambda: settings.models / "all-MiniLM-L6-v2"), Path(sys.argv[1]))
"""


def test_killed_build_loses_nothing_and_resumes(settings, hashed, folder):
    run_build(settings, hashed, folder)
    more = {f"extra{n:02}.txt": f"date 2023-10-{n + 1:02} Story {n}\n" for n in range(15)}
    write(folder, more)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(folder)], env=environment(settings), cwd=ROOT
    )
    assert killed.returncode == -signal.SIGKILL
    assert live_ids(settings) == set(STORIES)  # the old generation is served meanwhile
    assert found(IndexReader(settings), hashed, "wildfire in Lahaina")[0][0] == "maui.txt"
    report = run_build(settings, hashed, folder)
    assert (report.added, report.unchanged) == (15, 4)
    assert report.embedded == 15 - 6  # two batches of three were stored before the kill
    assert live_ids(settings) == {*STORIES, *more}
    assert sound(settings)


def test_lost_vectors_and_words_are_found_and_mended(settings, hashed, folder):
    run_build(settings, hashed, folder)
    vectors = VectorStore(settings)
    (name,) = vectors.names()
    vectors.drop(name)
    for path in (settings.index_dir / "words").iterdir():
        path.unlink()
    findings = [finding for finding in verify(settings) if finding.kind is not Kind.NOTE]
    assert {finding.kind for finding in findings} == {Kind.VECTORS, Kind.WORDS}
    assert {finding.remedy for finding in findings} == {"broadsheet index verify --repair"}
    report = run_build(settings, hashed, again=True)
    assert (report.embedded, report.exit_code) == (4, 0)
    assert sound(settings)
    assert found(IndexReader(settings), hashed, "bake bread")[1] == ["recipe.txt"]


def test_verify_finds_a_passage_that_is_missing(settings, hashed, folder):
    run_build(settings, hashed, folder)
    execute(settings, "DELETE FROM passages WHERE key = 2")
    (problem,) = [finding for finding in verify(settings) if finding.kind is Kind.PASSAGES]
    assert "in no passage" in problem.what


def test_old_articles_are_deleted_for_good(settings, hashed, folder, monkeypatch):
    run_build(settings, hashed, folder)
    (folder / "maui.txt").unlink()
    run_build(settings, hashed, folder)
    monkeypatch.setattr(writer, "GRACE_SECONDS", -1.0)
    monkeypatch.setattr(writer, "UNFINISHED_SECONDS", -1.0)
    run_build(settings, hashed, folder)
    assert [f.what for f in verify(settings)] == ["1 removed articles wait to be deleted for good"]
    write(folder, {"derna.txt": "date 2023-09-11 Dams break"})  # what rollback needs is another now
    run_build(settings, hashed, folder)
    notes = [finding.what for finding in verify(settings)]
    assert notes == ["1 vectors in " + notes[0].split()[3] + " belong to no passage"]
    words = LexicalStore(settings.index_dir / "words").searcher()
    assert words.search("wildfire Lahaina", 5, Bounds()) == []


def test_question_asked_while_all_is_made_anew_finds_the_old(settings, hashed, folder, monkeypatch):
    run_build(settings, hashed, folder)
    reader = IndexReader(settings)
    before = [found(reader, hashed, question) for question in QUESTIONS]
    seen = []

    class Asked(type(hashed)):
        def embed(self, texts):
            seen.append([found(reader, hashed, question) for question in QUESTIONS])
            return super().embed(texts)

    monkeypatch.setattr(index.build, "_EMBED_PASSAGES", 1)
    run_build(settings, Asked(lambda: settings.models / "all-MiniLM-L6-v2"), folder, again=True)
    assert seen == [before] * 4
    assert [found(reader, hashed, question) for question in QUESTIONS] == before
    assert sound(settings)


def test_file_that_left_is_removed_though_all_is_embedded_again(settings, hashed, folder):
    run_build(settings, hashed, folder)
    (folder / "maui.txt").unlink()
    report = run_build(settings, hashed, folder, again=True)
    assert (report.removed, report.articles, report.embedded) == (1, 3, 3)


def test_embedding_all_again_below_a_path_that_is_not_there_changes_nothing(
    settings, hashed, folder, tmp_path
):
    run_build(settings, hashed, folder)
    with pytest.raises(ArticleError, match="no such file or folder"):
        run_build(settings, hashed, tmp_path / "typo", again=True)
    assert run_build(settings, hashed, folder).embedded == 0
