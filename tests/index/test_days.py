"""Days are read in every notation that has one reading; none is invented."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from html import escape
from pathlib import Path

import pytest

from index.errors import ArticleError
from index.readers import read_articles
from index.readers.days import (
    BY_FOLDER,
    BY_NAME,
    FUTURE,
    PART,
    PLACEHOLDER,
    day_in_path,
    read_day,
)
from index.status import index_status
from index.store.snapshot import IndexReader
from index.types import Article, Skipped
from tests.index.archive import run_build

DAY = date(2023, 4, 3)
BODY = "The mill by the weir was sold to its tenants on a rainy afternoon. Nobody bid against them."


def _at(day: date) -> datetime:
    return datetime.combine(day, time(9, 30), UTC)


NOTATIONS: dict[str, Callable[[date], object]] = {
    "iso": lambda day: day.isoformat(),
    "iso time": lambda day: f"{day.isoformat()}T23:30:00-05:00",
    "compact": lambda day: f"{day:%Y%m%d}T160000Z",
    "slashes": lambda day: f"{day:%Y/%m/%d}",
    "British": lambda day: f"{day.day} {day:%B %Y}",
    "American": lambda day: f"{day:%b}. {day.day}, {day.year} at 4:05 p.m.",
    "ordinal": lambda day: f"{day:%A}, {day.day}th of {day:%B}, {day.year}",
    "dots": lambda day: f"{day:%d.%m.%Y}",
    "mail": lambda day: format_datetime(_at(day)),
    "ctime": lambda day: f"{day:%a %b} {day.day:2} 10:00:00 +0000 {day.year}",
    "seconds": lambda day: int(_at(day).timestamp()),
    "milliseconds": lambda day: int(_at(day).timestamp() * 1000),
}


def _records(days: list[object]) -> list[dict[str, object]]:
    return [
        {"id": f"r{n}", "title": f"Mill {n} sold", "text": BODY, "publishedAt": day}
        for n, day in enumerate(days)
    ]


def _lines(folder: Path, days: list[object]) -> None:
    lines = "\n".join(map(json.dumps, _records(days)))
    (folder / "a.jsonl").write_text(lines)


def _answer(folder: Path, days: list[object]) -> None:
    (folder / "a.json").write_text(json.dumps({"status": "ok", "Articles": _records(days)}))


def _table(folder: Path, days: list[object]) -> None:
    out = io.StringIO()
    writer = csv.DictWriter(out, ["id", "title", "text", "publishedAt"], delimiter=";")
    writer.writeheader()
    writer.writerows(_records(days))
    (folder / "a.csv").write_text(out.getvalue())


def _feed(folder: Path, days: list[object]) -> None:
    items = "".join(
        f"<item><guid>r{n}</guid><title>Mill {n} sold</title><description>{BODY}</description>"
        f"<pubDate>{day}</pubDate></item>"
        for n, day in enumerate(days)
    )
    (folder / "a.xml").write_text(f"<rss><channel><title>T</title>{items}</channel></rss>")


def _markdown(folder: Path, days: list[object]) -> None:
    for n, day in enumerate(days):
        front = f"---\ntitle: Mill {n} sold\npubDate: {json.dumps(str(day))}\n---\n"
        (folder / f"r{n}.md").write_text(front + BODY)


def _pages(folder: Path, days: list[object]) -> None:
    for n, day in enumerate(days):
        meta = f'<meta name="date" content="{escape(str(day))}">'
        page = f"<head>{meta}</head><body><article><h1>Mill {n} sold</h1><p>{BODY}</p></article>"
        (folder / f"r{n}.html").write_text(f"<html>{page}</body></html>")


CONTAINERS = [_lines, _answer, _table, _feed, _markdown, _pages]


@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("container", CONTAINERS)
def test_a_notation_is_read_in_every_container(tmp_path, container, notation):
    days = [date(1999, 1, 4) + timedelta(days=631 * n) for n in range(14)]
    container(tmp_path, [NOTATIONS[notation](day) for day in days])
    found = list(read_articles([tmp_path]))
    assert [str(one) for one in found if isinstance(one, Skipped)] == []
    read = {one.headline: one.date for one in found if isinstance(one, Article)}
    assert read == {f"Mill {n} sold": day for n, day in enumerate(days)}


UNDATED = {
    "": "", "null": "", "true": "",
    "N/A": PLACEHOLDER, "NaN": PLACEHOLDER, "0000-00-00": PLACEHOLDER, "0001-01-01": PLACEHOLDER,
    "1970-01-01T00:00:00Z": PLACEHOLDER, "9999-12-31": PLACEHOLDER, "unknown": PLACEHOLDER,
    "2023": PART, "2023-04": PART, "April 2023": PART, "04/2023": PART,
    "spring 2023": PART, "avril 2023": PART,
    "2999-01-01": FUTURE,
}  # fmt: skip


@pytest.mark.parametrize("written", UNDATED)
def test_what_is_no_day_leaves_the_article_undated_and_says_why(written):
    assert read_day(written) == (None, UNDATED[written])


@pytest.mark.parametrize(
    "written",
    ["03/04/2023", "yesterday", "June 18", "2023-02-30", "31 June 2023", "1/2/23",
     "4 April 2023, updated 6 April 2023"],
)  # fmt: skip
def test_what_cannot_be_read_in_one_way_is_refused(written):
    with pytest.raises(ArticleError, match="YYYY-MM-DD"):
        read_day(written)


@pytest.mark.parametrize(
    "written", ["3 avril 2023", "3. April 2023", "3 de abril de 2023", "2023年4月3日"]
)
def test_months_of_other_languages_are_read(written):
    assert read_day(written).day == DAY


def _dates(folder: Path, *days: str) -> list[Article | Skipped]:
    _table(folder, list(days))
    return list(read_articles([folder]))


def test_other_rows_settle_which_figure_is_the_day(tmp_path):
    british = _dates(tmp_path, "03/04/2023", "28/04/2023")
    assert [one.date for one in british] == [DAY, date(2023, 4, 28)]
    american = _dates(tmp_path, "03/04/2023", "04/28/2023")
    assert [one.date for one in american] == [date(2023, 3, 4), date(2023, 4, 28)]


def test_rows_that_settle_nothing_or_contradict_each_other_are_refused_with_both_readings(tmp_path):
    (refused,) = _dates(tmp_path, "03/04/2023")
    assert refused.line == 2
    assert "2023-04-03 or 2023-03-04" in refused.reason
    first, *others = _dates(tmp_path, "03/04/2023", "28/04/2023", "04/28/2023")
    assert "ambiguous" in first.reason
    assert len(others) == 2


def test_a_setting_settles_which_figure_is_the_day(settings, hashed, tmp_path):
    news = tmp_path / "news"
    news.mkdir()
    _markdown(news, ["03/04/2023"])
    assert "BROADSHEET_DATE_ORDER" in run_build(settings, hashed, news).skipped[0].reason
    for order, day in {"dmy": DAY, "mdy": date(2023, 3, 4)}.items():
        (article,) = read_articles([news], date_order=order)
        assert article.date == day
    chosen = settings.model_copy(update={"date_order": "dmy"})
    assert run_build(chosen, hashed, news).added == 1
    assert index_status(chosen).first == DAY


@pytest.mark.parametrize(
    ("path", "day"),
    [
        ("https://e.org/2023/04/03/mill", DAY),
        ("https://e.org/news/2023/apr/03/mill", DAY),
        ("2023-04-03-mill.md", DAY),
        ("archive/20230403-mill.html", DAY),
        ("2023-04-03/2023-04-05.txt", None),
        ("mill-1234-56-78.txt", None),
        ("call-555-2023-04-03.txt", None),
        ("2999-04-03-mill.md", None),
    ],
)
def test_a_day_in_a_path_counts_where_it_is_the_only_one(path, day):
    assert day_in_path(path) == day


def test_where_days_come_from_is_counted_and_kept(settings, hashed, tmp_path):
    news = tmp_path / "news"
    news.mkdir()
    (news / "2023-04-03-mill.txt").write_text(BODY)
    _lines(news, ["N/A", "2023-04", "2023-04-03"])
    report = run_build(settings, hashed, news)
    assert report.undated == 2
    assert report.notes == {"dated by the file's name": 1, PLACEHOLDER: 1, PART: 1}
    with IndexReader(settings).snapshot() as snapshot:
        assert snapshot.article("2023-04-03-mill.txt").details.notes == (BY_NAME,)


def test_a_time_of_utc_gives_way_to_the_day_in_its_address(tmp_path):
    record = {"title": "Mill", "text": BODY, "url": "https://e.org/2023/04/03/mill"}
    for stated, day in {
        "2023-04-04T01:10:00Z": DAY,
        "2023-04-04T01:10:00-05:00": date(2023, 4, 4),
        "2023-04-09T01:10:00Z": date(2023, 4, 9),
    }.items():
        (tmp_path / "a.jsonl").write_text(json.dumps(record | {"date": stated}))
        (article,) = read_articles([tmp_path])
        assert article.date == day


def test_other_files_of_a_folder_tell_day_and_month_apart(tmp_path):
    paper, other = tmp_path / "paper", tmp_path / "other"
    for folder, day in ((paper, "25/04/2023"), (other, "")):
        folder.mkdir()
        (folder / "a.txt").write_text(f"date 03/04/2023 Mill sold.\n\n{BODY}")
        (folder / "b.csv").write_text(f"id,date,text\n1,03/04/2023,{BODY}\n2,2023-04-05,{BODY}\n")
        (folder / "c.md").write_text(f"---\ntitle: Mill\ndate: 03/04/2023\n---\n{BODY}")
        if day:
            (folder / "d.txt").write_text(f"date {day} Bus back.\n\n{BODY}")
            (folder / "e.csv").write_text(f"id,date,text\n3,{day},{BODY}\n")
            (folder / "f.md").write_text(f"---\ntitle: Bus\ndate: {day}\n---\n{BODY}")
    text, one, two, page, *_ = read_articles([paper])
    assert [each.date for each in (text, one, two, page)] == [DAY, DAY, date(2023, 4, 5), DAY]
    notes = [each.day_note for each in (text, one, two, page)]
    assert notes == [BY_FOLDER, BY_FOLDER, "", BY_FOLDER]
    refused = [one for one in read_articles([other]) if isinstance(one, Skipped)]
    assert len(refused) == 3
    assert all("2023-04-03 or 2023-03-04? no other day of its file or folder" in one.reason
               for one in refused)  # fmt: skip


def test_a_folder_that_contradicts_itself_tells_nothing(tmp_path):
    for name, day in (("a", "03/04/2023"), ("b", "25/04/2023"), ("c", "04/25/2023")):
        (tmp_path / f"{name}.txt").write_text(f"date {day} Mill {name} sold.\n\n{BODY}")
    ambiguous, *rest = read_articles([tmp_path])
    assert isinstance(ambiguous, Skipped)
    assert [one.date for one in rest] == [date(2023, 4, 25)] * 2


def test_a_file_that_settles_its_own_order_is_not_read_as_the_others(tmp_path):
    (tmp_path / "a.csv").write_text(f"id,date,text\n1,03/04/2023,{BODY}\n2,04/25/2023,{BODY}\n")
    (tmp_path / "b.csv").write_text(f"id,date,text\n3,25/04/2023,{BODY}\n")
    found = [one.date for one in read_articles([tmp_path])]
    assert found == [date(2023, 3, 4), date(2023, 4, 25), date(2023, 4, 25)]
