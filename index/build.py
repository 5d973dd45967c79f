"""Brings the index in line with files: read, embed, merge, word, and switch.

Until the switch every reader sees the old generation. A killed build loses nothing: what it
embedded is found again by its hash. Knows nothing of terminals: it yields events.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from os import stat_result
from pathlib import Path

from index.cleanup import clean_up
from index.days import day_number
from index.embedder import MiniLMEmbeddings
from index.lexical import LexicalStore
from index.lock import writing
from index.passages import embedded_text, split
from index.readers import Known, in_full, read_articles
from index.recipe import current_recipe
from index.remaking import distrust, to_remake
from index.settings import Settings
from index.store import Store
from index.types import (
    STDIN,
    Article,
    BuildEvent,
    BuildReport,
    Skipped,
    Stage,
    Unchanged,
    file_of,
)
from index.vectors import VectorStore

_STAGE_BATCH = 500  # articles in one transaction while reading
_EMBED_PASSAGES = 512  # passages embedded at once: sorted by length, so little is padding
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
) -> Iterator[BuildEvent | BuildReport]:
    """Index the articles in `paths`; the last thing yielded is the report.

    Args:
        paths: Files and folders; none makes the articles that are live anew if that is due.
        settings: Where the index lies.
        embeddings: The embedder.
        prune: Whether articles that were found in `paths` before and are gone are removed.
        again: Whether all is embedded anew, as after damage to the vectors or the words.
        wait: Seconds to wait for another build to end.
        stream: Articles of standard input, added to those of `paths`.
        whole: Where it says False of a file, which is still being written, what the index holds
            of the file stays.

    Raises:
        IndexLocked: another build is running.
        ArticleError: one of the paths does not exist; nothing was changed.
    """
    with writing(settings, wait), Store(settings.index_dir, current_recipe()) as store:
        clock = time.perf_counter()
        skipped: list[Skipped] = []
        roots = [str(in_full(path.expanduser())) for path in paths] if prune else None
        if again:
            distrust(store.connection)
        yield from _read(paths, roots, stream, whole, store, skipped)
        seconds = {"reading": time.perf_counter() - clock}
        report = yield from complete(store, settings, embeddings, roots, skipped, seconds)
    yield report


def complete(
    store: Store,
    settings: Settings,
    embeddings: MiniLMEmbeddings,
    roots: Sequence[str] | None,
    skipped: Sequence[Skipped],
    seconds: dict[str, float],
    rewrite: Collection[str] = (),
) -> Generator[BuildEvent, None, BuildReport]:
    """Make what is staged visible: embed, merge, word, switch and clean up; returns the report.

    Args:
        store: The index's truth, whose lock the caller holds.
        settings: Where the index lies.
        embeddings: The embedder.
        roots: Files and folders whose other articles are removed; None removes none.
        skipped: What could not be read.
        seconds: Time by stage so far, for the report.
        rewrite: Collections whose vectors are copied into another, without what is left over.
    """
    vectors = VectorStore(settings)
    lexical = LexicalStore(settings.index_dir / "words")
    clock = time.perf_counter()
    embedded = yield from _embed(store, vectors, embeddings)
    seconds["embedding"], clock = time.perf_counter() - clock, time.perf_counter()
    merged = yield from _merge(store, vectors, rewrite)
    yield from _word(store, lexical)
    seconds["storing"] = time.perf_counter() - clock
    yield BuildEvent(Stage.SWITCHING, 0, None)
    report = store.switch(roots, skipped, merged, embedded=embedded, seconds=seconds)
    clean_up(store, vectors, lexical)
    return report


def remove_articles(ids: Sequence[str], settings: Settings) -> BuildReport:
    """Take articles out of the index by id; raises `IndexLocked` as a build does."""
    with writing(settings), Store(settings.index_dir, current_recipe()) as store:
        return store.remove(ids)


def _read(
    paths: Sequence[Path],
    roots: Sequence[str] | None,
    stream: Iterable[Article | Skipped] | None,
    whole: Known | None,
    store: Store,
    skipped: list[Skipped],
) -> Iterator[BuildEvent]:
    """Stage what is read; files that are as they were are not read again."""
    seen: dict[str, stat_result] = {}

    def unchanged(path: Path, stat: stat_result) -> bool:
        name = str(path)
        same = store.same_file(name, stat.st_mtime_ns, stat.st_size)
        if same or (whole is not None and not whole(path, stat)):
            return True
        seen[name] = stat
        return False

    store.begin()
    items = chain(read_articles(paths, unchanged=unchanged), stream or ())
    done = yield from _stage(items, store, skipped)
    broken = {file_of(item.location) for item in skipped}
    for name, stat in seen.items():
        if name not in broken:  # a broken file is read again by every build
            store.stage_file(name, stat.st_mtime_ns, stat.st_size)
    if stream is not None and STDIN not in broken:
        store.stage_file(STDIN, 0, 0)  # what was skipped of it before is told no longer
    for article in to_remake(store.connection, roots, everything=store.old_recipe):
        store.stage(article)
    store.commit()
    yield BuildEvent(Stage.READING, done, done)


def _stage(
    items: Iterable[Article | Skipped | Unchanged], store: Store, skipped: list[Skipped]
) -> Generator[BuildEvent, None, int]:
    """Stage or keep each item, many in one transaction; returns how many there were."""
    done = 0
    for item in items:
        if isinstance(item, Skipped):
            skipped.append(item)
            store.keep(file_of(item.location))
        elif isinstance(item, Unchanged):
            store.keep(item.location)
        else:
            store.stage(item)
        done += 1
        if done % _STAGE_BATCH == 0:
            store.commit()
            yield BuildEvent(Stage.READING, done, None)
            store.begin()
    return done


def _embed(
    store: Store, vectors: VectorStore, embeddings: MiniLMEmbeddings
) -> Generator[BuildEvent, None, int]:
    """Embed staged contents without vectors; writing one batch overlaps embedding the next."""
    pending = store.pending()
    if not pending:
        return 0
    collection = f"news-{uuid.uuid4().hex}"
    store.add_collection(collection)  # first, so that no killed build leaves an unknown one
    vectors.create(collection)
    yield BuildEvent(Stage.EMBEDDING, 0, len(pending))
    passages, done = 0, 0
    with ThreadPoolExecutor(1) as writer:
        writing_now: tuple[Future[None], list[int]] | None = None
        for batch in _batches(pending, store, embeddings):
            keys, texts, days, contents = batch
            made = embeddings.embed(texts)
            _finish(writing_now, store, collection)
            future = writer.submit(vectors.add, collection, keys, made, days)
            writing_now = future, contents
            passages += len(keys)
            done += len(contents)
            yield BuildEvent(Stage.EMBEDDING, done, len(pending))
        _finish(writing_now, store, collection)
    return passages


Batch = tuple[list[int], list[str], list[int | None], list[int]]


def _batches(pending: Iterable[int], store: Store, embeddings: MiniLMEmbeddings) -> Iterator[Batch]:
    """Yield passages in batches: their keys, texts and days, and the contents they are of."""
    keys: list[int] = []
    texts: list[str] = []
    days: list[int | None] = []
    contents: list[int] = []
    store.begin()
    for content in pending:
        article = store.content(content)
        passages = list(split(article, embeddings.count_tokens))
        keys += store.allot(content, passages)
        texts += [embedded_text(article, passage) for passage in passages]
        days += [_day(article)] * len(passages)
        contents.append(content)
        if len(keys) >= _EMBED_PASSAGES:
            store.commit()  # keys are on disk before a vector bears them
            yield keys, texts, days, contents
            keys, texts, days, contents = [], [], [], []
            store.begin()
    store.commit()
    if contents:
        yield keys, texts, days, contents


def _day(article: Article) -> int | None:
    return day_number(article.date) if article.date else None


def _finish(written: tuple[Future[None], list[int]] | None, store: Store, collection: str) -> None:
    if written:
        future, contents = written
        future.result()
        store.embedded(contents, collection)


def _merge(
    store: Store, vectors: VectorStore, rewrite: Collection[str]
) -> Generator[BuildEvent, None, tuple[list[str], str] | None]:
    """Copy small collections into one when there are too many, since each costs a query."""
    sizes = store.collections()
    small = [name for name, size in sizes.items() if size < _SMALL]
    if len(sizes) <= _TOO_MANY or len(small) < 2:
        small = [name for name in sizes if name in rewrite]
    if not small:
        return None
    target = f"news-{uuid.uuid4().hex}"
    store.add_collection(target)
    vectors.create(target)
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
