"""A build over a Ray cluster: its machines read, cut and embed; what is stored is stored here.

Work and results travel pickled, one piece to a row. Each piece of work can be done again, on
another machine, with the same result: Ray does so when a machine is lost, and what had come back
already is not taken twice.
"""

from __future__ import annotations

import logging
import pickle
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, redirect_stdout
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

import index
from index.build import Embedded, cut_and_embed
from index.errors import BroadsheetError
from index.models.download import ensure_embedder
from index.models.embedder import MiniLMEmbeddings
from index.quiet import quiet_ray
from index.readers import Found, read_files
from index.settings import Settings, load_settings
from index.store.database import content_article, open_reader
from index.store.writer import Store
from index.types import Article, Item, Skipped, Unchanged

if TYPE_CHECKING:
    import pyarrow as pa
    from ray.actor import ActorHandle

_FILES = 64  # in one piece of work
_LISTED = 100_000  # files that are listed before they are read
_CONTENTS = 64  # in one piece of work: some seconds of one core
_ARTICLES = 200  # in one row of results: a file of records may hold millions
_BLOCKS = 10_000  # pieces are tied together where there are more
_ROW_BYTES = 1 << 20  # results are handed back in parts of this size
_COLUMN = "piece"  # the one column of all rows

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
        import ray.data
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
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = context.print_on_execution_start = False
    context.target_max_block_size = _ROW_BYTES
    logging.getLogger("ray.data").setLevel(logging.ERROR)


class RayEngine:
    """Reads and embeds on the cluster that this process has joined."""

    def __init__(self, settings: Settings) -> None:
        """Keep what workers need to find the model; secrets stay here."""
        folder = settings.model_dir
        self._model_settings = {
            "model_dir": folder if folder.parts[:1] == ("~",) else folder.resolve(),
            "hub_url": settings.hub_url,
            "hub_timeout": settings.hub_timeout,
        }

    def read(self, files: Iterable[Found | Skipped | Unchanged]) -> Iterator[Item]:
        """Yield the articles of the files in their order; what is unchanged comes before."""
        changed: list[Found | Skipped] = []
        for file in files:
            if isinstance(file, Unchanged):
                yield file
                continue
            changed.append(file)
            if len(changed) == _LISTED:
                yield from self._read(changed)
                changed = []
        yield from self._read(changed)

    def _read(self, files: list[Found | Skipped]) -> Iterator[Article | Skipped]:
        for items in _distribute(_split(files, _FILES), read_pieces, in_order=True):
            yield from items

    def embed(self, pending: Sequence[int], store: Store) -> Iterator[Embedded]:
        """Yield each of the pending contents of the store once, as they are done."""
        import ray.data
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        texts = (
            ray.remote(Texts)
            .options(num_cpus=0, scheduling_strategy=here, max_restarts=-1, max_task_retries=-1)
            .remote(store.index_dir.resolve())
        )
        work = _split(pending, _CONTENTS)
        resources = ray.cluster_resources()  # type: ignore[no-untyped-call]
        cores = max(1, int(resources.get("CPU", 1)))
        pool = ray.data.ActorPoolStrategy(
            min_size=1, max_size=cores, initial_size=min(cores, len(work))
        )
        left = set(pending)
        for batch in _distribute(
            work,
            EmbedPieces,
            in_order=False,
            fn_constructor_args=(texts, self._model_settings),
            compute=pool,
            num_cpus=1,
        ):
            new = {cut.content for cut in batch.cuts}
            if new <= left:
                left -= new
                yield batch
        if left:
            raise BroadsheetError(
                f"Ray gave back {len(pending) - len(left):,} of {len(pending):,} articles; run the "
                "same command again, and it goes on from there"
            )


def _split(items: Sequence[T], size: int) -> list[list[T]]:
    return [list(items[at : at + size]) for at in range(0, len(items), size)]


def _distribute(
    work: list[Any], task: Callable[..., Any], *, in_order: bool, **options: Any
) -> Iterator[Any]:
    """Yield what the workers make of pieces of work.

    Raises:
        BroadsheetError: a worker raises it, or Ray gives up.
    """
    import ray.data
    from ray.data.exceptions import ExecutionTimeoutError
    from ray.exceptions import RayError

    if not work:
        return
    ray.data.DataContext.get_current().execution_options.preserve_order = in_order
    rows = [{_COLUMN: pickle.dumps(piece)} for piece in work]
    data = ray.data.from_items(rows, override_num_blocks=min(len(rows), _BLOCKS)).map_batches(
        task, batch_size=1, batch_format="pyarrow", **options
    )
    try:
        for table in data.iter_batches(batch_size=None, batch_format="pyarrow"):
            yield from _pieces_of(table)
    except (RayError, ExecutionTimeoutError) as error:
        raise _worker_error(error) from error


def _worker_error(error: BaseException) -> BroadsheetError:
    """Return the error of a worker that is meant for people, else Ray's message."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, BroadsheetError):
            return BroadsheetError(str(cause))
        cause = getattr(cause, "cause", None) or cause.__cause__
    last = str(error).strip().splitlines()[-1]
    return BroadsheetError(f"the Ray cluster failed: {last}")


# What follows runs in Ray's workers.


def _row(piece: Any) -> pa.Table:
    import pyarrow as pa

    return pa.table({_COLUMN: pa.array([pickle.dumps(piece)], pa.binary())})


def _pieces_of(table: pa.Table) -> list[Any]:
    return [pickle.loads(row) for row in table.column(_COLUMN).to_pylist()]


def read_pieces(table: pa.Table) -> Iterator[pa.Table]:
    """Read runs of files; each row that comes back holds some of their articles, in order."""
    for files in _pieces_of(table):
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

    def __init__(self, texts: ActorHandle[Texts], model_settings: dict[str, Any]) -> None:
        """Remember where texts and the model come from; both are fetched when needed."""
        self._texts = texts
        self._embeddings = MiniLMEmbeddings(
            lambda: ensure_embedder(load_settings(**model_settings)), threads=1
        )

    def __call__(self, table: pa.Table) -> Iterator[pa.Table]:
        """Cut and embed runs of contents, given by their keys."""
        import ray

        for keys in _pieces_of(table):
            contents: list[tuple[int, Article]] = ray.get(self._texts.of.remote(keys))
            for batch in cut_and_embed(contents, self._embeddings):
                yield _row(batch)
