"""Dense search: unit vectors in Chroma collections, embedded in this process or on a server.

Each build writes a collection of its own, since Chroma's embedded client sees what another
process creates but not what it adds (measured on 1.5). It may hold
more than a generation shows; the snapshot leaves out what is not live.
"""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from index.errors import BroadsheetError, IndexDamaged
from index.settings import Settings
from index.store.database import REPAIR, unwritable
from index.types import Hit

if TYPE_CHECKING:
    import numpy as np
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection
    from chromadb.api.types import GetResult
    from numpy.typing import NDArray

_CONFIGURATION: Any = {"hnsw": {"space": "cosine", "ef_search": 128}}
PATIENCE = 10.0
"""Seconds that a Chroma server may take for an answer."""
_PAGE = 2000
_READ_DIRECTLY = 400  # vectors that are read faster than they are searched
_clients: dict[Hashable, ClientAPI] = {}
_clients_lock = threading.Lock()


class VectorsMissing(BroadsheetError):
    """A collection is gone: the snapshot that named it is older than the last clean-up."""


class VectorsDamaged(IndexDamaged):
    """Chroma cannot read its own files."""


class ServerSilent(BroadsheetError):
    """The Chroma server of the settings does not answer, or not in time."""


def open_client(settings: Settings) -> ClientAPI:
    """Return the process's Chroma client for these settings; the only place that makes one.

    Raises:
        BroadsheetError: the Chroma server named in the settings does not answer.
    """
    path = settings.index_dir / "vectors"
    server = settings.chroma_tenant, settings.chroma_database, settings.chroma_token
    name = (settings.chroma_url, *server) if settings.chroma_url else str(path.resolve())
    with _clients_lock:
        if name not in _clients:
            _clients[name] = _connect(settings, path)
        return _clients[name]


def _connect(settings: Settings, path: Path) -> ClientAPI:
    import chromadb
    import httpx
    from chromadb.config import Settings as ChromaSettings

    options = ChromaSettings(anonymized_telemetry=False)
    if not settings.chroma_url:
        try:
            path.mkdir(parents=True, exist_ok=True)
            return chromadb.PersistentClient(path=str(path), settings=options)
        except Exception as error:
            raise unwritable(error, path.parent) or _damaged(path, error) from error
    url = urlsplit(settings.chroma_url)
    if url.path.strip("/"):
        raise BroadsheetError(
            f"BROADSHEET_CHROMA_URL={settings.chroma_url}: expected http://host:port, "
            "for a server below a path cannot be reached"
        )
    tls = url.scheme == "https"
    token = settings.chroma_token.get_secret_value()  # as gateways read it, and as Chroma Cloud
    headers = {"Authorization": f"Bearer {token}", "X-Chroma-Token": token} if token else {}
    try:
        # Its own client would wait for ever, when it is made and later.
        httpx.get(f"{settings.chroma_url}/api/v2/heartbeat", headers=headers, timeout=PATIENCE)
        client = chromadb.HttpClient(
            host=url.hostname or "localhost",
            port=url.port or (443 if tls else 8000),
            ssl=tls,
            headers=headers,
            tenant=settings.chroma_tenant,
            database=settings.chroma_database,
            settings=options,
        )
    except Exception as error:
        raise _no_answer(settings, error) from error
    session = getattr(getattr(client, "_server", None), "_session", None)
    if isinstance(session, httpx.Client):
        session.timeout = httpx.Timeout(PATIENCE)
    return client


def _damaged(path: Path, error: Exception) -> VectorsDamaged:
    return VectorsDamaged(f"the vectors in {path} cannot be read ({error}); type `{REPAIR}`")


def _no_answer(settings: Settings, error: Exception) -> ServerSilent:
    first: BaseException = error  # Chroma's own message is the same for whatever went wrong
    while cause := first.__cause__ or first.__context__:
        first = cause
    return ServerSilent(
        f"the Chroma server at {settings.chroma_url} does not answer ({first}); start it "
        "with `chroma run`, or unset BROADSHEET_CHROMA_URL"
    )


class VectorStore:
    """The collections of one index.

    All methods raise `VectorsMissing` for a collection that has been dropped, and
    `BroadsheetError` where the Chroma server of the settings does not answer.
    """

    def __init__(self, settings: Settings) -> None:
        """Keep the settings; the client is opened when it is first needed."""
        self._settings = settings
        self._collections: dict[str, Collection] = {}
        self._sizes: dict[str, int] = {}

    def open(self) -> None:
        """Open the client now; its first import takes as long as loading the embedder."""
        open_client(self._settings)

    def create(self, name: str) -> None:
        """Make an empty collection."""
        with self._client(name) as client:
            self._collections[name] = client.create_collection(
                name, configuration=_CONFIGURATION, embedding_function=None
            )

    def drop(self, name: str) -> None:
        """Delete a collection; one that is gone already is no error."""
        self._collections.pop(name, None)
        self._sizes.pop(name, None)
        if name in self.names():
            with self._client(name) as client:
                client.delete_collection(name)

    def names(self) -> set[str]:
        """Names of all collections there are."""
        with self._client("of any name") as client:
            return {collection.name for collection in client.list_collections()}

    def add(
        self,
        name: str,
        keys: Sequence[int],
        vectors: NDArray[np.float32],
        days: Sequence[int | None],
    ) -> None:
        """Add vectors (keys, 384) with the day of each, None for undated ones."""
        metadatas: Any = [{"day": day} if day is not None else {"undated": True} for day in days]
        for at in range(0, len(keys), _PAGE):
            part = slice(at, at + _PAGE)
            with self._collection(name) as collection:
                collection.add(
                    ids=[str(key) for key in keys[part]],
                    embeddings=vectors[part],
                    metadatas=metadatas[part],
                )

    def pages(self, name: str) -> Iterator[tuple[list[int], NDArray[np.float32], list[int | None]]]:
        """Yield all vectors of a collection, some thousands at a time: keys, vectors, days."""
        import numpy as np

        for page in self._pages(name, ["embeddings", "metadatas"]):
            days: list[Any] = [metadata.get("day") for metadata in page["metadatas"] or []]
            vectors = np.asarray(page["embeddings"], dtype=np.float32)
            yield [int(key) for key in page["ids"]], vectors, days

    def keys(self, name: str) -> set[int]:
        """Return the keys of all vectors of a collection."""
        return {int(key) for page in self._pages(name, []) for key in page["ids"]}

    def _pages(self, name: str, include: Any) -> Iterator[GetResult]:
        at, limit = 0, _PAGE if include else 5 * _PAGE
        while True:
            with self._collection(name) as collection:
                page = collection.get(limit=limit, offset=at, include=include)
            if not page["ids"]:
                return
            yield page
            at += len(page["ids"])

    def search(
        self, name: str, vector: Sequence[float], limit: int, keys: Sequence[int] | None = None
    ) -> list[Hit]:
        """Return the `limit` nearest vectors by cosine, best first.

        The collection must be complete: nothing is added to one that may be searched.

        Args:
            name: The collection.
            vector: Of length 1.
            limit: Most hits returned.
            keys: The vectors admitted; None admits all. Of few the search is exact: Chroma's
                graph is slower the fewer are admitted.
        """
        if keys is not None and len(keys) <= _READ_DIRECTLY:
            return self._exact(name, vector, keys)[:limit]
        with self._collection(name) as collection:
            if name not in self._sizes:  # asking each time would take as long as the search
                self._sizes[name] = int(collection.count())
            limit = min(limit, self._sizes[name] if keys is None else len(keys))
            if limit < 1:
                return []
            numbers: Sequence[float] = list(vector)
            found = collection.query(
                query_embeddings=[numbers],
                ids=None if keys is None else [str(key) for key in keys],
                n_results=limit,
                include=["distances"],
            )
        distances = (found["distances"] or [[]])[0]
        return [
            Hit(int(key), 1.0 - float(distance))
            for key, distance in zip(found["ids"][0], distances, strict=True)
        ]

    def _exact(self, name: str, vector: Sequence[float], keys: Sequence[int]) -> list[Hit]:
        """Return the hits of these keys, best first."""
        import numpy as np

        if not keys:
            return []
        with self._collection(name) as collection:
            page = collection.get(ids=[str(key) for key in keys], include=["embeddings"])
        scores = np.asarray(page["embeddings"], dtype=np.float32) @ np.asarray(vector, np.float32)
        hits = [Hit(int(key), float(s)) for key, s in zip(page["ids"], scores, strict=True)]
        return sorted(hits, key=lambda hit: -hit.score)

    @contextmanager
    def _client(self, name: str) -> Iterator[ClientAPI]:
        """Turn what Chroma raises about a collection into what a person can act on."""
        client = open_client(self._settings)
        import httpx
        from chromadb.errors import ChromaError, NotFoundError

        try:
            yield client
        except NotFoundError as error:
            raise VectorsMissing(f"collection {name} is gone; ask again") from error
        except httpx.TransportError as error:
            raise _no_answer(self._settings, error) from error
        except (ChromaError, sqlite3.Error) as error:
            if self._settings.chroma_url:
                raise
            path = self._settings.index_dir / "vectors"
            raise unwritable(error, path.parent) or _damaged(path, error) from error

    def set_aside(self) -> None:
        """Move files that cannot be read away, and begin anew without any collection."""
        from chromadb.api.shared_system_client import SharedSystemClient

        path = self._settings.index_dir / "vectors"
        with _clients_lock:
            _clients.pop(str(path.resolve()), None)
            SharedSystemClient.clear_system_cache()
            aside = path.with_name("vectors.damaged")
            shutil.rmtree(aside, ignore_errors=True)
            path.replace(aside)
        self._collections.clear()
        self._sizes.clear()

    @contextmanager
    def _collection(self, name: str) -> Iterator[Collection]:
        with self._client(name) as client:
            if name not in self._collections:
                self._collections[name] = client.get_collection(name, embedding_function=None)
            yield self._collections[name]
