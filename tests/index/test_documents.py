"""Word documents, PDF with text and web crawls; what to install where their readers are missing."""

from __future__ import annotations

import gzip
import sys
from datetime import date
from pathlib import Path

import pytest

from index.readers import find_files, read_articles
from index.readers.files import read_file
from index.types import Article, Skipped

LINES = [
    "Weir mill sold to its tenants",
    "The mill by the weir at Corvale was sold to its ten-",
    "ants on a rainy afternoon, and nobody bid against",
    "them.",
    "The auctioneer closed his book after four minutes.",
]


def _pdf(path: Path, lines: list[str]) -> None:
    """Write a PDF of one page by hand: a font, and its lines one below the other."""
    shown = " T* ".join(f"({line}) Tj" for line in lines)
    stream = f"BT /F1 12 Tf 14 TL 50 700 Td {shown} ET"
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R"
        "/Resources<</Font<</F1 5 0 R>>>>>>",
        f"<</Length {len(stream)}>>stream\n{stream}\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        f"<</Title({LINES[0]})/CreationDate(D:20220101000000Z)>>",
    ]
    out, offsets = "%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += f"{number} 0 obj{body}endobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    end = f"trailer<</Size 7/Root 1 0 R/Info 6 0 R>>\nstartxref\n{len(out)}\n%%EOF"
    path.write_text(f"{out}xref\n0 7\n0000000000 65535 f \n{table}{end}")


def _word(path: Path) -> None:
    docx = pytest.importorskip("docx", reason="pip install -r requirements-formats.txt")
    document = docx.Document()
    document.add_heading(LINES[0])
    document.add_paragraph("The mill was sold.")
    document.add_paragraph("Nobody bid.")
    document.save(str(path))


def test_a_pdf_gives_its_paragraphs_and_its_day_only_by_its_name(tmp_path):
    pytest.importorskip("pypdfium2", reason="pip install -r requirements-formats.txt")
    _pdf(tmp_path / "mill.pdf", LINES)
    _pdf(tmp_path / "2021-03-05-mill.pdf", LINES)
    dated, undated = read_articles([tmp_path])
    assert isinstance(undated, Article)
    assert (dated.date, undated.date) == (date(2021, 3, 5), None)
    assert undated.headline == LINES[0]
    assert "sold to its tenants on a rainy afternoon, and nobody bid against them." in undated.text


def test_a_pdf_without_text_is_named_as_a_scan(tmp_path):
    pytest.importorskip("pypdfium2", reason="pip install -r requirements-formats.txt")
    _pdf(tmp_path / "scan.pdf", [""])
    (tmp_path / "torn.pdf").write_bytes(b"%PDF-1.4 torn")
    scan, torn = read_articles([tmp_path])
    assert "a PDF of pictures" in scan.reason
    assert "damaged or encrypted" in torn.reason


def test_a_word_document_gives_its_title_and_paragraphs(tmp_path):
    _word(tmp_path / "mill.docx")
    (tmp_path / "torn.docx").write_bytes(b"PK torn")
    article, torn = read_articles([tmp_path])
    assert article.headline == LINES[0]
    assert article.text.endswith("The mill was sold.\n\nNobody bid.")
    assert article.date is None  # the day on which a file was made is none of publication
    assert "damaged" in torn.reason


def test_the_pages_of_a_crawl_are_dated_by_themselves_not_by_the_crawl(tmp_path):
    pytest.importorskip("warcio", reason="pip install -r requirements-formats.txt")
    page = "<html><body><article><h1>{0}</h1><p>{1}</p></article></body></html>"
    answers = {
        "https://e.example/2021/03/05/mill": ("200 OK", page.format(LINES[0], "It was sold. " * 9)),
        "https://e.example/about": ("200 OK", page.format("About us", "Who we are. " * 9)),
        "https://e.example/gone": ("404 Not Found", page.format("Gone", "Nothing here. " * 9)),
    }
    packed = b""
    for url, (status, content) in answers.items():
        answer = f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\n\r\n{content}"
        head = (
            f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\n"
            "WARC-Date: 2022-01-01T00:00:00Z\r\nContent-Type: application/http\r\n"
            f"Content-Length: {len(answer)}\r\n\r\n"
        )
        packed += gzip.compress(f"{head}{answer}\r\n\r\n".encode())
    (tmp_path / "crawl.warc.gz").write_bytes(packed)
    mill, about = read_articles([tmp_path])
    assert (mill.headline, mill.date, mill.url) == (LINES[0], date(2021, 3, 5), mill.id)
    assert about.date is None


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("a.pdf", "pypdfium2"), ("a.docx", "docx"), ("a.warc", "warcio"), ("a.rtf", "striprtf"),
        ("a.xlsx", "python_calamine"), ("a.parquet", "pyarrow"),
    ],
)  # fmt: skip
def test_a_reader_that_is_not_installed_is_named_with_the_remedy(
    tmp_path, monkeypatch, name, module
):
    monkeypatch.setitem(sys.modules, module, None)
    for loaded in [each for each in sys.modules if each.startswith(f"{module}.")]:
        monkeypatch.delitem(sys.modules, loaded)
    (tmp_path / name).write_bytes(b"x")
    (found,) = find_files([tmp_path])
    (skipped,) = read_file(found, {})  # in this process, which lacks the reader
    assert isinstance(skipped, Skipped)
    named = "pyarrow`" if module == "pyarrow" else "-r requirements-formats.txt`"
    assert f"pip install {named}" in skipped.reason
