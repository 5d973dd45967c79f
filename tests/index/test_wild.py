"""Small files of the structures that archives are kept in, each with what is expected of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from index.readers import read_articles
from index.types import Article, Skipped

WILD = Path(__file__).with_name("wild")
CASES = {
    case["file"]: case
    for case in map(json.loads, (WILD / "expected.jsonl").read_text("utf-8").splitlines())
}


@pytest.mark.parametrize("name", CASES)
def test_a_file_gives_the_articles_that_are_expected_of_it(name):
    case = CASES[name]
    if "needs" in case:
        pytest.importorskip(case["needs"], reason="pip install -r requirements-formats.txt")
    found = list(read_articles([WILD / name]))
    if "/" in name and name.split("/")[1].isdigit():  # its folders state its day
        found = [one for one in read_articles([WILD]) if one.location.endswith(name)]
    articles = [one for one in found if isinstance(one, Article)]
    refusals = "\n".join(one.reason for one in found if isinstance(one, Skipped))
    if "refused" in case:
        assert not articles
        assert case["refused"] in refusals
        return
    expected = case["articles"]
    days = [one.date.isoformat() if one.date else None for one in articles]
    assert [one.headline for one in articles] == [one["headline"] for one in expected], refusals
    assert days == [one["date"] for one in expected]
    for one, said in zip(articles, expected, strict=True):
        text = (
            one.text
            if said["headline"].startswith(said["starts"])
            else one.text[len(one.headline) :]
        )
        assert text.lstrip().startswith(said["starts"])
        assert one.source == said.get("source", one.source)
        assert not [mark for mark in case.get("absent", ()) if mark in one.text]


def test_every_file_is_named_in_the_expectations():
    names = {path.relative_to(WILD).as_posix() for path in WILD.rglob("*") if path.is_file()}
    assert names - {"expected.jsonl"} == set(CASES)
