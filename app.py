"""Serve the chat page from a clone, or in a Gradio Space: `python app.py [--articles PATH]`."""

from __future__ import annotations

import typer

from broadsheet.serve import main

if __name__ == "__main__":
    typer.run(main)
