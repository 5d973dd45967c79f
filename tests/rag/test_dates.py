"""Dates in words, of questions and of quotes, read against 20 June 2023, a Tuesday."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.english.temporal import asked_days, days_meant, wants_latest, worded_days

TODAY = date(2023, 6, 20)


def periods(text: str, near: date | None = None) -> list[tuple[date, date]]:
    return [(one.first, one.last) for one in worded_days(text, near)]


@pytest.mark.parametrize(
    ("question", "first", "last"),
    [
        ("What happened in June 2023?", "2023-06-01", "2023-06-30"),
        ("What happened in May?", "2023-05-01", "2023-05-31"),
        ("What happened in December?", "2022-12-01", "2022-12-31"),
        ("What happened on 4 May 2022?", "2022-05-04", "2022-05-04"),
        ("What happened on May 4th, 2022?", "2022-05-04", "2022-05-04"),
        ("What happened on the 4th of May 2022?", "2022-05-04", "2022-05-04"),
        ("What happened on 30 Sept. 2021?", "2021-09-30", "2021-09-30"),
        ("What happened on 2022-05-04?", "2022-05-04", "2022-05-04"),
        ("What happened on 3 July?", "2022-07-03", "2022-07-03"),
        ("In 2022, who won?", "2022-01-01", "2022-12-31"),
        ("What happened yesterday?", "2023-06-19", "2023-06-19"),
        ("What happened today?", "2023-06-20", "2023-06-20"),
        ("What happened last week?", "2023-06-07", "2023-06-20"),
        ("What happened this month?", "2023-06-01", "2023-06-20"),
        ("What happened last month?", "2023-05-01", "2023-05-31"),
        ("Who recently resigned?", "2023-05-21", "2023-06-20"),
        ("What happened last year?", "2022-01-01", "2022-12-31"),
        ("What happened two weeks ago?", "2023-06-03", "2023-06-09"),
        ("What happened 3 days ago?", "2023-06-17", "2023-06-17"),
        ("What happened two months ago?", "2023-04-01", "2023-04-30"),
        ("Who was minister five years ago?", "2018-01-01", "2018-12-31"),
        ("What happened last Tuesday?", "2023-06-13", "2023-06-13"),
        ("Who spoke on Sunday?", "2023-06-18", "2023-06-18"),
        ("Who won this weekend?", "2023-06-17", "2023-06-18"),
        ("What happened in early 2023?", "2023-01-01", "2023-04-30"),
        ("What happened in late May?", "2023-05-21", "2023-05-31"),
        ("What happened at the end of May?", "2023-05-21", "2023-05-31"),
        ("What happened at the beginning of March 2022?", "2022-03-01", "2022-03-10"),
        ("What happened in mid-2022?", "2022-05-01", "2022-08-31"),
        ("Who resigned in the spring of 2022?", "2022-03-01", "2022-05-31"),
        ("Who resigned last winter?", "2022-12-01", "2023-02-28"),
        ("Who resigned in the summer?", "2023-06-01", "2023-08-31"),
        ("What was sold in the first half of 2022?", "2022-01-01", "2022-06-30"),
        ("What was sold in Q3 2022?", "2022-07-01", "2022-09-30"),
        ("What has he said since 4 May?", "2023-05-04", None),
        ("What did he say after May 2022?", "2022-06-01", None),
        ("What did he say after 4 May 2022?", "2022-05-05", None),
        ("What has he said since May 2022?", "2022-05-01", None),
        ("What did he say before June 2022?", None, "2022-05-31"),
        ("Who won before 2023?", None, "2022-12-31"),
        ("Who won before last month?", None, "2023-04-30"),
        ("Who won after last year?", "2023-01-01", None),
        ("Who resigned by June 2022?", None, "2022-06-30"),
        ("Who died on 29 February?", "2020-02-29", "2020-02-29"),
        ("What did he say until 2021?", None, "2021-12-31"),
        ("Who won between 3 May and 5 June 2023?", "2023-05-03", "2023-06-05"),
        ("Who won between 3 May and 5 June 2021?", "2021-05-03", "2021-06-05"),
        ("What happened between 9 and 20 May 2023?", "2023-05-09", "2023-05-20"),
        ("What happened from May 9 to 20, 2022?", "2022-05-09", "2022-05-20"),
        ("What was said 9–20 May?", "2023-05-09", "2023-05-20"),
        ("Who won between March and May 2022?", "2022-03-01", "2022-05-31"),
        ("Who won from 2020 to 2022?", "2020-01-01", "2022-12-31"),
        ("What has he said since last year?", "2022-01-01", None),
        ("What has he said since last month?", "2023-05-01", None),
        ("What did he say until yesterday?", None, "2023-06-19"),
        ("Who was minister until recently?", "2023-05-21", "2023-06-20"),
        ("Who was hit by last year's drought?", "2022-01-01", "2022-12-31"),
        ("In 2021, who won between May and July?", "2021-01-01", "2021-12-31"),
        ("Who won between May and July of 2021?", "2021-05-01", "2021-07-31"),
        ("Who won between March and May last year?", "2022-01-01", "2022-12-31"),
        ("Who won between 30 May and 5 June 2021?", "2021-05-30", "2021-06-05"),
        ("What happened from 20 December to 5 January 2022?", "2021-12-20", "2022-01-05"),
        ("What happened from 20 to 9 May 2022?", "2022-05-20", "2022-05-20"),
        ("What happened from November to February 2022?", "2021-11-01", "2022-02-28"),
    ],
)
def test_a_period_is_read(question: str, first: str | None, last: str | None) -> None:
    window = asked_days(question, TODAY)
    assert window is not None
    days = [day.isoformat() if day else None for day in (window.first, window.last)]
    assert days == [first, last]


@pytest.mark.parametrize(
    "question",
    [
        "Who won the election?",
        "How many of the 2000 people may come?",
        "Who is Theresa May?",
        "Who succeeded her after May resigned?",
        "What has happened since the election?",
        "As many as 12 may have died: where?",
        "Who joined the march 4 days later?",
        "Who sang in Spring Awakening?",
        "Did prices fall?",
        "What happened on 30 February?",
    ],
)
def test_no_period_is_invented(question: str) -> None:
    assert asked_days(question, TODAY) is None


def test_a_leap_day_is_the_last_that_was() -> None:
    assert periods("on 29 February", date(1904, 2, 28)) == [(date(1896, 2, 29),) * 2]


def test_the_words_that_said_so_are_kept() -> None:
    window = asked_days("What has the Fed done since 4 May 2022?", TODAY)
    assert window is not None and window.words == "since 4 May 2022"


def test_february_ends_when_it_ends() -> None:
    assert periods("in February 2024") == [(date(2024, 2, 1), date(2024, 2, 29))]


def test_a_leap_day_is_the_last_of_february_in_other_years() -> None:
    window = asked_days("Who won between 29 February and 5 March 2023?", date(2024, 6, 1))
    assert window is not None
    assert (window.first, window.last) == (date(2023, 2, 28), date(2023, 3, 5))


def test_days_without_a_year_need_one_to_be_near() -> None:
    assert worded_days("on 4 May") == []
    assert periods("on 4 May", TODAY) == [(date(2023, 5, 4), date(2023, 5, 4))]


@pytest.mark.parametrize("words", ["latest", "currently", "now", "the most recent", "so far"])
def test_the_newest_is_asked_for(words: str) -> None:
    assert wants_latest(f"What is {words} said?")
    assert not wants_latest("What was known?")


@given(
    st.dates(),
    st.sampled_from(
        "today,yesterday,tomorrow,last week,this week,last month,last year,on 29 February,in May,"
        "since 31 December,before 31 December 0001,after 2 January,before yesterday,"
        "between 3 May and 5 June 0001,"
        "from 20 December to 5 January 0001,between May and July,in March 9999".split(",")
    ),
)
def test_the_ends_of_the_calendar_are_no_trap(day: date, words: str) -> None:
    window = asked_days(f"What happened {words}?", day)
    if window and window.first and window.last:
        assert window.first <= window.last


@pytest.mark.parametrize(
    ("quote", "meant"),
    [
        ("Mr Qin greeted Mr Blinken on Sunday morning.", {"Sunday": date(2023, 6, 18)}),
        ("The court ruled on Tuesday.", {"Tuesday": TODAY}),
        ("The talks began last Tuesday.", {"last Tuesday": date(2023, 6, 13)}),
        ("They meet again next Friday.", {"next Friday": date(2023, 6, 23)}),
        ("He resigned yesterday and spoke this morning.",
         {"yesterday": date(2023, 6, 19), "this morning": TODAY}),
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
    assert dict(days_meant(quote, TODAY)) == meant


def test_an_article_without_a_date_gives_none() -> None:
    assert days_meant("It rained on Sunday.", None) == ()


def test_the_first_and_last_days_there_are() -> None:
    assert days_meant("It rained yesterday.", date.min) == ()
    assert days_meant("It rains tomorrow.", date.max) == ()
