"""`ask` and `stream` over cached pipelines, for Python and the command line.

The async versions run the blocking call in a worker thread.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Hashable, Iterator, Sequence
from datetime import date, datetime

from langchain_core.runnables import Runnable, RunnableLambda
from typing_extensions import TypedDict, Unpack

from index.errors import ModelUnavailable
from index.models.download import ensure_embedder
from index.models.embedder import MiniLMEmbeddings
from index.settings import Settings, load_settings
from index.store.snapshot import IndexReader
from index.types import Article
from rag.generation import system_text
from rag.llm.catalogue import chosen
from rag.llm.loader import ModelLoader, ModelState
from rag.pipeline import Pipeline
from rag.question.understand import make_question
from rag.types import Answer, Event, Question, Turn

Day = str | date | None
_models: dict[Hashable, _Models] = {}
_lock = threading.Lock()
_OF_MODELS = ("llm", "judge", "answer_tokens", "model_dir", "hub")
"""How the names of the settings begin that say which models are loaded, and how."""


class AskOptions(TypedDict, total=False):
    """What every way to ask takes besides the question; none of it need be given.

    Attributes:
        as_of: Answer as the archive stood on this day (`2023-06-20`); later articles are unseen.
        date_from: First day of publication admitted.
        date_to: Last day of publication admitted.
        sources: Publishers admitted, and limits such as `author:Jane Doe`; empty admits all.
            One may be given by itself.
        history: Earlier questions with the text of their answers, oldest first.
    """

    as_of: Day
    date_from: Day
    date_to: Day
    sources: str | Sequence[str]
    history: Sequence[tuple[str, str]]


def ask(
    question: str, *, settings: Settings | None = None, **options: Unpack[AskOptions]
) -> Answer:
    """Ask the archive a question and return the checked answer.

    The first call loads the model, and fetches it if it is not there yet.

    Args:
        question: In English.
        settings: Other settings than those of the environment.
        options: `as_of`, `date_from`, `date_to`, `sources` and `history`; see `AskOptions`.

    Raises:
        QuestionError: the question is empty or too long, or the dates make no sense.
        IndexMissing: nothing is indexed.
        ModelUnavailable: the model cannot be had.
    """
    settings = settings or load_settings()
    asked = _question(question, settings, options)
    return open_pipeline(settings).ask(asked)


def stream(
    question: str,
    *,
    settings: Settings | None = None,
    cancel: threading.Event | None = None,
    **options: Unpack[AskOptions],
) -> Iterator[Event]:
    """Yield the evidence, then a draft as it is written, and last the checked answer.

    Takes what `ask` takes, and `cancel`: when it is set the model stops. Raises as `ask` does.
    """
    settings = settings or load_settings()
    asked = _question(question, settings, options)
    return open_pipeline(settings).stream(asked, cancel)


async def aask(
    question: str, *, settings: Settings | None = None, **options: Unpack[AskOptions]
) -> Answer:
    """`ask`, without blocking the event loop."""
    return await asyncio.to_thread(lambda: ask(question, settings=settings, **options))


async def astream(
    question: str, *, settings: Settings | None = None, **options: Unpack[AskOptions]
) -> AsyncGenerator[Event]:
    """`stream`, without blocking the event loop.

    Python does not close an async generator when a loop over it is left early, but when nothing
    refers to it any more. `contextlib.aclosing` stops the model at once:

        async with aclosing(astream(question)) as events:
            async for event in events:
                ...
    """
    cancel = threading.Event()
    events: asyncio.Queue[Event | BaseException | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def run() -> None:
        last: BaseException | None = None
        try:
            for event in stream(question, settings=settings, cancel=cancel, **options):
                loop.call_soon_threadsafe(events.put_nowait, event)
        except BaseException as error:
            last = error
        loop.call_soon_threadsafe(events.put_nowait, last)

    worker = asyncio.create_task(asyncio.to_thread(run))
    try:
        while (event := await events.get()) is not None:
            if isinstance(event, BaseException):
                raise event
            yield event
    finally:
        cancel.set()
        await worker


def article(article_id: str, *, settings: Settings | None = None) -> Article | None:
    """Return an article with its whole text; None where the archive has none of this id.

    Of a citation: `article(citation.article_id).text[citation.start : citation.end]` is its quote.

    Raises:
        IndexMissing, IndexDamaged, IndexMismatch: there is no index that can be read.
    """
    with IndexReader(settings or load_settings()).snapshot() as snapshot:
        return snapshot.article(article_id)


def answer_runnable(settings: Settings | None = None) -> Runnable[str, Answer]:
    """Return `ask` as a LangChain Runnable, to be composed with others."""
    return RunnableLambda(lambda question: ask(question, settings=settings))


def open_pipeline(settings: Settings | None = None) -> Pipeline:
    """Return the process's pipeline for these settings, with the model loaded.

    Settings that name the same model share it. A model whose process ends is started again.

    Raises:
        ModelUnavailable: the model cannot be had.
    """
    settings = chosen(settings or load_settings())
    every_setting = tuple(settings)
    model_settings = tuple(
        (name, value) for name, value in every_setting if name.startswith(_OF_MODELS)
    )
    with _lock:
        if model_settings not in _models:
            _models[model_settings] = _Models(settings)
        models = _models[model_settings]
        if every_setting not in models.pipelines:
            parts = IndexReader(settings), models.embeddings, models.loader
            models.pipelines[every_setting] = Pipeline(*parts, settings)
    status = models.loader.wait()
    if status.state is ModelState.FAILED:
        models.loader.close()
        with _lock:  # the next call tries again
            if _models.get(model_settings) is models:
                del _models[model_settings]
        raise ModelUnavailable(status.message)
    return models.pipelines[every_setting]


class _Models:
    """The models that some settings name, and the pipelines that share them."""

    def __init__(self, settings: Settings) -> None:
        self.loader = ModelLoader(settings, system_text=system_text(), follow=False)
        self.embeddings = MiniLMEmbeddings(lambda: ensure_embedder(settings))
        self.pipelines: dict[Hashable, Pipeline] = {}
        self.loader.start()


def _question(text: str, settings: Settings, options: AskOptions) -> Question:
    if unknown := ", ".join(sorted(options.keys() - AskOptions.__annotations__)):
        known = ", ".join(AskOptions.__annotations__)
        raise TypeError(f"there is no option {unknown}; there are {known}")
    sources = options.get("sources") or ()
    return make_question(
        text,
        max_question=settings.max_question,
        as_of=_day(options.get("as_of")),
        date_from=_day(options.get("date_from")),
        date_to=_day(options.get("date_to")),
        sources=(sources,) if isinstance(sources, str) else sources,
        history=tuple(Turn(asked, answered) for asked, answered in options.get("history") or ()),
    )


def _day(day: Day) -> str:
    return str(day.date() if isinstance(day, datetime) else day or "")
