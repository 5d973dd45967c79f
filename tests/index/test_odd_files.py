"""Files that no reader foresaw: each is named, nothing of it is lost in silence."""

from __future__ import annotations

import json
import time
from io import BytesIO
from pathlib import Path

import pytest

from index.readers import read_articles, read_stream, records
from index.readers.text import clean
from index.store.snapshot import IndexReader
from index.types import Article, Skipped
from tests.index.archive import run_build

PAGE = "<html><head>{0}<title>T</title></head><body><p>They talked for hours.</p></body></html>"
UNFORESEEN = {
    "code.md": ('---\ntitle: "\\U0011FFFF"\n---\nText.', "ValueError"),
    "large.md": ('---\ntitle: "\\UFFFFFFFF"\n---\nText.', "OverflowError"),
    "charset.html": (
        PAGE.format('<meta charset="undefined">').encode() + "é".encode("cp1252"),
        "UnicodeError",
    ),
}


def _write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("name", UNFORESEEN)
def test_a_file_that_a_parser_breaks_on_is_named_and_the_rest_is_read(tmp_path, name):
    content, kind = UNFORESEEN[name]
    path = _write(tmp_path, name, content)
    _write(tmp_path, "zz.txt", "Good.\n\nText.")
    skipped, good = read_articles([tmp_path])
    assert isinstance(skipped, Skipped)
    assert skipped.location == str(path.resolve())
    assert skipped.reason.startswith(f"cannot be read: {kind}")
    assert isinstance(good, Article)
    assert good.id == "zz.txt"


@pytest.mark.parametrize("ids", [(None, 2), (3, None)], ids=["line first", "id first"])
def test_a_record_whose_id_is_anothers_line_is_named(settings, hashed, tmp_path, ids):
    news = tmp_path / "news"
    news.mkdir()
    records = [{"id": name, "title": f"News {n}", "body": "Text."} for n, name in enumerate(ids)]
    _write(news, "n.jsonl", "\n" + "\n".join(json.dumps(record) for record in records))
    report = run_build(settings, hashed, news)
    assert report.added == 1
    (skipped,) = report.skipped
    assert skipped.line == 3
    assert "names another record of this file" in skipped.reason


def test_piped_records_have_no_lines_that_an_id_could_be():
    records = [{"body": "One."}, {"id": 1, "body": "Two."}, {"body": "One."}, {"id": 1, "body": ""}]
    said = json.dumps({"id": "1", "body": "Three."})
    lines = "\n".join([*map(json.dumps, records), said])
    one, two, empty, again, three = read_stream(BytesIO(lines.encode()))
    assert isinstance(one, Article)
    assert isinstance(two, Article)
    assert (one.text, two.text, two.id) == ("One.", "Two.", "1")
    assert isinstance(empty, Skipped)
    assert str(again) == "stdin:2: '1' stands again in line 5, which is taken in its place"
    assert (three.text, three.id, three.location) == ("Three.", "1", two.location)


@pytest.mark.parametrize("in_memory", [1, 2, 3, 100])
def test_ids_are_known_again_however_many_lie_between(tmp_path, monkeypatch, in_memory):
    monkeypatch.setattr(records, "_IN_MEMORY", in_memory)
    ids = ["a", "b", None, "c", "a", "d", None, "7", "b", "a"]
    rows = [{"id": name, "title": f"News {n}", "body": "Text."} for n, name in enumerate(ids)]
    path = _write(tmp_path, "n.jsonl", "\n".join(map(json.dumps, rows)))
    found = list(read_articles([path]))
    kept = [one.id for one in found if isinstance(one, Article)]
    assert kept == ["a", "b", "n.jsonl#3", "c", "a", "d", "n.jsonl#7", "b", "a"]
    said = [(one.line, one.reason) for one in found if isinstance(one, Skipped)]
    assert [line for line, _ in said] == [1, 8, 2, 5]
    assert "stands again in line 5" in said[0][1] and "stands again in line 10" in said[3][1]
    assert "names another record" in said[1][1]


def test_of_two_records_with_one_id_or_address_the_later_is_kept(settings, hashed, tmp_path):
    records = [
        {"id": "a", "title": "Mill", "body": "First print."},
        {"url": "https://e.example/bus", "title": "Bus", "body": "As it was."},
        {"id": "a", "title": "Mill", "body": "Corrected print."},
        {"url": "https://e.example/bus", "title": "Bus", "body": "As it is."},
    ]
    _write(tmp_path, "n.jsonl", "\n".join(map(json.dumps, records)))
    report = run_build(settings, hashed, tmp_path / "n.jsonl")
    assert (report.added, report.articles) == (2, 2)
    assert [one.line for one in report.skipped] == [1, 2]
    with IndexReader(settings).snapshot() as index:
        texts = {index.article(name).text for name in ("a", "https://e.example/bus")}
    assert texts == {"Mill\n\nCorrected print.", "Bus\n\nAs it is."}


RULED = {
    "empty front matter": ("---\n---\nFirst.\n\n---\n\nRest.", ["First.", "Rest."]),
    "blank front matter": ("---\n# no field\n\n---\nFirst.", ["First."]),
    "text between rules": ("---\nSome intro.\n---\nBody.", ["Some intro.", "Body."]),
    "a list between rules": ("---\n- One\n- Two\n---\nBody.", ["One", "Two", "Body."]),
}


@pytest.mark.parametrize(("content", "parts"), RULED.values(), ids=RULED)
def test_markdown_between_rules_is_text(tmp_path, content, parts):
    _write(tmp_path, "a.md", content)
    (article,) = read_articles([tmp_path])
    assert isinstance(article, Article)
    for part in parts:
        assert part in article.text
    assert "---" not in article.text
    assert "no field" not in article.text


def test_cleaning_long_blanks_takes_no_time():
    began = time.process_time()
    assert clean("\n \n a" + " " * 200_000 + "b" + "\n" * 200_000) == " a" + " " * 200_000 + "b"
    assert time.process_time() - began < 1.0  # seconds; it took minutes
