"""A build over a Ray cluster: its machines read, cut and embed; what is stored is stored here.

A piece of work can be done again, on another machine, with the same result: Ray does so when a
machine is lost.
"""

from __future__ import annotations

import logging
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from functools import cache
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import index
from index.build import Embedded, cut_and_embed
from index.errors import BroadsheetError
from index.models.download import ensure_embedder
from index.models.embedder import MiniLMEmbeddings
from index.quiet import quiet_ray
from index.readers import Found, read_files
from index.settings import Settings, load_settings
from index.store.writer import Store
from index.types import Article, Item, Skipped, Unchanged

_FILES = 64  # in one piece of work
_CONTENTS = 64  # in one piece of work: some seconds of one core
_ARTICLES = 200  # handed back at once: a file of records may hold millions
_AHEAD = 4  # pieces of work under way, a core

T = TypeVar("T")


@contextmanager
def ray_engine(settings: Settings) -> Iterator[RayEngine]:
    """Join the cluster at `ray_address`, or start one on this machine, and leave it at the end.

    Raises:
        BroadsheetError: Ray is not installed, or the cluster does not answer.
    """
    quiet_ray(alone=not settings.ray_address)
    try:
        import ray
    except ImportError as error:
        raise BroadsheetError(
            "--engine ray needs Ray; install it with `pip install -r requirements-scale.txt`"
        ) from error
    with redirect_stdout(sys.stderr):  # Ray prints of lost machines where results belong
        _join(ray, settings.ray_address)
        try:
            yield RayEngine(settings)
        finally:
            ray.shutdown()


def _join(ray: ModuleType, address: str) -> None:
    if address.startswith("ray://"):
        raise BroadsheetError(
            f"{address} is an address of Ray's client; run the build on a machine of the cluster, "
            "and name it as host:6379"
        )
    try:
        ray.init(
            address or "local",
            include_dashboard=None if address else False,  # a cluster decides that for itself
            runtime_env={
                "py_modules": [str(Path(index.__file__).parent)],  # all run this very code
                "env_vars": {"TOKENIZERS_PARALLELISM": "false"},
            },
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        where = f"the Ray cluster at {address} does not answer" if address else "Ray did not start"
        raise BroadsheetError(f"{where} ({error})") from error


class RayEngine:
    """Reads and embeds on the cluster that this process has joined."""

    def __init__(self, settings: Settings) -> None:
        """Keep what workers need to find the model; secrets stay here."""
        folder = settings.model_dir
        self._model_settings = (
            ("model_dir", folder if folder.parts[:1] == ("~",) else folder.resolve()),
            ("hub_url", settings.hub_url),
            ("hub_timeout", settings.hub_timeout),
        )

    def read(self, files: Iterable[Found | Skipped | Unchanged]) -> Iterator[Item]:
        """Yield the articles of the files in their order; all else is passed on."""
        for items in _distribute(_read, _pieces(files, _FILES)):
            yield from items

    def embed(self, pending: Sequence[int], store: Store) -> Iterator[Embedded]:
        """Yield the pending contents of the store in their order."""
        texts = ((key, store.content(key)) for key in pending)
        return _distribute(_embed, _pieces(texts, _CONTENTS), self._model_settings)


def _pieces(items: Iterable[T], size: int) -> Iterator[list[T]]:
    items = iter(items)
    while piece := list(islice(items, size)):
        yield piece


def _distribute(
    work: Callable[..., Iterator[T]], pieces: Iterable[list[Any]], *given: Any
) -> Iterator[T]:
    """Yield what workers make of pieces, in the order of the pieces.

    Raises:
        BroadsheetError: a worker raises it, or Ray gives up.
    """
    import ray
    from ray.exceptions import RayError

    task = ray.remote(num_cpus=1, max_retries=-1, num_returns="streaming")(work)
    running: deque[Any] = deque()
    try:
        for piece in pieces:
            running.append(task.remote(piece, *given))
            if len(running) >= _AHEAD * ray.cluster_resources().get("CPU", 1):
                yield from map(ray.get, running.popleft())
        while running:
            yield from map(ray.get, running.popleft())
    except RayError as error:
        cause = getattr(error, "cause", None)
        if isinstance(cause, BroadsheetError):
            raise BroadsheetError(str(cause)) from error
        last = str(error).strip().splitlines()[-1]
        raise BroadsheetError(f"the Ray cluster failed: {last}") from error


# What follows runs in Ray's workers.


def _read(files: list[Found | Skipped | Unchanged]) -> Iterator[list[Item]]:
    yield from _pieces(read_files(files), _ARTICLES)


def _embed(
    contents: list[tuple[int, Article]], model_settings: tuple[tuple[str, Any], ...]
) -> Iterator[Embedded]:
    yield from cut_and_embed(contents, _embeddings(model_settings))


@cache
def _embeddings(model_settings: tuple[tuple[str, Any], ...]) -> MiniLMEmbeddings:
    """The embedder of a worker, with one thread: each core has a worker of its own."""
    return MiniLMEmbeddings(
        lambda: ensure_embedder(load_settings(**dict(model_settings))), threads=1
    )
