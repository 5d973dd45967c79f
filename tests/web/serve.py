"""Serve the page over the scripted pipeline, to look at it: `python -m tests.web.serve [PORT]`."""

import sys
import tempfile
from pathlib import Path

from tests.web.fake_pipeline import FakePipeline
from web.feedback import FeedbackStore
from web.page import build_page, launch_options

if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 7861
    feedback = FeedbackStore(Path(tempfile.mkdtemp()))
    page = build_page(FakePipeline(), feedback, max_question=1000)
    page.launch(server_name="127.0.0.1", server_port=port, **launch_options())
