"""Brings the index in line with files: read, embed, merge, index the words, and switch.

Until the switch every reader sees the old generation. A killed build loses nothing: what it
embedded is found again by its hash. Progress is yielded as events; nothing is printed.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from index.maps import Maps
from index.models.embedder import MiniLMEmbeddings, current_recipe
from index.readers import Found, absolute_path, find_files, read_files
from index.readers.text import Columns
from index.settings import Settings
from index.store.database import writer_lock
from index.store.history import Command, Origin, recording_failure
from index.store.lexical import LexicalStore
from index.store.staging import mark_outdated
from index.store.vectors import VectorStore
from index.store.writer import Store, clean_up
from index.text.days import day_number
from index.text.passages import embedded_text, split
from index.types import (
    STDIN,
    Article,
    BuildEvent,
    BuildReport,
    IsUnchanged,
    Item,
    Skipped,
    Span,
    Stage,
    Unchanged,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LOG = logging.getLogger(__name__)
_FULL = 100_000  # vectors of a collection; the next ones go into another
_SMALL = 20_000  # vectors; collections below this are merged once there are too many
_TOO_MANY = 6  # small collections: each costs a query
_EMBED_PASSAGES = 512  # passages embedded at once: sorted by length, so little is padding


@dataclass(frozen=True, slots=True)
class Cut:
    """A content by its key, its day (None where undated) and its passages."""

    content: int
    day: int | None
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Embedded:
    """Contents that were cut, and the vectors (passages, 384) of all their passages in order."""

    cuts: tuple[Cut, ...]
    vectors: NDArray[np.float32]


class BuildEngine(Protocol):
    """Does the heavy work of a build, which itself stores the results."""

    def read(self, files: Iterable[Found | Skipped | Unchanged]) -> Iterator[Item]:
        """Yield the articles of the files in their order; all else is passed on."""
        ...

    def embed(self, pending: Sequence[int], store: Store) -> Iterator[Embedded]:
        """Yield each of the pending contents of the store once, cut and embedded, in any order."""
        ...


class LocalEngine:
    """Reads and embeds in this process."""

    def __init__(self, embeddings: MiniLMEmbeddings) -> None:
        """Keep the embedder, which is loaded when it is first needed."""
        self._embeddings = embeddings

    def read(self, files: Iterable[Found | Skipped | Unchanged]) -> Iterator[Item]:
        """Yield the articles of the files in their order."""
        return read_files(files)

    def embed(self, pending: Sequence[int], store: Store) -> Iterator[Embedded]:
        """Yield the pending contents in their order, some hundred passages at once."""
        articles = ((key, store.content(key)) for key in pending)
        return cut_and_embed(articles, self._embeddings)


def cut_and_embed(
    contents: Iterable[tuple[int, Article]], embeddings: MiniLMEmbeddings
) -> Iterator[Embedded]:
    """Cut articles, each with the key of its content, and embed some hundred passages at once."""
    cuts: list[Cut] = []
    texts: list[str] = []
    for content, article in contents:
        passages = list(split(article, embeddings.count_tokens))
        day = day_number(article.date) if article.date else None
        cuts.append(Cut(content, day, tuple((passage.start, passage.end) for passage in passages)))
        texts += [embedded_text(article, passage) for passage in passages]
        if len(texts) >= _EMBED_PASSAGES:
            yield Embedded(tuple(cuts), embeddings.embed(texts))
            cuts, texts = [], []
    if cuts:
        yield Embedded(tuple(cuts), embeddings.embed(texts))


def build_index(
    paths: Sequence[Path],
    settings: Settings,
    embeddings: MiniLMEmbeddings,
    *,
    prune: bool = True,
    again: bool = False,
    wait: float = 0.0,
    columns: Columns | None = None,
    stream: Iterable[Article | Skipped] | None = None,
    settled: IsUnchanged | None = None,
    command: Command | None = None,
    engine: BuildEngine | None = None,
) -> Generator[BuildEvent | BuildReport, None, None]:
    """Index the articles in `paths`; the last thing yielded is the report.

    Args:
        paths: Files and folders; none rebuilds the live articles if that is due.
        settings: Where the index lies.
        embeddings: The embedder of this process.
        prune: Whether articles that were found in `paths` before and are gone are removed.
        again: Whether all is embedded again, as after damage to the vectors or the words.
        wait: Seconds to wait for another build to end.
        columns: What a person says of the columns of `paths`, kept with them for later builds;
            None leaves what was said before.
        stream: Articles of standard input, added to those of `paths`.
        settled: Says False of a file that is still being written; its articles stay as they are.
        command: What the record of builds calls it; by default `build`, or `add` without `prune`.
        engine: What reads and embeds; by default this process, with `embeddings`.

    Raises:
        IndexLocked: another build is running.
        ArticleError: one of the paths does not exist; nothing was changed.
    """
    named = [str(absolute_path(path.expanduser())) for path in paths]
    roots = named if prune else None
    piped = [] if stream is None else [STDIN]
    origin = Origin(command or ("build" if prune else "add"), (*named, *piped))
    with (
        writer_lock(settings, wait),
        Store(settings.index_dir, current_recipe()) as store,
        recording_failure(store.connection, origin),
    ):
        clock = time.perf_counter()
        skipped: list[Skipped] = []
        engine = engine or LocalEngine(embeddings)
        maps = Maps(store.connection, named, columns)
        # Raises before anything is changed.
        files = find_files(
            paths,
            unchanged=partial(maps.is_unchanged, store.staging, settled=settled),
            date_order=settings.date_order,
            columns_of=maps.columns_of,
        )
        if again:
            mark_outdated(store.connection)
        items = chain(engine.read(files), stream or ())
        if stream is not None:
            store.staging.open_file(STDIN)
        store.begin()
        for event in store.staging.read(items, roots, skipped):
            store.commit()
            yield event
            store.begin()
        store.commit()
        seconds = {"reading": time.perf_counter() - clock}
        report = yield from complete(store, settings, engine, origin, roots, skipped, seconds)
        maps.keep()
    yield report


def complete(
    store: Store,
    settings: Settings,
    engine: BuildEngine,
    origin: Origin,
    roots: Sequence[str] | None,
    skipped: Sequence[Skipped],
    seconds: dict[str, float],
    rewrite: Collection[str] = (),
) -> Generator[BuildEvent, None, BuildReport]:
    """Make what is staged visible: embed, merge, index words, switch, clean up; return the report.

    The caller holds the writer's lock. Other articles of `roots` are removed, those of None are
    not. `seconds` is the time by stage so far, for the report; the vectors of the collections to
    `rewrite` are copied into another, without what is left over.
    """
    vectors = VectorStore(settings)
    lexical = LexicalStore(settings.index_dir / "words")
    clock = time.perf_counter()
    embedded = yield from _embed(store, vectors, engine)
    seconds["embedding"], clock = time.perf_counter() - clock, time.perf_counter()
    merged = yield from _merge(store, vectors, rewrite)
    for done in lexical.replace(store.lexical_rows()):
        yield BuildEvent(Stage.WORDS, done, None)
    store.mark_lexical()
    seconds["storing"] = time.perf_counter() - clock
    yield BuildEvent(Stage.SWITCHING, 0, None)
    report = store.switch(roots, skipped, merged, origin=origin, embedded=embedded, seconds=seconds)
    try:
        clean_up(store, vectors, lexical)
    except Exception:  # the articles are live, so the build has not failed
        _LOG.warning("cleaning up failed; the next build does it", exc_info=True)
    return report


def remove_articles(ids: Sequence[str], settings: Settings) -> BuildReport:
    """Hide articles, by id, from all later questions; a later build deletes them for good.

    Raises:
        IndexLocked: a build is running.
    """
    with writer_lock(settings), Store(settings.index_dir, current_recipe()) as store:
        return store.remove(ids)


def _embed(
    store: Store, vectors: VectorStore, engine: BuildEngine
) -> Generator[BuildEvent, None, int]:
    """Embed staged contents without vectors; writing one batch overlaps embedding the next.

    They come by day, and a collection that is full is followed by another: each holds some days,
    so that a search between two dates opens few of them. Returns the number of passages.
    """
    pending = store.pending()
    if not pending:
        return 0
    yield BuildEvent(Stage.EMBEDDING, 0, len(pending))
    passages, done, collection, filled = 0, 0, "", _FULL
    with ThreadPoolExecutor(1) as writer:
        finish: Callable[[], None] | None = None
        writer.submit(vectors.open)  # what it raises, the first collection raises again
        for batch in engine.embed(pending, store):
            with store.transaction():  # keys are on disk before a vector bears them
                keys = [
                    key for cut in batch.cuts for key in store.add_passages(cut.content, cut.spans)
                ]
            days = [cut.day for cut in batch.cuts for _ in cut.spans]
            if finish:
                finish()
            if filled >= _FULL:
                collection, filled = _new_collection(store, vectors), 0
            future = writer.submit(vectors.add, collection, keys, batch.vectors, days)
            contents = [cut.content for cut in batch.cuts]
            finish = partial(_finish, store, future, contents, collection)
            filled += len(keys)
            passages += len(keys)
            done += len(batch.cuts)
            yield BuildEvent(Stage.EMBEDDING, done, len(pending))
        if finish:
            finish()
    return passages


def _new_collection(store: Store, vectors: VectorStore) -> str:
    name = f"news-{uuid.uuid4().hex}"
    store.add_collection(name)  # first, so that no killed build leaves an unknown one
    vectors.create(name)
    return name


def _finish(store: Store, written: Future[None], contents: list[int], collection: str) -> None:
    """Wait until vectors are written, and note where they are."""
    written.result()
    store.mark_embedded(contents, collection)


def _merge(
    store: Store, vectors: VectorStore, rewrite: Collection[str]
) -> Generator[BuildEvent, None, tuple[list[str], str] | None]:
    """Copy into one collection those to be rewritten, and small ones when there are too many."""
    sizes = store.collections()
    small = {name for name, size in sizes.items() if size < _SMALL}
    merged = {*rewrite, *(small if len(small) > _TOO_MANY else ())}
    sources = [name for name in sizes if name in merged]
    if not sources:
        return None
    target = _new_collection(store, vectors)
    total = sum(sizes[name] for name in sources)
    done = 0
    for name in [name for name in sources if sizes[name]]:
        used = store.used_keys(name)
        for keys, page, days in vectors.pages(name):
            keep = [at for at, key in enumerate(keys) if key in used]
            if keep:
                vectors.add(target, [keys[at] for at in keep], page[keep], [days[a] for a in keep])
            done += len(keep)
            yield BuildEvent(Stage.MERGING, done, total)
    return sources, target
