"""Brings the index in line with files: read, embed, merge, word, and switch.

Until the switch every reader sees the old generation. A killed build loses nothing: what it
embedded is found again by its hash. Knows nothing of terminals: it yields events.
"""

from __future__ import annotations

import logging
import sqlite3
import time
import uuid
from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import chain
from pathlib import Path

from index.engine import Engine, ThisProcess
from index.lock import writing
from index.models.embedder import MiniLMEmbeddings, current_recipe
from index.readers import Known, find_files, in_full
from index.reading import read_into
from index.settings import Settings
from index.store.history import Command, Origin, noting_failure
from index.store.lexical import LexicalStore
from index.store.staging import distrust
from index.store.vectors import VectorStore
from index.store.writer import Store
from index.types import STDIN, Article, BuildEvent, BuildReport, Skipped, Stage, Unchanged

_LOG = logging.getLogger(__name__)
_FULL = 100_000  # vectors of a collection; the next ones go into another
_SMALL = 20_000  # vectors; collections below this are merged once there are too many
_TOO_MANY = 6


def build_index(
    paths: Sequence[Path],
    settings: Settings,
    embeddings: MiniLMEmbeddings,
    *,
    prune: bool = True,
    again: bool = False,
    wait: float = 0.0,
    stream: Iterable[Article | Skipped] | None = None,
    whole: Known | None = None,
    command: Command | None = None,
    engine: Engine | None = None,
) -> Generator[BuildEvent | BuildReport, None, None]:
    """Index the articles in `paths`; the last thing yielded is the report.

    Args:
        paths: Files and folders; none makes the articles that are live anew if that is due.
        settings: Where the index lies.
        embeddings: The embedder of this process.
        prune: Whether articles that were found in `paths` before and are gone are removed.
        again: Whether all is embedded anew, as after damage to the vectors or the words.
        wait: Seconds to wait for another build to end.
        stream: Articles of standard input, added to those of `paths`.
        whole: Where it says False of a file, which is still being written, what the index holds
            of the file stays.
        command: What the record of builds calls it; by default `build`, or `add` without `prune`.
        engine: What reads and embeds; by default this process, with `embeddings`.

    Raises:
        IndexLocked: another build is running.
        ArticleError: one of the paths does not exist; nothing was changed.
    """
    named = [str(in_full(path.expanduser())) for path in paths]
    roots = named if prune else None
    piped = [] if stream is None else [STDIN]
    origin = Origin(command or ("build" if prune else "add"), (*named, *piped))
    with (
        writing(settings, wait),
        Store(settings.index_dir, current_recipe()) as store,
        noting_failure(store.connection, origin),
    ):
        clock = time.perf_counter()
        skipped: list[Skipped] = []
        if again:
            distrust(store.connection)
        known = partial(store.staging.unchanged, whole=whole)
        engine = engine or ThisProcess(embeddings)
        items = chain(engine.read(find_files(paths, unchanged=known)), stream or ())
        for file in piped:
            store.staging.opened(file)
        yield from _read(store, items, roots, skipped)
        seconds = {"reading": time.perf_counter() - clock}
        report = yield from complete(store, settings, engine, origin, roots, skipped, seconds)
    yield report


def complete(
    store: Store,
    settings: Settings,
    engine: Engine,
    origin: Origin,
    roots: Sequence[str] | None,
    skipped: Sequence[Skipped],
    seconds: dict[str, float],
    rewrite: Collection[str] = (),
) -> Generator[BuildEvent, None, BuildReport]:
    """Make what is staged visible: embed, merge, word, switch and clean up; returns the report.

    Args:
        store: The index's truth, whose lock the caller holds.
        settings: Where the index lies.
        engine: What embeds.
        origin: Where the build comes from, for the record of builds.
        roots: Files and folders whose other articles are removed; None removes none.
        skipped: What could not be read.
        seconds: Time by stage so far, for the report.
        rewrite: Collections whose vectors are copied into another, without what is left over.
    """
    vectors = VectorStore(settings)
    lexical = LexicalStore(settings.index_dir / "words")
    clock = time.perf_counter()
    embedded = yield from _embed(store, vectors, engine)
    seconds["embedding"], clock = time.perf_counter() - clock, time.perf_counter()
    merged = yield from _merge(store, vectors, rewrite)
    yield from _word(store, lexical)
    seconds["storing"] = time.perf_counter() - clock
    yield BuildEvent(Stage.SWITCHING, 0, None)
    report = store.switch(roots, skipped, merged, origin=origin, embedded=embedded, seconds=seconds)
    try:
        clean_up(store, vectors, lexical)
    except Exception:  # the articles are live: to fail now would say that nothing was done
        _LOG.warning("cleaning up failed; the next build does it", exc_info=True)
    return report


def remove_articles(ids: Sequence[str], settings: Settings) -> BuildReport:
    """Take articles out of the index by id; raises `IndexLocked` as a build does."""
    with writing(settings), Store(settings.index_dir, current_recipe()) as store:
        return store.remove(ids)


def _read(
    store: Store,
    items: Iterable[Article | Skipped | Unchanged],
    roots: Sequence[str] | None,
    skipped: list[Skipped],
) -> Iterator[BuildEvent]:
    """Stage what is read, many articles in one transaction."""
    store.begin()
    for event in read_into(store.staging, items, roots, skipped):
        store.commit()
        yield event
        store.begin()
    store.commit()


def _embed(store: Store, vectors: VectorStore, engine: Engine) -> Generator[BuildEvent, None, int]:
    """Embed staged contents without vectors; writing one batch overlaps embedding the next.

    They come by day, and a collection that is full is followed by another: each holds some days,
    so that a search between two dates opens few of them.
    """
    pending = store.pending()
    if not pending:
        return 0
    yield BuildEvent(Stage.EMBEDDING, 0, len(pending))
    passages, done, collection, held = 0, 0, "", _FULL
    with ThreadPoolExecutor(1) as writer:
        writing_now: _Written | None = None
        writer.submit(vectors.open)  # what it raises, the first collection raises again
        for made in engine.embed(pending, store):
            with store.transaction():  # keys are on disk before a vector bears them
                keys = [key for cut in made.cuts for key in store.allot(cut.content, cut.spans)]
            days = [cut.day for cut in made.cuts for _ in cut.spans]
            _finish(writing_now, store)
            if held >= _FULL:
                collection, held = _new_collection(store, vectors), 0
            future = writer.submit(vectors.add, collection, keys, made.vectors, days)
            writing_now = future, [cut.content for cut in made.cuts], collection
            held += len(keys)
            passages += len(keys)
            done += len(made.cuts)
            yield BuildEvent(Stage.EMBEDDING, done, len(pending))
        _finish(writing_now, store)
    return passages


def _new_collection(store: Store, vectors: VectorStore) -> str:
    name = f"news-{uuid.uuid4().hex}"
    store.add_collection(name)  # first, so that no killed build leaves an unknown one
    vectors.create(name)
    return name


_Written = tuple[Future[None], list[int], str]


def _finish(written: _Written | None, store: Store) -> None:
    if written:
        future, contents, collection = written
        future.result()
        store.embedded(contents, collection)


def _merge(
    store: Store, vectors: VectorStore, rewrite: Collection[str]
) -> Generator[BuildEvent, None, tuple[list[str], str] | None]:
    """Copy small collections into one when there are too many, since each costs a query."""
    sizes = store.collections()
    small = [name for name, size in sizes.items() if size < _SMALL]
    if len(small) <= _TOO_MANY:
        small = [name for name in sizes if name in rewrite]
    if not small:
        return None
    target = _new_collection(store, vectors)
    total = sum(sizes[name] for name in small)
    done = 0
    for name in [name for name in small if sizes[name]]:
        used = store.used_keys(name)
        for keys, page, days in vectors.pages(name):
            keep = [at for at, key in enumerate(keys) if key in used]
            if keep:
                vectors.add(target, [keys[at] for at in keep], page[keep], [days[a] for a in keep])
            done += len(keep)
            yield BuildEvent(Stage.MERGING, done, total)
    return small, target


def _word(store: Store, lexical: LexicalStore) -> Iterator[BuildEvent]:
    for done in lexical.replace(store.unworded(), ()):
        yield BuildEvent(Stage.WORDS, done, None)
    store.worded()


GRACE_SECONDS = 900.0  # far longer than a question keeps its snapshot
UNFINISHED_SECONDS = 86_400.0  # what a killed build embedded waits a day for its next run


def expired_contents(sql: sqlite3.Connection) -> list[int]:
    """Forget articles removed a while ago; return the contents that no article has any more.

    What a rollback would show again is kept.
    """
    old = time.time() - GRACE_SECONDS
    sql.execute(
        "DELETE FROM articles WHERE removed IS NOT NULL AND removed <= "
        "(SELECT coalesce(max(number), 0) FROM generations WHERE made < ?) "
        "AND removed <= coalesce((SELECT nullif(CAST(value AS INTEGER), 0) FROM meta "
        "WHERE name = 'earlier'), removed)",
        (old,),
    )
    rows = sql.execute(
        "SELECT key FROM contents WHERE made < ? "
        "AND key NOT IN (SELECT content FROM articles) "
        "AND key NOT IN (SELECT content FROM staged)",
        (time.time() - UNFINISHED_SECONDS,),
    )
    return [key for (key,) in rows]


def forget_contents(sql: sqlite3.Connection, contents: list[int]) -> None:
    """Delete contents and their passages, after the lexical index has dropped them."""
    keys = [(key,) for key in contents]
    sql.execute("BEGIN IMMEDIATE")
    sql.executemany("DELETE FROM passages WHERE content = ?", keys)
    sql.executemany("DELETE FROM contents WHERE key = ?", keys)
    sql.execute("COMMIT")


def clean_up(store: Store, vectors: VectorStore, lexical: LexicalStore) -> None:
    """Delete expired contents, and drop collections that were left a while ago."""
    sql = store.connection
    contents = expired_contents(sql)
    if contents:
        keys = [(key,) for key in contents]
        with store.transaction():  # after a kill, one whose text comes back is worded anew
            sql.executemany("UPDATE contents SET worded = 0 WHERE key = ?", keys)
        for _ in lexical.replace((), contents):
            pass
        forget_contents(sql, contents)
    old = time.time() - GRACE_SECONDS
    sql.execute(
        "UPDATE collections SET retired = ? WHERE retired IS NULL AND name NOT IN "
        "(SELECT collection FROM contents WHERE collection NOT NULL)",
        (time.time(),),
    )
    for (name,) in sql.execute("SELECT name FROM collections WHERE retired < ?", (old,)).fetchall():
        vectors.drop(name)
        sql.execute("DELETE FROM collections WHERE name = ?", (name,))
