"""Mends what a check finds, beside whoever reads: they see the index as it was until the switch.

Vectors and words are made anew from the kept texts, and what nothing refers to is deleted. What a
killed build had embedded already stays for its next run.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.build import complete
from index.builds import Origin, noting_failure
from index.embedder import MiniLMEmbeddings
from index.engine import ThisProcess
from index.lexical import LexicalStore
from index.lock import writing
from index.recipe import current_recipe
from index.remaking import distrust, due, to_remake
from index.settings import Settings
from index.store import Store
from index.types import BuildEvent
from index.vectors import VectorStore
from index.verify import Finding, Kind, verify


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
