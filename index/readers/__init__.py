"""Readers of the article formats; `read_articles` is the way in."""

from index.readers.articles import in_full, read_articles

__all__ = ["in_full", "read_articles"]
