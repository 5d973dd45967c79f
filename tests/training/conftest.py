"""The newsroom's index, as the tests of `rag` have it."""

from tests.rag.conftest import indexed, reader

__all__ = ["indexed", "reader"]
