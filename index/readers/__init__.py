"""Readers of the article formats; `read_articles` is the way in."""

from index.readers.articles import read_articles

__all__ = ["read_articles"]
