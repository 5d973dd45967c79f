"""Serve the page over the scripted pipeline, to look at it: `python -m tests.web.serve [PORT]`."""

import sys

from tests.web.fake_pipeline import FakePipeline
from web.page import build_page, launch_options

if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 7861
    page = build_page(FakePipeline(), max_question=1000)
    page.launch(server_name="127.0.0.1", server_port=port, **launch_options())
