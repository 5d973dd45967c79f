"""Readers of the article formats; `read_articles` and `read_stream` are the ways in."""

from index.readers.bounded import read_articles, read_files
from index.readers.files import find_files, in_full
from index.readers.records import read_stream
from index.readers.text import Found

__all__ = ["Found", "find_files", "in_full", "read_articles", "read_files", "read_stream"]
