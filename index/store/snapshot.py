"""The readers' side of the index: one consistent view of one generation, held for a question."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date

from index.errors import IndexDamaged, IndexMismatch
from index.models.embedder import current_recipe
from index.settings import Settings
from index.store.catalogue import Catalogue, DayCounts
from index.store.database import (
    ADMITTED,
    LIVE,
    REPAIR,
    admit_by,
    load_details,
    open_reader,
    read_meta,
    readable_errors,
    row_article,
)
from index.store.lexical import LexicalSearcher, LexicalStore
from index.store.vectors import VectorStore
from index.text.days import number_day
from index.types import Article, ArticleRef, Bounds, Coverage, Generation, Hit, OfArticle, Passage

_NARROW = 0.25  # share of a collection below which its passages are named to Chroma
_MARGIN = 1.3
_SCATTERED = 2.0  # subjects have their days, and approximate searches miss some of many
_COMPLETE = -2.0  # below every cosine
_PAGE = 500  # passages looked up at once


@dataclass(frozen=True, slots=True)
class StoredPassage(OfArticle):
    """A live passage with what is known of its article; `articles` are all that carry it."""

    key: int
    passage: Passage
    article: ArticleRef
    articles: tuple[str, ...]


class IndexReader:
    """Opens snapshots of one index; keeps the clients that they share."""

    def __init__(self, settings: Settings) -> None:
        """Keep the settings; nothing is opened yet."""
        self._settings = settings
        self._vectors = VectorStore(settings)
        self._lexical: LexicalStore | None = None
        self._counts: dict[int, DayCounts] = {}
        self._live: Generation | None = None

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Hold one generation; builds that end meanwhile do not change it.

        Raises:
            IndexMissing: nothing has been indexed.
            IndexDamaged: a file of it cannot be read.
            IndexMismatch: the index was made by another embedder, chunker or schema.
        """
        with readable_errors(self._settings.index_dir), closing(self.open()) as snapshot:
            yield snapshot

    def open(self) -> Snapshot:
        """Open a snapshot that the caller closes; raises as `snapshot` does."""
        while True:
            sql = open_reader(self._settings.index_dir)
            try:
                meta = read_meta(sql)
                if meta["recipe"] != current_recipe():
                    raise IndexMismatch(
                        "the index was made by another version of the embedder or the chunker; "
                        "run `broadsheet index build` to make it anew"
                    )
                searcher = self._words()
                # Words that were cleaned away between the two openings are missing from a
                # snapshot that still shows them: open both again.
                with closing(open_reader(self._settings.index_dir)) as now:
                    if read_meta(now)["generation"] == meta["generation"]:
                        generation = int(meta["generation"])
                        return Snapshot(sql, generation, self._vectors, searcher, self._counts)
            except BaseException:
                sql.close()
                raise
            sql.close()

    def _words(self) -> LexicalSearcher:
        folder = self._settings.index_dir / "words"
        try:
            if self._lexical is None:
                self._lexical = LexicalStore(folder)
            return self._lexical.searcher()
        except ValueError as error:  # tantivy's word for every damage
            self._lexical = None
            raise IndexDamaged(f"{folder} cannot be read ({error}); type `{REPAIR}`") from error

    def live(self) -> Generation:
        """Return the live generation, counted once; raises as `snapshot` does."""
        with self.snapshot() as snapshot:
            known = self._live
            if known is None or known.number != snapshot.generation:
                known = self._live = snapshot.catalogue().counted()
            return known


class Snapshot:
    """One generation of the index, as it was when the snapshot was opened.

    Attributes:
        lost: Why there are no vectors to be searched; empty where there are.
    """

    def __init__(
        self,
        sql: sqlite3.Connection,
        generation: int,
        vectors: VectorStore,
        lexical: LexicalSearcher,
        counts: dict[int, DayCounts],
    ) -> None:
        """Take over the connection, which holds a read transaction.

        `counts` by generation are shared with other snapshots.
        """
        self._sql = sql
        self.generation = generation
        self._vectors = vectors
        self._lexical = lexical
        self._counts = counts
        self.lost = ""

    def close(self) -> None:
        """End the read transaction."""
        self._sql.close()

    def dense(self, vector: Sequence[float], limit: int, bounds: Bounds) -> list[Hit]:
        """Return the `limit` live passages nearest to a unit vector, by cosine, best first.

        There are none where the vectors are `lost`.
        """
        if self.lost:
            return []
        shares = self._days().shares(bounds)
        wanted, named = int(limit * _MARGIN) + 1, False
        while True:
            found = [self._nearest(*part, vector, wanted, bounds, named) for part in shares.items()]
            hits = [hit for nearest, _ in found for hit in nearest]
            # Below the last hit of a collection that has more, something may be missing.
            floor = max((nearest[-1].score for nearest, more in found if more), default=_COMPLETE)
            hits = sorted((hit for hit in hits if hit.score >= floor), key=lambda hit: -hit.score)
            live = self._admitted(hits, bounds)
            if len(live) >= limit or floor == _COMPLETE:
                return live[:limit]
            wanted, named = 4 * wanted, bool(bounds.sources)

    def _nearest(
        self,
        collection: str,
        share: float,
        vector: Sequence[float],
        wanted: int,
        bounds: Bounds,
        named: bool,
    ) -> tuple[list[Hit], bool]:
        """Return about `wanted` nearest passages of a collection, and whether it has more.

        Where the dates admit few articles, or they are to be `named`, Chroma is given the passages
        to look at: its own filter by a date takes nine times as long. Where many, more is fetched
        and sorted out later.
        """
        keys, fetch = None, wanted
        if share < _NARROW or named:
            keys = self._keys_within(collection, bounds)
        elif share < 1.0:
            fetch = int(wanted * _SCATTERED / share) + 1
        hits = self._vectors.search(collection, vector, fetch, keys)
        return hits, len(hits) == fetch

    def _keys_within(self, collection: str | None, bounds: Bounds) -> list[int]:
        """Return the keys of the passages within the bounds, of one collection or of all."""
        first, last = bounds.numbers
        chosen = "1" if collection is None else "c.collection = :name"
        if bounds.sources:
            admit_by(self._sql, bounds.sources)
            of_content = f"SELECT 1 FROM articles a WHERE a.content = c.key AND {LIVE}"
            chosen += f" AND EXISTS ({of_content} AND admits(c.source, a.details))"
        rows = self._sql.execute(
            "SELECT p.key FROM contents c JOIN passages p ON p.content = c.key "
            "WHERE (c.day BETWEEN :first AND :last OR (:undated AND c.day IS NULL)) "
            f"AND {chosen}",
            {
                "generation": self.generation,
                "name": collection,
                "first": first,
                "last": last,
                "undated": bounds.undated,
            },
        )
        return [int(key) for (key,) in rows]

    def lexical(self, text: str, limit: int, bounds: Bounds) -> list[Hit]:
        """Return the `limit` live passages that match the words best, by BM25, best first."""
        fetch, named = int(limit * _MARGIN) + 1, frozenset[int]()
        while True:
            hits = self._lexical.search(text, fetch, bounds)
            likely = [hit for hit in hits if not named or hit.key in named]
            live = self._admitted(likely, bounds)
            if len(live) >= limit or len(hits) < fetch:
                return live[:limit]
            if bounds.sources and not named:  # few are of them: not all texts are looked up
                named = frozenset(self._keys_within(None, bounds))
                if not named:
                    return []
            fetch *= 4

    def mentioning(self, text: str, bounds: Bounds) -> Iterator[StoredPassage]:
        """Yield every live passage that holds all words of `text`, in the order of its article."""
        keys = sorted(self._lexical.mentioning(text, bounds))
        for at in range(0, len(keys), _PAGE):
            yield from self.passages(keys[at : at + _PAGE], bounds).values()

    def frequency(self, stem: str) -> float:
        """Return the share of passages that hold a stemmed word, 0 to 1."""
        return self._lexical.frequency(stem) / max(self._lexical.passages, 1)

    def passages(self, keys: Sequence[int], bounds: Bounds = Bounds()) -> dict[int, StoredPassage]:  # noqa: B008
        """Return the live passages with these keys, by key; those outside the bounds drop out."""
        marks = ",".join(str(int(key)) for key in keys)
        rows = self._sql.execute(
            "SELECT p.key, p.start, p.end, substr(c.text, p.start + 1, p.end - p.start), "
            "c.headline, c.day, c.source, c.url, a.details, a.id "
            "FROM passages p JOIN contents c ON c.key = p.content "
            f"JOIN articles a ON a.content = c.key WHERE p.key IN ({marks}) AND {LIVE} "
            "ORDER BY a.key",
            {"generation": self.generation},
        )
        found: dict[int, StoredPassage] = {}
        for key, start, end, text, headline, day, source, url, written, name in rows:
            if key in found:
                found[key] = replace(found[key], articles=(*found[key].articles, name))
                continue
            when, details = number_day(day) if day else None, load_details(written)
            if bounds.admits(when, source, details):
                passage = Passage(name, start, end, text)
                article = ArticleRef(name, headline, when, source, url, details)
                found[key] = StoredPassage(key, passage, article, (name,))
        return found

    def article(self, article_id: str) -> Article | None:
        """Return a live article by its id."""
        row = self._sql.execute(
            "SELECT a.id, a.location, c.headline, c.text, c.day, c.source, c.url, a.details "
            "FROM articles a "
            f"JOIN contents c ON c.key = a.content WHERE a.id = :id AND {LIVE}",
            {"generation": self.generation, "id": article_id},
        ).fetchone()
        return None if row is None else row_article(*row)

    def catalogue(self) -> Catalogue:
        """The live articles as a list."""
        return Catalogue(self._sql, self.generation, self._days)

    def sources(self, limits: Sequence[str] = ()) -> list[str]:
        """The publishers of the live articles, or of those that `limits` admit, by name."""
        admit_by(self._sql, limits)
        rows = self._sql.execute(
            "SELECT DISTINCT c.source FROM contents c JOIN articles a ON a.content = c.key "
            f"WHERE c.source IS NOT NULL AND {LIVE}{ADMITTED if limits else ''} ORDER BY c.source",
            {"generation": self.generation},
        )
        return [str(source) for (source,) in rows]

    def coverage(self, bounds: Bounds = Bounds()) -> Coverage:  # noqa: B008
        """Return what the live articles within the bounds' dates span."""
        return self._days().coverage(bounds)

    def coverage_of_sources(self, bounds: Bounds) -> Coverage:
        """The same, of what the bounds' sources admit; reads every article for it."""
        if not bounds.sources:
            return self.coverage(bounds)
        return DayCounts(self._sql, self.generation, bounds.sources).coverage(bounds)

    def newest(self, limit: date) -> date | None:
        """Return the newest article's date that is not after `limit`."""
        return self.coverage(Bounds(date_to=limit, undated=False)).last

    def _days(self) -> DayCounts:
        """Count the live articles, once a generation.

        Only collections with something live may be opened: Chroma's embedded client would never
        see what a build adds later to one that it opened.
        """
        counts = self._counts.get(self.generation)
        if counts is None:
            counts = DayCounts(self._sql, self.generation)
            self._counts.clear()  # older generations are seldom asked for again
            self._counts[self.generation] = counts
        return counts

    def _admitted(self, hits: Sequence[Hit], bounds: Bounds) -> list[Hit]:
        live = self.passages([hit.key for hit in hits], bounds)
        return [hit for hit in hits if hit.key in live]
