"""Checks that the stores agree with the articles; changes nothing.

Knows nothing of how an index is mended, but for the command that does it.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from pathlib import Path

from index.build import complete
from index.engine import ThisProcess
from index.errors import IndexMissing, NothingEarlier
from index.lock import writing
from index.models.embedder import MiniLMEmbeddings, current_recipe
from index.settings import Settings
from index.store.database import open_reader
from index.store.history import Origin, noting_failure
from index.store.lexical import LexicalStore
from index.store.staging import DUE, distrust, due, to_remake
from index.store.vectors import VectorStore
from index.store.writer import Store
from index.types import BuildEvent, BuildReport

_REBUILD = "python -m index build"
_REPAIR = "python -m index verify --repair"
_LIVE = "SELECT content FROM articles WHERE removed IS NULL"


class Kind(StrEnum):
    """What a finding is about; a note harms nobody."""

    RECIPE = "recipe"
    PASSAGES = "passages"
    VECTORS = "vectors"
    WORDS = "words"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not agree, and the command that mends it (empty for notes).

    Attributes:
        contents: Keys of the texts that it is about.
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
    sql = open_reader(settings.index_dir)
    try:
        return [
            *_recipe(sql),
            *_passages(sql),
            *_vectors(sql, VectorStore(settings)),
            *_words(sql, settings.index_dir / "words"),
            *_left_over(sql),
        ]
    finally:
        sql.close()


def _recipe(sql: sqlite3.Connection) -> Iterator[Finding]:
    row = sql.execute("SELECT value FROM meta WHERE name = 'recipe'").fetchone()
    if row is None:
        raise IndexMissing("nothing is indexed yet; run `python -m index build FOLDER`")
    if row[0] != current_recipe():
        what = f"the index is of recipe {row[0]}; this version's is {current_recipe()}"
        yield Finding(Kind.RECIPE, what, _REBUILD)


def _passages(sql: sqlite3.Connection) -> Iterator[Finding]:
    """Every character but white space of a live text must lie in one of its passages."""
    rows = sql.execute(
        "SELECT c.key, c.text, p.start, p.end FROM contents c "
        f"LEFT JOIN passages p ON p.content = c.key WHERE c.key IN ({_LIVE}) "
        "ORDER BY c.key, p.start"
    )
    for key, group in groupby(rows, key=lambda row: int(row[0])):
        pages = list(group)
        text: str = pages[0][1]
        problem = _uncovered(text, [row[2:] for row in pages if row[2] is not None])
        if problem:
            what = f"{_name(sql, key)}: {problem}"
            yield Finding(Kind.PASSAGES, what, _REPAIR, frozenset([key]))


def _uncovered(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """Say what is wrong with the passages of a text; nothing where they are right."""
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


def _name(sql: sqlite3.Connection, content: int) -> str:
    row = sql.execute(
        "SELECT id FROM articles WHERE content = ? AND removed IS NULL ORDER BY key", (content,)
    ).fetchone()
    return str(row[0])


def _vectors(sql: sqlite3.Connection, vectors: VectorStore) -> Iterator[Finding]:
    bare = _count(sql, f"contents WHERE {DUE} AND key IN ({_LIVE})")
    if bare:
        yield Finding(Kind.VECTORS, f"{bare} texts wait to be made anew", _REPAIR)
    stored = vectors.names()
    known = {str(name) for (name,) in sql.execute("SELECT name FROM collections")}
    used = sql.execute(
        f"SELECT DISTINCT collection FROM contents WHERE collection NOT NULL AND key IN ({_LIVE})"
    ).fetchall()
    for (name,) in used:
        needed, others = _keys(sql, name)
        if name not in stored:
            what, lost = f"collection {name} is gone", frozenset(needed.values())
            yield Finding(Kind.VECTORS, what, _REPAIR, lost, frozenset([name]))
            continue
        held = vectors.keys(name)
        if lacking := needed.keys() - held:
            what = f"{name} lacks the vectors of {len(lacking)} passages"
            lost = frozenset(needed[key] for key in lacking)
            yield Finding(Kind.VECTORS, what, _REPAIR, lost)
        if spare := len(held - needed.keys() - others):
            what = f"{spare} vectors in {name} belong to no passage"
            yield Finding(Kind.NOTE, what, collections=frozenset([name]))
    strangers = frozenset(name for name in stored - known if name.startswith("news-"))
    if strangers:
        what = f"{len(strangers)} collections belong to no build of this index"
        yield Finding(Kind.NOTE, what, collections=strangers)


def _keys(sql: sqlite3.Connection, collection: str) -> tuple[dict[int, int], set[int]]:
    """Return the passages of a collection: the live ones, each with its content, and all others."""
    rows = sql.execute(
        f"SELECT p.key, c.key, c.key IN ({_LIVE}) FROM passages p "
        "JOIN contents c ON c.key = p.content WHERE c.collection = ?",
        (collection,),
    ).fetchall()
    return {key: of for key, of, live in rows if live}, {key for key, _, live in rows if not live}


def _words(sql: sqlite3.Connection, folder: Path) -> Iterator[Finding]:
    if not (folder / "meta.json").is_file():
        yield Finding(Kind.WORDS, f"the lexical index in {folder} is gone", _REPAIR)
        return
    try:
        held = LexicalStore(folder).searcher().keys()
    except ValueError as error:  # tantivy's word for every damage
        yield Finding(Kind.WORDS, f"the lexical index in {folder} is damaged: {error}", _REPAIR)
        return
    rows = sql.execute(f"SELECT key, content, content IN ({_LIVE}) FROM passages").fetchall()
    contents = {key: content for key, content, _ in rows}
    lacking = [content for key, content, live in rows if live and key not in held]
    if lacking:
        what = f"the lexical index lacks {len(lacking)} passages"
        yield Finding(Kind.WORDS, what, _REPAIR, frozenset(lacking))
    if spare := held.keys() - contents.keys():
        what = f"{len(spare)} passages in the lexical index are of no text"
        yield Finding(Kind.NOTE, what, passages=frozenset(spare))
    if twice := {key for key, count in held.items() if count > 1} - spare:
        what = f"the lexical index holds {len(twice)} passages twice"
        yield Finding(Kind.WORDS, what, _REPAIR, frozenset(contents[key] for key in twice))


def _left_over(sql: sqlite3.Connection) -> Iterator[Finding]:
    if texts := _count(sql, "contents WHERE key NOT IN (SELECT content FROM articles)"):
        yield Finding(Kind.NOTE, f"{texts} texts of an unfinished build wait to be used again")
    if gone := _count(sql, "articles WHERE removed IS NOT NULL"):
        yield Finding(Kind.NOTE, f"{gone} removed articles wait to be deleted for good")
    if old := _count(sql, "collections WHERE retired IS NOT NULL"):
        yield Finding(Kind.NOTE, f"{old} merged collections wait to be dropped")


def _count(sql: sqlite3.Connection, what: str) -> int:
    return int(sql.execute(f"SELECT count(*) FROM {what}").fetchone()[0])


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a repair mended, and what it could not."""

    mended: tuple[Finding, ...]
    left: tuple[Finding, ...]


def repair(
    settings: Settings, embeddings: MiniLMEmbeddings, wait: float = 0.0
) -> Iterator[BuildEvent | Repaired]:
    """Mend the index as far as its texts are there; the last thing yielded says what was done.

    Args:
        settings: Where the index lies.
        embeddings: The embedder.
        wait: Seconds to wait for a build to end.

    Raises:
        IndexMissing: nothing has been indexed.
        IndexLocked: a build is running.
    """
    before = verify(settings)  # raises before the lock makes a folder
    origin = Origin("repair")
    with (
        writing(settings, wait),
        Store(settings.index_dir, current_recipe()) as store,
        noting_failure(store.connection, origin),
    ):
        before = verify(settings)
        if not store.staging.old_recipe:
            yield from _mend(before, store, settings, embeddings, origin)
    after = verify(settings)
    left = {(finding.kind, finding.what) for finding in after}
    mended = [finding for finding in before if (finding.kind, finding.what) not in left]
    yield Repaired(tuple(mended), tuple(after))


def _mend(
    findings: Sequence[Finding],
    store: Store,
    settings: Settings,
    embeddings: MiniLMEmbeddings,
    origin: Origin,
) -> Iterator[BuildEvent]:
    sql, vectors = store.connection, VectorStore(settings)
    stored = vectors.names()
    named = {name for finding in findings for name in finding.collections}
    known = set(store.collections())
    for name in named - known:
        if not settings.chroma_url:  # on a server it may be of another index
            vectors.drop(name)
    with store.transaction():
        distrust(sql, _of(findings, Kind.PASSAGES, Kind.VECTORS))
        _retire(sql, named - stored)
        _forget_words(sql, findings, settings.index_dir / "words")
        for article in to_remake(sql, None, everything=False) if due(sql) else ():
            store.staging.stage(article)
    spare = {key for finding in findings for key in finding.passages}
    if spare:
        for _ in LexicalStore(settings.index_dir / "words").replace((), (), spare):
            pass
    rewrite = named & known & stored
    engine = ThisProcess(embeddings)
    yield from complete(store, settings, engine, origin, None, (), {}, rewrite=rewrite)


def _of(findings: Iterable[Finding], *kinds: Kind) -> set[int]:
    return {key for finding in findings if finding.kind in kinds for key in finding.contents}


def _retire(sql: sqlite3.Connection, names: Iterable[str]) -> None:
    """Note that collections that are gone are used no longer, not by an unfinished build either."""
    gone = [(name,) for name in names]
    lost = [sql.execute("SELECT key FROM contents WHERE collection = ?", name) for name in gone]
    distrust(sql, [key for rows in lost for (key,) in rows])
    sql.executemany(
        "UPDATE collections SET retired = ? WHERE name = ? AND retired IS NULL",
        [(time.time(), name) for (name,) in gone],
    )


def _forget_words(sql: sqlite3.Connection, findings: Iterable[Finding], folder: Path) -> None:
    """Note which texts have no words; a lexical index that cannot be read is deleted."""
    query = "UPDATE contents SET worded = 0"
    for finding in findings:
        if finding.kind is Kind.WORDS and not finding.contents:
            for path in folder.glob("*"):
                path.unlink()
            sql.execute(query)
    sql.executemany(f"{query} WHERE key = ?", [(key,) for key in _of(findings, Kind.WORDS)])


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


def roll_back(settings: Settings, wait: float = 0.0) -> RolledBack:
    """Show the articles of the generation before again; a second call undoes the first.

    Raises:
        IndexMissing: nothing has been indexed.
        IndexLocked: a build is running.
        NothingEarlier: no earlier generation is kept.
    """
    missing = IndexMissing("nothing is indexed yet; run `python -m index build FOLDER`")
    if not settings.index_dir.is_dir():
        raise missing
    with writing(settings, wait), Store(settings.index_dir, current_recipe()) as store:
        if store.generation == 0:
            raise missing
        earlier = store.earlier
        if not earlier:
            raise NothingEarlier(
                "there is nothing to go back to: the index has had one build so far, or was made "
                "anew by its last one"
            )
        return RolledBack(earlier, _made(store.connection, earlier), store.roll_back())


def _made(sql: sqlite3.Connection, generation: int) -> datetime:
    row = sql.execute("SELECT made FROM generations WHERE number = ?", (generation,)).fetchone()
    return datetime.fromtimestamp(row[0]).astimezone()
