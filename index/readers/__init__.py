"""Readers of the article formats; `read_articles` and `read_stream` are the ways in."""

from index.readers.bounded import read_articles, read_files
from index.readers.files import absolute_path, find_files
from index.readers.records import read_stream
from index.readers.text import Found

__all__ = ["Found", "absolute_path", "find_files", "read_articles", "read_files", "read_stream"]
