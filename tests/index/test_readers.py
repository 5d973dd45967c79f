import gzip
import json
import lzma
import os
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import ArticleError
from index.readers import read_articles
from index.readers.markup import plain_text
from index.readers.text import clean
from index.types import Article, Skipped, Unchanged

SEEDS = Path(__file__).parents[2].parent / "shared" / "seeds"
DAY = date(2023, 6, 18)


def write(folder, name, content):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read_one(folder, name, content):
    path = write(folder, name, content)
    (article,) = read_articles([folder])
    assert isinstance(article, Article), str(article)
    assert article.location == str(path.resolve())
    return article


LEADS = {
    "as written": (b"date 2023-06-18 Talks open.\n\nThey began.", DAY),
    "white space and mark": (b"\xef\xbb\xbf  \n date 2023-06-18 Talks open.\n\nThey began.", DAY),
    "crlf": (b"date 2023-06-18 Talks open.\r\n\r\nThey began.\r\n", DAY),
    "cr": (b"date 2023-06-18 Talks open.\r\rThey began.\r", DAY),
    "lead below": (b"date 2023-06-18\n\nTalks open.\n\nThey began.", DAY),
    "a day alone": (b"2023-06-18\nTalks open.\n\nThey began.", DAY),
    "in words": (b"\nSunday, 18 June 2023\n\nTalks open.\n\nThey began.", DAY),
    "month first": (b"June 18, 2023\nTalks open.\n\nThey began.", DAY),
    "no date": (b"Talks open.\n\nThey began.", None),
    "utf-16": ("Talks open.\n\nThey began.".encode("utf-16"), None),
}


@pytest.mark.parametrize(("content", "day"), LEADS.values(), ids=LEADS)
def test_text_gives_day_lead_and_paragraphs(tmp_path, content, day):
    article = read_one(tmp_path, "a/talks.txt", content)
    assert article.id == "a/talks.txt"
    assert article.date == day
    assert article.headline == "Talks open."
    assert article.text == "Talks open.\n\nThey began."


@pytest.mark.parametrize("line", ["June 2023", "2023-13-40", "Hull 2023", "03/04/2023"])
def test_a_first_line_that_is_no_day_is_the_headline(tmp_path, line):
    article = read_one(tmp_path, "a.txt", f"{line}\nTalks open.\n\nThey began.")
    assert (article.headline, article.date) == (line, None)


def test_words_that_only_look_like_a_date_line_are_text(tmp_path):
    article = read_one(tmp_path, "a.txt", "date palms are old. They grow.\n\nIn Iraq.")
    assert article.date is None
    assert article.text.startswith("date palms are old.")


def test_windows_1252_is_recognised(tmp_path):
    article = read_one(tmp_path, "a.txt", "A £15.8m fee – “done”\n\nHe left.".encode("cp1252"))
    assert article.text == "A £15.8m fee – “done”\n\nHe left."


def test_odd_characters_stay_and_disguises_go(tmp_path):
    article = read_one(tmp_path, "a.txt", "“Cafe\u0301”\t🎉\u202eabc\u202c\x07\n\nEnd.")
    assert article.text == "“Cafe\u0301”\t🎉abc\n\nEnd."


def test_headline_of_a_long_lead_is_cut_at_a_word(tmp_path):
    article = read_one(tmp_path, "a.txt", "word " * 80 + "\n\nBody.")
    assert len(article.headline) <= 160
    assert article.headline.endswith("word…")


def test_a_photo_credit_is_no_headline(tmp_path):
    lead = "date 2023-06-18 Two men in Paris | Jo Bloggs, Agency\n\nTalks open. They began."
    article = read_one(tmp_path, "a.txt", lead)
    assert article.headline == "Talks open."
    assert article.text.startswith("Two men in Paris | Jo Bloggs, Agency")


def test_markdown_gives_front_matter_and_plain_paragraphs(tmp_path):
    article = read_one(
        tmp_path,
        "a.md",
        "---\ndate: 2023-06-18\ntitle: 'Talks: open'\nsource: The Paper\nurl: https://e.org/a\n---\n"
        "They **began** [on\nSunday](https://e.org/b_(c)) in snake_case.\n\n"
        "## Then\n* One\n* Two\n",
    )
    assert article.headline == "Talks: open"
    assert (article.date, article.source, article.url) == (DAY, "The Paper", "https://e.org/a")
    assert "They began" in article.text
    assert "snake_case" in article.text
    assert article.text.endswith("Then\n\n- One\n- Two")


def test_markdown_without_front_matter_takes_its_heading(tmp_path):
    article = read_one(tmp_path, "a.md", "# Talks open\n\nThey began\non Sunday.\n")
    assert article.headline == "Talks open"
    assert article.text == "Talks open\n\nThey began on Sunday."


MARKS = {
    "links and images": ("See ![pic](a.png)[the *report*](https://e.org/b_(c)).",
                         "See the report."),
    "references": ("See [it][a].\n\n[a]: https://e.org", "See it."),
    "emphasis and code": ("**Very** _odd_ `x_y` ~~old~~ s_n_c.", "Very odd x_y old s_n_c."),
    "escapes and entities": (r"\*5\* &amp; 2 * 3", "*5* & 2 * 3"),
    "html": ("A <b>big</b> day<br>out.\n<!-- note -->\n\n<div>\nB &amp; C\n</div>",
             "A big day\nout.\n\nB & C"),
    "code fences": ("Run:\n\n```py\nx = 1\n\ny = 2\n```", "Run:\n\nx = 1\n\ny = 2"),
    "quotes and rules": ("> One\n> two\n\n***\n\nThree", "One two\n\nThree"),
    "numbered lists": ("Then:\n1. One\n2. Two\n   * Deep", "Then:\n\n1. One\n2. Two\n- Deep"),
    "tables": ("| a | b |\n|---|---|\n| 1 | [2](x) |", "a | b\n1 | 2"),
}  # fmt: skip


@pytest.mark.parametrize(("written", "plain"), MARKS.values(), ids=MARKS)
def test_markdown_marks_go_and_paragraphs_stay(tmp_path, written, plain):
    article = read_one(tmp_path, "a.md", f"# Title\n\n{written}\n\nEnd.")
    assert article.text == f"Title\n\n{plain}\n\nEnd."


PAGE = """<html><head><title>Talks open - The Paper</title>
<meta property="og:title" content="Talks open"><meta property="og:site_name" content="The Paper">
<link rel="canonical" href="https://e.org/a">{meta}</head><body><nav><a href="/">Home</a></nav>
<article><h1>Talks open</h1><p>The ministers met on Sunday 4 March 2001 in the old town hall of the
city.</p><p>They talked for seven hours about trade and travel, officials said afterwards.</p>
</article><footer>Copyright 2019</footer></body></html>"""
PAGE_DAYS = {
    "meta": ('<meta property="article:published_time" content="2023-06-18T23:30:00-05:00">', DAY),
    "json-ld": (
        '<script type="application/ld+json">{"@graph": [{"@type": "NewsArticle", '
        '"datePublished": "2023-06-18"}]}</script>',
        DAY,
    ),
    "mail date": ('<meta name="date" content="Sun, 18 Jun 2023 10:00:00 GMT">', DAY),
    "only in prose": ("", None),
}


@pytest.mark.parametrize(("meta", "day"), PAGE_DAYS.values(), ids=PAGE_DAYS)
def test_html_gives_the_article_and_only_a_stated_day(tmp_path, meta, day):
    article = read_one(tmp_path, "a.html", PAGE.format(meta=meta))
    assert article.headline == "Talks open"
    assert (article.date, article.source, article.url) == (day, "The Paper", "https://e.org/a")
    assert "seven hours" in article.text
    assert "Home" not in article.text
    assert article.text.count("Talks open") == 1


RECORD = {
    "id": "n1",
    "title": "Talks open",
    "body": "They began.",
    "published_at": "2023-06-18T09:00Z",
}
PACKED = {
    "a.jsonl": json.dumps(RECORD).encode(),
    "a.json": json.dumps([RECORD], indent=2).encode(),
    "one.json": json.dumps(RECORD, indent=2).encode(),
    "a.jsonl.xz": lzma.compress(json.dumps(RECORD).encode()),
    "a.ndjson.gz": gzip.compress(json.dumps(RECORD).encode()),
    "u.jsonl": json.dumps(RECORD).encode("utf-16"),
}


@pytest.mark.parametrize("name", PACKED)
def test_records_are_read_from_lines_arrays_and_archives(tmp_path, name):
    path = write(tmp_path, name, PACKED[name])
    (article,) = read_articles([tmp_path])
    assert article == Article(
        "n1", f"{path.resolve()}#n1", "Talks open", "Talks open\n\nThey began.", DAY
    )


def test_a_bad_record_is_named_by_line_and_the_others_go_on(tmp_path):
    lines = [
        json.dumps(RECORD),
        "{broken",
        "",
        json.dumps(RECORD),
        json.dumps({"body": "First here. Then.", "url": "https://e.org/b", "date": None}),
        json.dumps({"headline": "T", "text": "B", "date": "2023-02-30"}),
        json.dumps({"title": "T", "body": "  "}),
        json.dumps({"title": "T", "body": {"x": "B"}}),
        json.dumps({"title": "T", "content": "T\n\nB", "publisher": "P", "extra": 1}),
        "[1]",
        json.dumps({"title": "T", "body": "B", "date": "June 18"}),
    ]
    write(tmp_path, "a.jsonl", "\n".join(lines))
    found = list(read_articles([tmp_path]))
    articles = [each for each in found if isinstance(each, Article)]
    assert [a.id for a in articles] == ["n1", "n1", "https://e.org/b", "a.jsonl#9"]
    assert articles[2].headline == "First here. Then."
    assert articles[3].text == "T\n\nB"
    assert articles[3].source == "P"
    skipped = {each.line: each.reason for each in found if isinstance(each, Skipped)}
    assert sorted(skipped) == [1, 2, 6, 7, 8, 10, 11]
    assert "not JSON" in skipped[2]
    assert skipped[1] == "'n1' stands again in line 4, which is taken in its place"
    assert skipped[6] == "impossible date '2023-02-30'; expected YYYY-MM-DD"


BAD = {
    "empty.txt": (b"", "empty", None),
    "blank.txt": (b" \n\t\r\n", "empty", None),
    "mark.txt": (b"\xef\xbb\xbf \n", "empty", None),
    "date-only.txt": (b"date 2023-06-18\n", "empty", None),
    "binary.txt": (b"ab\0cd", "binary", None),
    "scan.txt": (b"\x89PNG abc", "binary", None),
    "controls.txt": (b"\x01\x02\x03 text", "binary", None),
    "ebcdic.txt": ("The talks began on Sunday, said nobody.".encode("cp500"), "wrong encoding", 1),
    "damaged.txt": ("“Fine”\n".encode() + b"\xe2 a \xe2 b \xe2 c \xe2 d", "wrong encoding", 2),
    "day.txt": (b"\ndate 2023-02-30 Talks.\n\nB", "impossible date '2023-02-30'", 2),
    "order.txt": (b"date 08/06/2023 Talks.\n\nB", "ambiguous date '08/06/2023'", 1),
    "day.md": (b"---\ntitle: T\ndate: 2023-02-30\n---\nB", "impossible date", 3),
    "yaml.md": (b"---\ntitle: [\n---\nB", "front matter is not YAML", None),
    "broken.json": (b'{"title": "T",\n "body" }', "not JSON", 2),
    "cut.jsonl.xz": (lzma.compress(b'{"body": "B"}')[:-8], "damaged archive", None),
    "plain.jsonl.gz": (b"no gzip", "gzip", None),
    "empty.jsonl": (b"\n", "empty", None),
    "day.html": (
        PAGE.format(meta='<meta name="date" content="2023-02-30">').encode(),
        "impossible date",
        None,
    ),
    "nothing.html": (b"<html><body></body></html>", "no article", None),
    "large.txt": (b"a" * 20_000_001, "too large", None),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_named_with_its_reason_and_the_rest_is_read(tmp_path, name):
    content, reason, line = BAD[name]
    path = write(tmp_path, name, content)
    write(tmp_path, "zz.txt", "Good.\n\nText.")
    skipped, good = read_articles([tmp_path])
    assert isinstance(skipped, Skipped)
    assert skipped.location == str(path.resolve())
    assert reason in skipped.reason
    if line is not None:
        assert skipped.line == line
    assert good.id == "zz.txt"


def test_folders_are_walked_in_order_and_every_other_file_is_named_by_its_kind(tmp_path):
    for name in (
        "b.txt",
        "a/z.md",
        "a/é.txt",
        ".hidden/x.txt",
        ".y.txt",
        "p.png",
        "b.txt~",
        "README",
    ):
        write(tmp_path, name, "Some text.\n\nMore.")
    found = list(read_articles([tmp_path]))
    ids = [each.id for each in found if isinstance(each, Article)]
    assert ids == ["a/z.md", "a/é.txt", "b.txt"]
    kinds = {Path(each.location).name: each.kind for each in found if isinstance(each, Skipped)}
    assert kinds == {
        "x.txt": "hidden",
        ".y.txt": "hidden",
        "README": "README, LICENSE and the like",
        "b.txt~": "left by an editor",
        "p.png": ".png",
    }


def test_links_stay_within_the_folder_and_nothing_is_read_twice(tmp_path):
    outside = write(tmp_path, "outside/secret.txt", "Secret.\n\nText.")
    root = tmp_path / "root"
    write(root, "a/one.txt", "One.\n\nText.")
    write(root, ".store/two.txt", "Two.\n\nText.")
    (root / "leak.txt").symlink_to(outside)
    (root / "leaks").symlink_to(outside.parent)
    (root / "broken.txt").symlink_to(root / "gone.txt")
    (root / "a" / "loop").symlink_to(root)
    (root / "same.txt").symlink_to(root / "a" / "one.txt")
    (root / "two.txt").symlink_to(root / ".store" / "two.txt")
    found = list(read_articles([root]))
    assert [each.id for each in found if isinstance(each, Article)] == ["a/one.txt", "two.txt"]
    skipped = [each for each in found if isinstance(each, Skipped)]
    reasons = {Path(each.location).name: each.reason for each in skipped if not each.kind}
    assert sorted(reasons) == ["broken.txt", "leak.txt", "leaks"]
    assert "leaves the folder" in reasons["leak.txt"]
    assert "nowhere" in reasons["broken.txt"]


def test_a_pipe_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.txt")
    (skipped,) = read_articles([tmp_path])
    assert skipped.reason == "not a plain file"


def test_a_name_that_is_not_utf8_is_named(tmp_path):
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).write_text("Text.")
    (skipped,) = read_articles([tmp_path])
    assert "name is not UTF-8" in skipped.reason
    assert skipped.location.encode().endswith("caf\ufffd.txt".encode())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_named(tmp_path):
    write(tmp_path, "a.txt", "Text.").chmod(0)
    write(tmp_path, "d/b.txt", "Text.").parent.chmod(0)
    found = list(read_articles([tmp_path]))
    (tmp_path / "d").chmod(0o700)
    assert ["permission denied" in each.reason for each in found] == [True, True]


def test_an_unreadable_file_does_not_stop_the_others(tmp_path, monkeypatch):
    write(tmp_path, "a.txt", "Text.")
    write(tmp_path, "b.txt", "Text.")
    opened = Path.open

    def refuse(path, *args, **kwargs):
        if path.name == "a.txt":
            raise PermissionError(13, "Permission denied")
        return opened(path, *args, **kwargs)

    monkeypatch.setattr(Path, "open", refuse)
    skipped, article = read_articles([tmp_path])
    assert skipped.reason == "unreadable: permission denied"
    assert article.id == "b.txt"


def test_a_path_that_does_not_exist_is_refused_before_anything_is_read(tmp_path):
    write(tmp_path, "a.txt", "Text.")
    with pytest.raises(ArticleError, match="no such file"):
        read_articles([tmp_path, tmp_path / "gone"])


def test_single_files_are_named_by_their_own_name(tmp_path):
    text, picture = write(tmp_path, "d/a.txt", "Text."), write(tmp_path, "d/p.png", b"x")
    article, skipped = read_articles([text, picture])
    assert article.id == "a.txt"
    assert "unknown kind" in skipped.reason


def test_unchanged_files_are_not_opened(tmp_path, monkeypatch):
    path = write(tmp_path, "a.jsonl", json.dumps(RECORD))
    monkeypatch.setattr(Path, "open", None)
    asked = []
    found = list(
        read_articles([tmp_path], unchanged=lambda p, s: asked.append((p, s.st_size)) or True)
    )
    assert found == [Unchanged(str(path.resolve()))]
    assert asked == [(path.resolve(), path.stat().st_size)]


@given(st.text())
def test_cleaning_is_stable_and_can_be_stored(text):
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert "\r" not in cleaned
    cleaned.encode()


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the seeds are not here")
def test_the_seeds_are_read():
    articles = list(read_articles([SEEDS]))
    assert articles
    for article in articles:
        assert isinstance(article, Article)
        assert article.date is not None
        assert article.text.startswith(article.headline)
        assert "\n" not in article.headline


@pytest.mark.parametrize("how", ["hidden", 'style="display: none"', "style='font-size:0'"])
def test_hidden_html_is_not_read(how):
    shown = plain_text(f"<p>The bridge is open.</p><div {how}>It is shut.</div><p>Cars cross.</p>")
    assert "shut" not in shown
    assert "open" in shown
    assert "Cars cross" in shown
    assert "shown" in plain_text('<p style="font-size:0.9em">Small, but shown.</p>')
