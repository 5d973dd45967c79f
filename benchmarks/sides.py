"""Both sides opened for questions: our pipeline, and LangChain's tutorial chain."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from langchain_core.language_models.chat_models import BaseChatModel

from benchmarks.results import BENCH, progress_console, say
from evals.ask import index_archive
from evals.results import ROOT
from evals.stock import StockIndex, stock_documents, stock_embeddings
from index.models.download import ensure_embedder
from index.models.embedder import MiniLMEmbeddings
from index.progress import Meter
from index.settings import Settings, load_settings
from index.store.snapshot import IndexReader
from rag.generation import system_text
from rag.llm.loader import ReadyModel, get_chat_model
from rag.pipeline import Pipeline

HOME = BENCH / "answer-latency"
BBC_QUESTIONS = ROOT.parent / "shared" / "evals" / "bbcqa_dev.jsonl"


@dataclass(frozen=True, slots=True)
class Opened:
    """Our pipeline over an archive, with its model loaded."""

    pipeline: Pipeline
    model: BaseChatModel
    settings: Settings


@contextmanager
def our_side(folder: Path, home: Path) -> Iterator[Opened]:
    """Index a folder below `home`, load the model and open the pipeline; closes the model."""
    settings = load_settings(data_dir=home / "ours")
    embeddings = MiniLMEmbeddings(lambda: ensure_embedder(settings))
    embeddings.load()
    with Meter(progress_console) as meter:
        index_archive(folder, settings, embeddings, meter)
    say("loading the language model")
    model = get_chat_model(settings)
    model.warm_up(system_text()) if hasattr(model, "warm_up") else None
    try:
        pipeline = Pipeline(IndexReader(settings), embeddings, ReadyModel(model), settings)
        yield Opened(pipeline, model, settings)
    finally:
        engine = getattr(model, "engine", None)
        engine.close() if engine is not None else None


def stock_index(folder: Path, home: Path) -> StockIndex:
    """Build what is missing of the stock chain's index; slow the first time, and it resumes."""
    index = StockIndex(home / "stock", stock_embeddings(ensure_embedder(load_settings())))
    with Meter(progress_console) as meter:
        for done, total in stock_documents(index, folder):
            meter.show("stock index", done, total, "articles")
    return index
