"""`--map date=Filed`: what a person says of columns holds for tables and JSON, and is kept."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from zipfile import ZipFile

import pytest
from typer.testing import CliRunner

from index.errors import BroadsheetError
from index.maps import parse_columns
from index.preview import preview_build
from index.readers import read_articles
from index.status import index_status
from index.store.snapshot import IndexReader
from index.types import Article, Skipped
from tests.index.archive import live_ids, run_build

TEXT = "The mill by the weir was sold to its tenants. Nobody bid against them."
HEAD = "Nr;Filed;Line;Wording;date\n"
ROW = f"7;2021-03-05;Weir mill sold;{TEXT};2022-01-01\n"
SAID = (("date", "Filed"), ("title", "line"), ("text", "Wording"), ("id", "Nr"))


@pytest.fixture
def news(tmp_path) -> Path:
    folder = tmp_path / "news"
    folder.mkdir()
    (folder / "a.csv").write_text(HEAD + ROW)
    return folder


def _read(path: Path, said=SAID) -> list[Article | Skipped]:
    return list(read_articles([path], columns_of=lambda _: said))


def _articles(settings) -> dict[str, tuple[str, date | None]]:
    with IndexReader(settings).snapshot() as index:
        found = [index.article(name) for name in live_ids(settings)]
    return {one.id: (one.headline, one.date) for one in found}


def test_a_column_that_a_person_names_counts_and_no_other(news):
    (news / "b.csv").write_text(f"Wording,Filed,date\n{TEXT},,2022-01-01\n")
    one, two = _read(news)
    assert (one.id, one.headline, one.date) == ("7", "Weir mill sold", date(2021, 3, 5))
    assert one.text.endswith(TEXT)
    assert two.date is None  # the column that was named is empty, and `date` is not meant


def test_fields_of_json_are_named_the_same_way_through_objects_too(tmp_path):
    record = {"Nr": 7, "meta": {"Filed": "2021-03-05"}, "Line": "Weir mill sold", "Wording": TEXT}
    said = (("date", "meta.Filed"), *SAID[1:])
    (tmp_path / "a.jsonl").write_text(json.dumps(record))
    with ZipFile(tmp_path / "b.zip", "w") as packed:
        packed.writestr("b.json", json.dumps([{**record, "Nr": 8}]))
    plain, packed = _read(tmp_path, said)
    assert (plain.id, plain.headline, plain.date) == ("7", "Weir mill sold", date(2021, 3, 5))
    assert (packed.id, packed.date) == ("8", date(2021, 3, 5))


def test_a_column_that_is_not_there_is_named_with_those_that_are(news):
    (skipped,) = _read(news, (("text", "Wordng"),))
    assert skipped.reason.startswith("no column 'Wordng' for `--map text=Wordng`; found Nr, Filed")
    (known,) = _read(news, (("text", "Wording"), ("date", "Filed on")))
    assert known.date == date(2022, 1, 1)  # the table has a date of its own


def test_what_was_said_holds_for_later_builds_until_something_else_is(settings, hashed, news):
    assert run_build(settings, hashed, news, columns=SAID).added == 1
    assert _articles(settings) == {"7": ("Weir mill sold", date(2021, 3, 5))}
    assert "date=Filed" in index_status(settings).columns
    (news / "b.csv").write_text(HEAD + ROW.replace("7;", "8;").replace("-05", "-09"))
    later = run_build(settings, hashed, news)
    assert (later.added, later.unchanged) == (1, 1)
    assert _articles(settings)["8"] == ("Weir mill sold", date(2021, 3, 9))
    assert not preview_build([news], settings).changed
    other = (*SAID[1:], ("date", "date"))
    assert preview_build([news], settings, columns=other).changed == ("7", "8")
    assert run_build(settings, hashed, news, columns=other).changed == 2
    assert _articles(settings)["7"] == ("Weir mill sold", date(2022, 1, 1))


def test_what_was_said_of_one_folder_leaves_others_alone(settings, hashed, news, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "c.csv").write_text(f"id,text,Filed\n9,{TEXT},2021-03-05\n")
    run_build(settings, hashed, news, columns=SAID)
    run_build(settings, hashed, other)
    assert _articles(settings)["9"][1] is None
    within = run_build(settings, hashed, news / "a.csv")  # a file of the folder alone
    assert (within.unchanged, within.changed) == (1, 0)


def test_map_none_forgets(settings, hashed, news):
    run_build(settings, hashed, news, columns=SAID)
    report = run_build(settings, hashed, news, columns=parse_columns(["none"]))
    assert "no column of texts" in report.skipped[0].reason
    assert "--map text=COLUMN" in report.skipped[0].reason
    assert index_status(settings).columns == ""


@pytest.mark.parametrize("written", ["date", "when=Filed", "date="])
def test_a_map_of_another_form_is_refused_with_the_fields(written):
    with pytest.raises(BroadsheetError, match=r"expected FIELD=COLUMN.*title.*date"):
        parse_columns([written])


def test_the_shell_takes_it_and_piped_records_too(news, tmp_path):
    from index.__main__ import cli

    env = {**os.environ, "BROADSHEET_DATA_DIR": str(tmp_path / "data")}
    args = ["build", str(news), "--dry-run", "--map", "text=Wording", "--map", "id=Nr"]
    done = CliRunner().invoke(cli, args, env=env)
    assert "added 7" in done.output
    refused = CliRunner().invoke(cli, ["build", str(news), "--map", "when=x"], env=env)
    assert refused.exit_code == 2
    assert "expected FIELD=COLUMN" in refused.output
