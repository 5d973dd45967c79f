"""The page over a scripted pipeline, served on a free port of the loopback address."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from index.models.download import ensure_embedder
from index.settings import Settings
from tests.conftest import MODELS
from tests.index.archive import HashedEmbeddings
from tests.web.fake_pipeline import FakePipeline
from web.chat.feedback import FeedbackStore
from web.conversations import browser_key
from web.http.server import add_endpoints
from web.uploads.store import Uploads


@dataclass(frozen=True)
class Served:
    """A running page and the pipeline behind it."""

    url: str
    pipeline: FakePipeline
    feedback: FeedbackStore
    uploads: Uploads


@contextmanager
def serving(pipeline: FakePipeline, data: Path) -> Iterator[Served]:
    """Serve the page over a pipeline, with its data in a folder."""
    from web.page import build_page, launch_options

    settings = Settings(data_dir=data, model_dir=MODELS)
    uploads = Uploads(settings, HashedEmbeddings(lambda: ensure_embedder(settings)))
    feedback = FeedbackStore(data)
    host, key = "127.0.0.1", browser_key(data)
    watched, endpoints = add_endpoints(pipeline, settings, host=host, people=None, mcp=False)
    page = build_page(watched, feedback, key, max_question=200, uploads=uploads)
    options = launch_options() | endpoints
    _, url, _ = page.launch(server_name=host, prevent_thread_lock=True, quiet=True, **options)
    yield Served(url, pipeline, feedback, uploads)
    page.close(verbose=False)
    with warnings.catch_warnings():  # Gradio's server and client leave event loops unclosed
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Served]:
    with serving(FakePipeline(pace=0.03), tmp_path_factory.mktemp("data")) as made:
        yield made


THIRD_PARTY = [
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),  # Gradio's event loops
    # Gradio's queue sets an option of pandas, and a keyword, that pandas has deprecated
    pytest.mark.filterwarnings("ignore:'future.no_silent_downcasting'"),
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated"),
]
