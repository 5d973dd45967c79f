"""What the tests of question sets share: the sample archive that the sets are about."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.readers import read_articles
from index.types import Article

SAMPLE = Path(__file__).parents[2] / "articles"


@pytest.fixture(scope="session")
def articles() -> dict[str, str]:
    """The texts of the sample archive by id, white space tidied."""
    found = (one for one in read_articles([SAMPLE]) if isinstance(one, Article))
    return {one.id: " ".join(one.text.split()) for one in found}
