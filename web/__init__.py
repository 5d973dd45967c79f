"""The page: adapters between Gradio and `rag`, and the only maker of markup."""
