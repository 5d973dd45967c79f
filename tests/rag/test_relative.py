"""Days that a quote points at, by the day of its article."""

from __future__ import annotations

from datetime import date

import pytest

from rag.english.temporal import days_meant

TUESDAY = date(2023, 6, 20)


@pytest.mark.parametrize(
    ("quote", "meant"),
    [
        ("Mr Qin greeted Mr Blinken on Sunday morning.", {"Sunday": date(2023, 6, 18)}),
        ("The court ruled on Tuesday.", {"Tuesday": TUESDAY}),
        ("The talks began last Tuesday.", {"last Tuesday": date(2023, 6, 13)}),
        ("They meet again next Friday.", {"next Friday": date(2023, 6, 23)}),
        ("He resigned yesterday and spoke this morning.",
         {"yesterday": date(2023, 6, 19), "this morning": TUESDAY}),
        ("It opens tomorrow.", {"tomorrow": date(2023, 6, 21)}),
        ("On Friday, and again on Friday, it rained.", {"Friday": date(2023, 6, 16)}),
        ("Polls opened on Sunday, and they count until Monday.", {}),  # may be to come
        ("He will be in Beijing on Sunday.", {}),
        ("Parliament is to vote on Thursday.", {}),
        ("It happened on Sunday 18 June.", {}),  # says its date
        ("It happened on Sunday, June 18.", {}),
        ("The Sunday Times reported it.", {}),
        ("Shops opened early for Black Friday.", {}),
        ("They meet every Monday.", {}),
        ("They meet on Mondays.", {}),
        ("Nothing of the kind.", {}),
    ],
)  # fmt: skip
def test_the_days_that_words_mean(quote: str, meant: dict[str, date]) -> None:
    assert dict(days_meant(quote, TUESDAY)) == meant


def test_an_article_without_a_date_gives_none() -> None:
    assert days_meant("It rained on Sunday.", None) == ()


def test_the_first_and_last_days_there_are() -> None:
    assert days_meant("It rained yesterday.", date.min) == ()
    assert days_meant("It rains tomorrow.", date.max) == ()
