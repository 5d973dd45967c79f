"""Looks after an index: checks that its stores agree, repairs them, goes back a generation."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from pathlib import Path

from index.build import LocalEngine, build_index, complete
from index.errors import IndexMissing, NothingEarlier
from index.models.embedder import MiniLMEmbeddings, current_recipe
from index.settings import Settings
from index.store.database import REPAIR, open_reader, read_meta, readable_errors, writer_lock
from index.store.history import Origin, recording_failure
from index.store.lexical import LexicalStore
from index.store.staging import OUTDATED, content_hash, mark_outdated
from index.store.vectors import VectorsDamaged, VectorStore
from index.store.writer import Store
from index.types import BuildEvent, BuildReport

_REBUILD = "broadsheet index build"
_LIVE = "SELECT content FROM articles WHERE removed IS NULL"


class Kind(StrEnum):
    """What a finding is about; a note harms nobody."""

    RECIPE = "recipe"
    TEXTS = "texts"
    PASSAGES = "passages"
    VECTORS = "vectors"
    WORDS = "words"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not agree, and the command that mends it (empty for notes).

    Attributes:
        contents: Keys of the contents that it is about.
        collections: Names of the collections that it is about.
        passages: Keys of passages that only the lexical index knows.
    """

    kind: Kind
    what: str
    remedy: str = ""
    contents: frozenset[int] = frozenset()
    collections: frozenset[str] = frozenset()
    passages: frozenset[int] = frozenset()


def verify(settings: Settings) -> list[Finding]:
    """Return what is wrong with the live generation, and notes on what is merely left over.

    Raises:
        IndexMissing: nothing has been indexed.
        BroadsheetError: the Chroma server named in the settings does not answer.
    """
    with readable_errors(settings.index_dir), closing(open_reader(settings.index_dir)) as sql:
        return [
            *_check_recipe(sql),
            *_check_texts(sql),
            *_check_passages(sql),
            *_check_vectors(sql, VectorStore(settings)),
            *_check_words(sql, settings.index_dir / "words"),
            *_left_over(sql),
        ]


def _check_recipe(sql: sqlite3.Connection) -> Iterator[Finding]:
    recipe = read_meta(sql)["recipe"]
    if recipe != current_recipe():
        what = f"the index is of recipe {recipe}; this version's is {current_recipe()}"
        yield Finding(Kind.RECIPE, what, _REBUILD)


def _check_texts(sql: sqlite3.Connection) -> Iterator[Finding]:
    """Yield the live texts that differ from their hash."""
    recipe = read_meta(sql)["recipe"]
    rows = sql.execute(
        "SELECT c.key, c.hash, c.headline, c.day, c.source, c.url, c.text FROM contents c "
        f"WHERE c.key IN ({_LIVE}) AND NOT {OUTDATED} ORDER BY c.key"
    )
    for key, digest, *content in rows:
        if content_hash(recipe, content) != digest:
            what = f"{_name_of(sql, key)}: the stored text is not the one that was read"
            yield Finding(Kind.TEXTS, what, REPAIR, frozenset([key]))


def _check_passages(sql: sqlite3.Connection) -> Iterator[Finding]:
    """Yield the live texts of which some characters are in no passage, white space aside."""
    rows = sql.execute(
        "SELECT c.key, c.text, p.start, p.end FROM contents c "
        f"LEFT JOIN passages p ON p.content = c.key WHERE c.key IN ({_LIVE}) "
        "ORDER BY c.key, p.start"
    )
    for key, group in groupby(rows, key=lambda row: int(row[0])):
        passages = list(group)
        text: str = passages[0][1]
        if problem := _coverage_problem(text, [row[2:] for row in passages if row[2] is not None]):
            yield Finding(
                Kind.PASSAGES, f"{_name_of(sql, key)}: {problem}", REPAIR, frozenset([key])
            )


def _name_of(sql: sqlite3.Connection, content: int) -> str:
    query = "SELECT id FROM articles WHERE content = ? AND removed IS NULL ORDER BY key"
    return str(sql.execute(query, (content,)).fetchone()[0])


def _coverage_problem(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """Return what is wrong with the passages of a text; nothing where they are right."""
    covered = 0
    for start, end in spans:
        if not 0 <= start < end <= len(text):
            return f"a passage ({start} to {end}) lies outside its text of {len(text)} characters"
        if start > covered and text[covered:start].strip():
            return f"characters {covered} to {start} are in no passage"
        covered = max(covered, end)
    if text[covered:].strip():
        return f"characters {covered} to {len(text)} are in no passage"
    return ""


def _check_vectors(sql: sqlite3.Connection, vectors: VectorStore) -> Iterator[Finding]:
    if outdated := _count(sql, f"contents WHERE {OUTDATED} AND key IN ({_LIVE})"):
        yield Finding(Kind.VECTORS, f"{outdated} texts wait to be embedded again", REPAIR)
    try:
        stored = vectors.names()
    except VectorsDamaged as error:
        every = frozenset(int(key) for (key,) in sql.execute(_LIVE))
        yield Finding(Kind.VECTORS, str(error).partition(";")[0], REPAIR, every)
        return
    known = {str(name) for (name,) in sql.execute("SELECT name FROM collections")}
    used = sql.execute(
        f"SELECT DISTINCT collection FROM contents WHERE collection NOT NULL AND key IN ({_LIVE})"
    ).fetchall()
    for (name,) in used:
        rows = sql.execute(
            f"SELECT p.key, c.key, c.key IN ({_LIVE}) FROM passages p "
            "JOIN contents c ON c.key = p.content WHERE c.collection = ?",
            (name,),
        ).fetchall()
        needed = {key: content for key, content, live in rows if live}
        if name not in stored:
            what, lost = f"collection {name} is gone", frozenset(needed.values())
            yield Finding(Kind.VECTORS, what, REPAIR, lost, frozenset([name]))
            continue
        held = vectors.keys(name)
        if lacking := needed.keys() - held:
            what = f"{name} lacks the vectors of {len(lacking)} passages"
            lost = frozenset(needed[key] for key in lacking)
            yield Finding(Kind.VECTORS, what, REPAIR, lost)
        if spare := len(held - {key for key, _, _ in rows}):
            what = f"{spare} vectors in {name} belong to no passage"
            yield Finding(Kind.NOTE, what, collections=frozenset([name]))
    if strange := frozenset(name for name in stored - known if name.startswith("news-")):
        what = f"{len(strange)} collections belong to no build of this index"
        yield Finding(Kind.NOTE, what, collections=strange)


def _check_words(sql: sqlite3.Connection, folder: Path) -> Iterator[Finding]:
    if not (folder / "meta.json").is_file():
        yield Finding(Kind.WORDS, f"the lexical index in {folder} is gone", REPAIR)
        return
    try:
        held = LexicalStore(folder).searcher().keys()
    except ValueError as error:  # tantivy's word for every damage
        yield Finding(Kind.WORDS, f"the lexical index in {folder} is damaged: {error}", REPAIR)
        return
    rows = sql.execute(f"SELECT key, content, content IN ({_LIVE}) FROM passages").fetchall()
    contents = {key: content for key, content, _ in rows}
    if lacking := [content for key, content, live in rows if live and key not in held]:
        what = f"the lexical index lacks {len(lacking)} passages"
        yield Finding(Kind.WORDS, what, REPAIR, frozenset(lacking))
    if spare := held.keys() - contents.keys():
        what = f"{len(spare)} passages in the lexical index are of no text"
        yield Finding(Kind.NOTE, what, passages=frozenset(spare))
    if twice := {key for key, count in held.items() if count > 1} - spare:
        what = f"the lexical index holds {len(twice)} passages twice"
        yield Finding(Kind.WORDS, what, REPAIR, frozenset(contents[key] for key in twice))


_LEFT_OVER = {
    "contents WHERE key NOT IN (SELECT content FROM articles)": (
        "texts of an unfinished build wait to be used again"
    ),
    "articles WHERE removed IS NOT NULL": "removed articles wait to be deleted for good",
    "collections WHERE retired IS NOT NULL": "merged collections wait to be dropped",
}


def _left_over(sql: sqlite3.Connection) -> Iterator[Finding]:
    for rows, what in _LEFT_OVER.items():
        if count := _count(sql, rows):
            yield Finding(Kind.NOTE, f"{count} {what}")


def _count(sql: sqlite3.Connection, rows: str) -> int:
    return int(sql.execute(f"SELECT count(*) FROM {rows}").fetchone()[0])


@dataclass(frozen=True, slots=True)
class Repaired:
    """The findings that a repair mended, and those that are left."""

    mended: tuple[Finding, ...]
    left: tuple[Finding, ...]


def repair(settings: Settings, embeddings: MiniLMEmbeddings) -> Iterator[BuildEvent | Repaired]:
    """Mend the index from its stored texts; the last thing yielded is what was done.

    Raises:
        IndexMissing: nothing has been indexed.
        IndexLocked: a build is running.
    """
    altered = _contents_of(verify(settings), Kind.TEXTS)  # raises before the lock makes a folder
    if altered:
        yield from _read_again(altered, settings, embeddings)
    origin = Origin("repair")
    with (
        writer_lock(settings),
        Store(settings.index_dir, current_recipe()) as store,
        recording_failure(store.connection, origin),
    ):
        before = verify(settings)
        if not store.staging.recipe_changed:
            rewrite = _prepare(before, store, settings)
            engine = LocalEngine(embeddings)
            yield from complete(store, settings, engine, origin, None, (), {}, rewrite=rewrite)
    after = verify(settings)
    left = {(finding.kind, finding.what) for finding in after}
    mended = [finding for finding in before if (finding.kind, finding.what) not in left]
    yield Repaired(tuple(mended), tuple(after))


def _read_again(
    contents: Collection[int], settings: Settings, embeddings: MiniLMEmbeddings
) -> Iterator[BuildEvent]:
    """Read articles whose stored text was altered from their files again, where these are."""
    marks = ",".join(map(str, contents))
    with writer_lock(settings), Store(settings.index_dir, current_recipe()) as store:
        rows = store.connection.execute(
            f"SELECT DISTINCT file, content FROM articles WHERE content IN ({marks})"
        ).fetchall()
        there = [(file, content) for file, content in rows if Path(file).is_file()]
        mark_outdated(store.connection, [content for _, content in there])
        store.connection.executemany("DELETE FROM files WHERE path = ?", [(f,) for f, _ in there])
    paths = sorted({Path(file) for file, _ in there})
    if paths:
        built = build_index(paths, settings, embeddings, prune=False, command="repair")
        yield from (event for event in built if isinstance(event, BuildEvent))


def _prepare(findings: Sequence[Finding], store: Store, settings: Settings) -> set[str]:
    """Have a build embed and index again what is damaged; return the collections to rewrite."""
    sql, vectors, words = store.connection, VectorStore(settings), settings.index_dir / "words"
    known = set(store.collections())
    try:
        stored = vectors.names()
    except VectorsDamaged:
        vectors.set_aside()
        stored = set()
        with store.transaction():
            for name in known:
                _retire_missing(sql, name)
    named = {name for finding in findings for name in finding.collections}
    for name in named - known:
        if not settings.chroma_url:  # on a server it may be of another index
            vectors.drop(name)
    with store.transaction():
        mark_outdated(sql, _contents_of(findings, Kind.PASSAGES, Kind.VECTORS))
        for name in named - stored:
            _retire_missing(sql, name)
        if any(finding.kind is Kind.WORDS and not finding.contents for finding in findings):
            for path in words.glob("*"):  # it cannot be read
                path.unlink()
            sql.execute("UPDATE contents SET worded = 0")
        sql.executemany(
            "UPDATE contents SET worded = 0 WHERE key = ?",
            [(key,) for key in _contents_of(findings, Kind.WORDS)],
        )
        store.staging.stage_outdated(None)
    if spare := {key for finding in findings for key in finding.passages}:
        LexicalStore(words).delete(keys=spare)
    return named & known & stored


def _contents_of(findings: Iterable[Finding], *kinds: Kind) -> set[int]:
    return {key for finding in findings if finding.kind in kinds for key in finding.contents}


def _retire_missing(sql: sqlite3.Connection, name: str) -> None:
    """Mark a missing collection as unused; what it held is embedded again."""
    lost = sql.execute("SELECT key FROM contents WHERE collection = ?", (name,)).fetchall()
    mark_outdated(sql, [key for (key,) in lost])
    sql.execute(
        "UPDATE collections SET retired = ? WHERE name = ? AND retired IS NULL", (time.time(), name)
    )


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What a rollback did.

    Attributes:
        generation: The generation whose articles are shown again.
        made: When that generation was made, in local time.
        report: What changed by going back; `added` are the articles brought back.
    """

    generation: int
    made: datetime
    report: BuildReport


def roll_back(settings: Settings) -> RolledBack:
    """Show the articles of the generation before again; a second call undoes the first.

    Raises:
        IndexMissing: nothing has been indexed.
        IndexLocked: a build is running.
        NothingEarlier: no earlier generation is kept.
    """
    if not settings.index_dir.is_dir():
        raise IndexMissing
    with writer_lock(settings), Store(settings.index_dir, current_recipe()) as store:
        if store.generation == 0:
            raise IndexMissing
        earlier = store.earlier
        if not earlier:
            raise NothingEarlier(
                "there is nothing to go back to: the index has had one build so far, or was made "
                "anew by its last one"
            )
        (made,) = store.connection.execute(
            "SELECT made FROM generations WHERE number = ?", (earlier,)
        ).fetchone()
        return RolledBack(earlier, datetime.fromtimestamp(made).astimezone(), store.roll_back())
