"""The page: adapters between Gradio and `rag`, and the only maker of markup."""

from index.quiet import quiet_gradio

quiet_gradio()  # before any module here imports gradio, which reads its settings once
