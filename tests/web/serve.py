"""Serve the page over the scripted pipeline, to look at it: `python -m tests.web.serve [PORT]`."""

import sys
import tempfile
from pathlib import Path

from index.models.download import ensure_embedder
from index.settings import Settings
from tests.index.archive import HashedEmbeddings
from tests.web.fake_pipeline import FakePipeline
from web.chat.feedback import FeedbackStore
from web.conversations import browser_key
from web.http.server import add_endpoints
from web.page import build_page, launch_options
from web.uploads.store import Uploads

if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 7861
    settings = Settings(data_dir=Path(tempfile.mkdtemp()))
    uploads = Uploads(settings, HashedEmbeddings(lambda: ensure_embedder(settings)))
    feedback = FeedbackStore(settings.data_dir)
    host, key = "127.0.0.1", browser_key(settings.data_dir)
    pipeline, endpoints = add_endpoints(FakePipeline(), settings, host=host, people=None, mcp=True)
    page = build_page(pipeline, feedback, key, max_question=1000, uploads=uploads)
    page.launch(server_name=host, server_port=port, **launch_options(), **endpoints)
