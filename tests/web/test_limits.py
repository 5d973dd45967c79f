"""Presets and chips."""

from __future__ import annotations

from datetime import date

import pytest

from index.errors import IndexMissing
from tests.web.fake_pipeline import FakePipeline
from tests.web.test_markup import HOSTILE, inert
from web.chat.limits import make_preset, show_chips


@pytest.mark.parametrize(
    ("newest", "days", "span"),
    [
        (date(2023, 12, 20), 7, ("2023-12-14", "2023-12-20")),
        (date(2023, 12, 20), 0, ("", "")),
        (date(1, 1, 3), 30, ("0001-01-01", "0001-01-03")),
        (None, 7, ("", "")),
    ],
)
def test_a_preset_ends_with_the_archive(monkeypatch, newest, days, span) -> None:
    monkeypatch.setattr(FakePipeline, "newest", lambda self: newest)
    assert make_preset(FakePipeline(), days)() == span


def test_a_preset_without_an_index_sets_nothing(monkeypatch) -> None:
    def missing(self: FakePipeline) -> None:
        raise IndexMissing("nothing is indexed yet")

    monkeypatch.setattr(FakePipeline, "newest", missing)
    assert make_preset(FakePipeline(), 7)() == ("", "")


@pytest.mark.parametrize("text", HOSTILE)
def test_no_chip_becomes_markup(text: str) -> None:
    seen = inert(show_chips(text, "", " ", [text]))
    assert seen.tags.count("button") == 2
    assert show_chips("", " ", None, None) == ""
