"""Readers of the article formats; `read_articles` and `read_stream` are the ways in."""

from index.readers.articles import Known, in_full, read_articles
from index.readers.stream import read_stream

__all__ = ["Known", "in_full", "read_articles", "read_stream"]
