"""Which files hold articles: by their names, and where names say little by their first bytes."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path, PurePath

from index.readers.named import BODY, DATE, TITLE, key

SUFFIXES = {
    suffix: form
    for form, suffixes in {
        "text": ("", ".txt", ".text", ".ris"),
        "markdown": (".md", ".markdown"),
        "records": (".jsonl", ".ndjson", ".json"),
        "html": (".html", ".htm", ".xhtml"),
        "table": (".csv", ".tsv"),
        "sheets": (".xlsx", ".xls", ".ods"),
        "parquet": (".parquet",),
        "feed": (".xml", ".rss", ".atom"),
        "mail": (".eml", ".mht", ".mhtml"),
        "mailbox": (".mbox",),
        "word": (".docx",), "rtf": (".rtf",), "book": (".epub",), "pdf": (".pdf",),
        "crawl": (".warc",), "archive": (".zip", ".tar", ".tgz"),
    }.items()
    for suffix in suffixes
}  # fmt: skip
"""Format by suffix; but for mailboxes, documents and ZIP they may also be packed (`.xz`, `.gz`)."""

UNKNOWN = f"unknown kind of file; expected one of {' '.join(filter(None, SUFFIXES))}"
NO_ARTICLE = "README, LICENSE and the like"
SETTINGS = "settings of programs"
HIDDEN = "hidden"
TEMPORARY = "left by an editor"
SAVED_PART = "part of a saved page"
TABLED = "text of posts.csv"
LINK = "link to what is read already"

_PACKED = (".xz", ".gz")
_UNPACKED = (
    "", ".mbox", ".docx", ".rtf", ".pdf", ".epub", ".xlsx", ".xls", ".ods", ".parquet", ".zip",
    ".tgz",
)  # fmt: skip
_HELP_FILES = {  # beside texts, they say how to use them
    "readme", "license", "licence", "copying", "notice", "authors", "contributing", "contributors",
    "changelog", "code_of_conduct", "makefile", "dockerfile", "procfile", "gemfile", "rakefile",
    "todo", "install", "codeowners", "maintainers", "thanks", "vagrantfile", "jenkinsfile", "llms",
    "robots", "humans", "requirements", "security", "cname",
}  # fmt: skip
_HELPER_SUFFIXES = ("", ".md", ".markdown", ".txt", ".text", ".html")
_SETTINGS = re.compile(  # of programs, in a folder of their code
    r"(?:package|package-lock|composer|bower|manifest|vercel|netlify|firebase|lerna|nx|turbo|deno"
    r"|renovate|angular|devcontainer|[jt]sconfig(?:\.\w+)?|[\w-]+\.(?:config|schema))\.json"
)
_SAVED_FOLDER = re.compile(r"(.+)(?:_files|\.files|-Dateien|_fichiers|_archivos)")

_SIGNATURES = {
    "html": re.compile(
        rb"\s*+(?><!--.*?-->\s*)*+(?:<!doctype\s+html|<html|<head)[\s>]", re.I | re.S
    ),
    "pdf": re.compile(rb"%PDF-"),
    "rtf": re.compile(rb"\{\\rtf"),
    "feed": re.compile(rb"\s*<\?xml[^>]*>.{0,300}<(?:rss|feed|rdf:RDF|nitf|newsItem)[\s>]", re.S),
    "mailbox": re.compile(rb"From \S+ .*\d{4}\r?\n(?:[\w-]+: .*\r?\n)"),
    "records": re.compile(rb'\s*\[?\s*\{\s*"\w+"\s*:\s*["{\[\dtfn]'),
    "markdown": re.compile(
        rb"---[ \t]*\r?\n\s*[\w-]+:[ \t]"
        rb"|(?:title|headline|date|author|source): .*\r?\n(?:title|headline|date|author|source): ",
        re.IGNORECASE,
    ),
}
MANY = ("feed", "mailbox", "records", "table")
"""Formats of many articles in a file."""

_MAIL = re.compile(rb"(?:[\w-]+: .*\r?\n(?:[ \t].*\r?\n)*){3,}\r?\n")
_MAIL_FIELD = re.compile(rb"(?:^|\n)(?:from|received|message-id|mime-version): ", re.I)


def format_of(name: str) -> str | None:
    """Return the format that a file's name indicates, None where it is no article's."""
    suffix, packed = _suffix(name)
    form = SUFFIXES.get(suffix)
    if kind_of(name) in (NO_ARTICLE, SETTINGS, TEMPORARY) or (packed and suffix in _UNPACKED):
        return None
    return form


def kind_of(name: str) -> str:
    """Return what files are counted as that are not read: their suffix, for most."""
    path = PurePath(name.lower())
    if path.stem in _HELP_FILES and path.suffix in _HELPER_SUFFIXES:
        return NO_ARTICLE
    if _SETTINGS.fullmatch(path.name):
        return SETTINGS
    if name.endswith("~") or name.startswith("~$"):
        return TEMPORARY
    return path.suffix or "no suffix"


def part_of(folder: Path) -> str:
    """Return of what beside it a folder holds the parts: of a saved page, of Substack's table."""
    saved = _SAVED_FOLDER.fullmatch(folder.name)
    if saved and any(folder.with_name(saved[1] + s).is_file() for s in (".html", ".htm", ".xhtml")):
        return SAVED_PART
    table = folder.with_name("posts.csv")
    if folder.name == "posts" and table.is_file():
        with suppress(OSError), table.open("rb") as opened:
            return TABLED if b"post_id" in opened.readline(500) else ""
    return ""


def format_of_bytes(head: bytes) -> str | None:
    """Return the format that a text's first bytes show; None where they show none."""
    head = head.removeprefix(b"\xef\xbb\xbf")
    for form, sign in _SIGNATURES.items():
        if sign.match(head):
            return form
    mail = _MAIL.match(head)
    if mail and _MAIL_FIELD.search(mail[0]):
        return "mail"
    return "table" if _is_header(head.lstrip().partition(b"\n")[0]) else None


def _is_header(line: bytes) -> bool:
    """Whether a line names at least three columns, among them a text's and a title's or day's."""
    mark = max((b",", b";", b"\t", b"|"), key=line.count)
    if line.count(mark) < 2 or b". " in line:
        return False
    names = {key(name) for name in line.decode("utf-8", "replace").split(mark.decode())}
    return not names.isdisjoint(BODY) and not names.isdisjoint((*TITLE, *DATE))


def _suffix(name: str) -> tuple[str, bool]:
    path = PurePath(name.lower())
    packed = path.suffix in _PACKED
    suffix = PurePath(path.stem).suffix if packed else path.suffix
    return ("" if " " in suffix else suffix), packed  # "Mr. Smith goes to Washington" has none
