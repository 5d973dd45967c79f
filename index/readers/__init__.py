"""Readers of the article formats; `read_articles` and `read_stream` are the ways in."""

from index.readers.articles import Known, find_files, in_full, read_articles, read_files
from index.readers.stream import read_stream
from index.readers.walk import Found

__all__ = [
    "Found",
    "Known",
    "find_files",
    "in_full",
    "read_articles",
    "read_files",
    "read_stream",
]
