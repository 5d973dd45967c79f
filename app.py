"""Serve the chat page from a clone, or in a Gradio Space: `python app.py [--articles PATH]`."""

from __future__ import annotations

from broadsheet.serve import cli

if __name__ == "__main__":
    cli()
