"""Word documents, RTF and PDF with text; a file's own dates of making are no days of publication.

Each may also be an export of a press database, which holds many articles.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from index.errors import ArticleError
from index.readers import exports
from index.readers.named import article_of
from index.readers.text import MAX_BYTES, Found, clean, one_line, read_bytes
from index.types import Article, Skipped

_LARGEST = 5 * MAX_BYTES  # pictures make such files large
_HYPHEN = re.compile(r"(?<=[^\W\d_])(?:-|\ufffe|\u00ad)\n(?=[^\W\d_])")
_ENDS = (".", "!", "?", "”", '"', ":", "’")
_PICTURE = re.compile(r"(?:[0-9a-fA-F]{2}\s*){200,}")  # written as figures
_LINK = re.compile(r'\("(?:https?|mailto|ftp):[^"\s]*"\)')  # which striprtf puts behind its words
_FEWEST = 20  # characters of a page that is no scan


def library(name: str, package: str, wanted: str = "-r requirements-formats.txt") -> Any:
    """Import what reads a format that few archives have.

    Raises:
        ArticleError: it is not installed; the message says how to install it.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise ArticleError(f"needs {package} to be read: `pip install {wanted}`") from error


def refuse_large(path: Path, *, packed: bool = False) -> None:
    """Raise where a file, or what is packed in it, is larger than what is read.

    Raises:
        ArticleError: it is, or it is no archive though it should be.
    """
    if path.stat().st_size > _LARGEST:
        raise ArticleError(f"too large: more than {_LARGEST // 1_000_000} MB")
    if packed:
        try:
            with ZipFile(path) as parts:
                size = sum(part.file_size for part in parts.infolist())
        except BadZipFile as error:
            raise ArticleError("damaged, or not what its name says") from error
        if size > 5 * _LARGEST:
            raise ArticleError(f"too large: it unpacks to more than {5 * _LARGEST:,} bytes")


def _split_export(title: str, body: str, file: Found) -> Iterator[Article | Skipped]:
    """Yield the articles of an export, else the one article of the file."""
    many = exports.split(exports.documents(body), file)
    yield from many or [article_of({}, file, title=title, body=body)]


def read_word(file: Found) -> Iterator[Article | Skipped]:
    """Yield the one article of a Word document, or those of an export."""
    docx = library("docx", "python-docx")  # a Word document is an archive of XML
    refuse_large(file.path, packed=True)
    try:
        document = docx.Document(str(file.path))
    except (KeyError, ValueError, docx.exceptions.PythonDocxError) as error:
        raise ArticleError("not a Word document, or damaged") from error
    paragraphs = []
    for one in document.iter_inner_content():
        if hasattr(one, "rows"):
            cells = [" | ".join(cell.text.strip() for cell in row.cells) for row in one.rows]
            paragraphs.append((clean("\n".join(cells)), ""))
        else:
            paragraphs.append((clean(one.text), one.style.name or ""))
    paragraphs = [(text, style) for text, style in paragraphs if text.strip()]
    title = ""
    if paragraphs and paragraphs[0][1].startswith(("Title", "Heading")):
        title = paragraphs[0][0]
    body = "\n\n".join(text for text, _ in paragraphs)
    yield from _split_export(title, body, file)


def read_rtf(file: Found) -> Iterator[Article | Skipped]:
    """Yield the one article of an RTF document, or those of an export."""
    to_text = library("striprtf.striprtf", "striprtf").rtf_to_text
    raw = read_bytes(file.path)
    if not raw.lstrip().startswith(b"{\\rtf"):
        raise ArticleError("not RTF, or damaged")
    written = _PICTURE.sub("", raw.decode("latin-1"))
    text = clean(_LINK.sub("", to_text(written, errors="replace")))
    body = "\n\n".join(line.strip() for line in text.split("\n") if line.strip())
    yield from _split_export("", body, file)


def read_pdf(file: Found) -> Iterator[Article | Skipped]:
    """Yield the one article of a PDF, or those of an export."""
    pdfium = library("pypdfium2", "pypdfium2")
    refuse_large(file.path)
    try:
        with closing(pdfium.PdfDocument(file.path)) as pdf:
            pages = [_page(page) for page in pdf]
            title = one_line(clean(pdf.get_metadata_value("Title") or ""))
    except pdfium.PdfiumError as error:
        raise ArticleError(f"a damaged or encrypted PDF: {error}") from error
    body = clean("\n\n".join(filter(None, pages)))
    if len(body) < _FEWEST * len(pages):
        raise ArticleError("no text: a PDF of pictures, which would have to be recognised first")
    said = title if title and title in one_line(body[:1000]) else ""
    yield from _split_export(said, body, file)


def _page(page: Any) -> str:
    """Return the paragraphs of a page, whose lines are joined."""
    with closing(page), closing(page.get_textpage()) as text:
        written = text.get_text_bounded().replace("\r\n", "\n")
    lines = [line.rstrip() for line in _HYPHEN.sub("", written).split("\n")]
    full = 0.8 * max(map(len, lines), default=0)
    joined = ""
    for line in lines:
        ends = not line or (len(line) < full and (line.endswith(_ENDS) or len(line) < full / 2))
        joined += line + ("\n\n" if ends else " ")
    return re.sub(r"\s*\n\s*\n\s*", "\n\n", joined).strip()
