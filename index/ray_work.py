"""What Ray's workers do for a build: read files, and cut and embed texts that they ask for.

Work and results travel pickled, one piece to a row, between machines of one cluster. Knows
nothing of how work is spread, nor of how results are stored.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.engine import cut_and_embed
from index.models.download import ensure_embedder
from index.models.embedder import MiniLMEmbeddings
from index.readers import read_files
from index.settings import load_settings
from index.store.database import content_article, open_reader
from index.types import Article

if TYPE_CHECKING:
    import pyarrow as pa
    from ray.actor import ActorHandle

COLUMN = "piece"
"""The one column of all rows."""
_ARTICLES = 200  # in one row: a file of records may hold millions


def _row(piece: Any) -> pa.Table:
    import pyarrow as pa

    return pa.table({COLUMN: pa.array([pickle.dumps(piece)], pa.binary())})


def pieces_of(table: pa.Table) -> list[Any]:
    """Return the pieces of a table, one of each row."""
    return [pickle.loads(row) for row in table.column(COLUMN).to_pylist()]


def read_pieces(table: pa.Table) -> Iterator[pa.Table]:
    """Read runs of files; each row that comes back holds some of their articles, in order."""
    for files in pieces_of(table):
        items = read_files(files)
        while some := list(islice(items, _ARTICLES)):
            yield _row(some)


class Texts:
    """Hands out the texts of the index; lives on the machine where the index lies."""

    def __init__(self, index_dir: Path) -> None:
        """Remember where the index lies."""
        self._index_dir = index_dir

    def of(self, contents: list[int]) -> list[tuple[int, Article]]:
        """Return contents by their keys; they are there already, and never change."""
        with closing(open_reader(self._index_dir)) as sql:  # held open it would stop checkpoints
            return [(key, content_article(sql, key)) for key in contents]


class EmbedPieces:
    """Holds an embedder with one thread; as many of them as a machine has cores use it whole."""

    def __init__(
        self,
        texts: ActorHandle[Texts],
        model_settings: dict[str, Any],
    ) -> None:
        """Remember where texts and the model come from; both are fetched when needed."""
        self._texts = texts
        self._embeddings = MiniLMEmbeddings(
            lambda: ensure_embedder(load_settings(**model_settings)), threads=1
        )

    def __call__(self, table: pa.Table) -> Iterator[pa.Table]:
        """Cut and embed runs of contents, given by their keys."""
        import ray

        for keys in pieces_of(table):
            contents: list[tuple[int, Article]] = ray.get(self._texts.of.remote(keys))
            for made in cut_and_embed(contents, self._embeddings):
                yield _row(made)
