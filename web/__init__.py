"""The page, and what programs call: adapters between Gradio or HTTP and `rag`.

`page` lays the page out and wires its events; `chat`, `archive`, `conversations` and `uploads` do
what its parts do; `http` answers programs; `telemetry` records questions. Markup is made by the
templates of `templates/` alone.
"""

from index.quiet import quiet_gradio

quiet_gradio()  # before any module here imports gradio, which reads its settings once
