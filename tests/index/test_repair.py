"""A damaged index is mended beside its readers, and what cannot be mended is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import index.models.embedder
from index.build import build_index
from index.errors import IndexLocked, IndexMissing
from index.settings import Settings
from index.store.database import writer_lock
from index.store.lexical import LexicalRow, LexicalStore
from index.store.snapshot import IndexReader
from index.store.vectors import VectorStore, open_client
from index.upkeep import Kind, Repaired, repair, verify
from tests.index.archive import QUESTIONS, STORIES, execute, found, live_ids, run_build, write


def run_repair(settings, embeddings) -> Repaired:
    *_, done = repair(settings, embeddings)
    assert isinstance(done, Repaired)
    return done


def collection_of(settings: Settings) -> str:
    (name,) = VectorStore(settings).names()
    return name


def words_of(settings: Settings) -> Path:
    return settings.index_dir / "words"


def lose_collection(settings: Settings) -> None:
    VectorStore(settings).drop(collection_of(settings))


def lose_vectors(settings: Settings) -> None:
    open_client(settings).get_collection(collection_of(settings)).delete(ids=["1", "3"])


def add_vectors(settings: Settings) -> None:
    vectors = np.eye(2, 384, dtype=np.float32)
    VectorStore(settings).add(collection_of(settings), [901, 902], vectors, [None, 20230101])


def add_collection(settings: Settings) -> None:
    VectorStore(settings).create("news-of-nobody")


def lose_words(settings: Settings) -> None:
    for path in words_of(settings).iterdir():
        path.unlink()


def spoil_words(settings: Settings) -> None:
    (words_of(settings) / "meta.json").write_text("{")


def lose_segments(settings: Settings) -> None:
    for path in words_of(settings).glob("*.idx"):
        path.unlink()


def lose_some_words(settings: Settings) -> None:
    LexicalStore(words_of(settings)).delete([2])


def add_words(settings: Settings) -> None:
    rows = [LexicalRow(901, 901, "Nothing", "Nobody wrote this.", None)]
    list(LexicalStore(words_of(settings)).replace(rows))


def lose_passage(settings: Settings) -> None:
    execute(settings, "DELETE FROM passages WHERE key = 2")


@pytest.mark.parametrize(
    ("damage", "kinds"),
    [
        (lose_collection, {Kind.VECTORS}),
        (lose_vectors, {Kind.VECTORS}),
        (add_vectors, {Kind.NOTE}),
        (add_collection, {Kind.NOTE}),
        (lose_words, {Kind.WORDS}),
        (spoil_words, {Kind.WORDS}),
        (lose_segments, {Kind.WORDS}),
        (lose_some_words, {Kind.WORDS}),
        (add_words, {Kind.NOTE}),
        (lose_passage, {Kind.PASSAGES, Kind.NOTE}),
    ],
)
def test_damage_is_found_and_mended(
    settings, hashed, folder, damage: Callable[[Settings], None], kinds
):
    run_build(settings, hashed, folder)
    before = [found(IndexReader(settings), hashed, question) for question in QUESTIONS]
    assert verify(settings) == []
    damage(settings)
    findings = verify(settings)
    assert {finding.kind for finding in findings} == kinds
    done = run_repair(settings, hashed)
    assert {finding.kind for finding in done.mended} == kinds
    assert all("wait to be" in finding.what for finding in done.left)
    assert [found(IndexReader(settings), hashed, question) for question in QUESTIONS] == before
    assert run_build(settings, hashed, folder).unchanged == 4


def test_sound_index_stays_as_it_is(settings, hashed, folder):
    run_build(settings, hashed, folder)
    assert run_repair(settings, hashed) == Repaired((), ())
    assert run_build(settings, hashed, folder).generation == 1


def test_snapshot_does_not_see_the_repair_and_the_next_one_does(settings, hashed, folder):
    run_build(settings, hashed, folder)
    reader = IndexReader(settings)
    lose_vectors(settings)
    with reader.snapshot() as held:
        run_repair(settings, hashed)
        assert {held.article(name).id for name in STORIES} == set(STORIES)
        assert held.generation == 1
    assert found(reader, hashed, "wildfire in Lahaina")[0][0] == "maui.txt"
    assert set(found(reader, hashed, "wildfire in Lahaina")[0]) == set(STORIES)


def test_what_a_killed_build_embedded_stays(settings, hashed, folder):
    run_build(settings, hashed, folder)
    write(folder, {"derna.txt": "date 2023-09-11 Dams break above Derna"})
    building = build_index([folder], settings, hashed)
    next(event for event in building if event.stage == "words" or event.stage == "switching")
    building.close()
    lose_words(settings)
    run_repair(settings, hashed)
    report = run_build(settings, hashed, folder)
    assert (report.added, report.embedded, report.unchanged) == (1, 0, 4)
    assert found(IndexReader(settings), hashed, "Derna")[1] == ["derna.txt"]


def test_index_of_another_version_is_left_to_a_build(settings, hashed, folder, monkeypatch):
    run_build(settings, hashed, folder)
    lose_some_words(settings)
    monkeypatch.setattr(index.models.embedder, "TEMPLATE_VERSION", "next")
    done = run_repair(settings, hashed)
    assert done.mended == ()
    recipe = next(finding for finding in done.left if finding.kind is Kind.RECIPE)
    assert recipe.remedy == "broadsheet index build"


def test_nothing_indexed_and_running_builds_are_errors(settings, hashed, folder):
    with pytest.raises(IndexMissing):
        run_repair(settings, hashed)
    run_build(settings, hashed, folder)
    with writer_lock(settings), pytest.raises(IndexLocked):
        run_repair(settings, hashed)
    assert live_ids(settings) == set(STORIES)
