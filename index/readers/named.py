"""Named values to an article: front matter, records, rows of tables and items of feeds alike.

Names count without case and marks, so that `published_at` and `publishedAt` are one.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date
from functools import lru_cache
from itertools import islice
from typing import Any

from index.errors import ArticleError
from index.readers.days import BY_ADDRESS, BY_CHANGE, Stated, day_in_path, local_day, read_day
from index.readers.markup import plain_text
from index.readers.text import Columns, Found, clean, headline_and_text, one_line, strip_site
from index.types import Article, Details

Values = Mapping[str, Any]

TITLE = ("title", "headline", "headlines", "webtitle", "heading", "subject", "titel", "titre")
BODY = (
    "body", "text", "content", "maintext", "fulltext", "articlebody", "bodytext", "articletext",
    "contenttext", "contentencoded", "encoded", "contenthtml", "bodyhtml", "bodyxhtml", "bodies",
    "plaintext", "textcontent", "maincontent", "articlecontent", "postcontent", "storytext",
    "newstext", "newscontent", "cleantext", "cleanedtext", "rawtext", "selftext", "transcript",
    "paragraphs", "sentences", "blocks", "html", "article", "story", "document", "contents",
    "message", "inhalt", "texte", "leadparagraph", "description", "abstract", "summary", "snippet",
    "excerpt", "lead", "teaser",
)  # fmt: skip
DATE = (
    "publishedat", "publisheddate", "postdate", "datepublished", "publishdate", "publicationdate",
    "published", "publisheddatetime", "publishdatetime", "publicationdatetime", "pubdatetime",
    "dateofpublication", "firstpublisheddate", "firstpublicationdate", "publisheddateutc",
    "pubdate", "datepublish", "publishingdate", "webpublicationdate", "publishedtime",
    "publishedon", "articlepublishedtime", "publishtime", "firstpublished", "dateposted",
    "postedat", "postedon", "posted", "date", "articledate", "newsdate", "storydate", "dategmt",
    "datetime", "datum", "fecha", "issued", "releasedate", "displaydate", "seendate", "timestamp",
    "timestampms", "firstcreated", "versioncreated", "createdat", "datecreated", "createdutc",
    "created", "isodate", "datetimepub", "firstpublishedat", "publishedatutc", "publishedts",
    "issuedate", "printdate", "editiondate", "creationdate", "createdtime", "createddate",
    "createdon", "time", "dateline", "itemupdated",
)  # fmt: skip
SOURCE = (
    "source", "publication", "publisher", "outlet", "sourcename", "publishername", "newspaper",
    "sitename", "site", "medium", "provider", "quelle", "containertitle", "medianame", "origin",
    "sourcehostname",
)  # fmt: skip
URL = (
    "url", "link", "weburl", "permalink", "canonicalurl", "canonical", "href", "articleurl",
    "sourceurl", "externalurl", "requestedurl", "alternate", "source",
)  # fmt: skip
AUTHOR = (
    "authors", "author", "byline", "bylines", "creator", "writer", "reporter", "journalist",
    "contributor", "authorname", "primaryauthor", "autor", "auteur",
)  # fmt: skip
SECTION = (
    "section", "sectionname", "articlesection", "newsdesk", "desk", "rubrik", "ressort",
    "category", "categories",
)  # fmt: skip
TAGS = (
    "tags", "tag", "keywords", "keyword", "newskeywords", "topics", "topic", "categories",
    "category",
)  # fmt: skip
LANGUAGE = ("language", "lang", "inlanguage", "locale")
MODIFIED = (
    "datemodified", "modified", "modifiedat", "updated", "updatedat", "dateupdated", "lastmodified",
    "modifiedgmt", "postmodified", "lastmod", "updateddate", "modifieddate", "versioncreated",
)  # fmt: skip
ID = ("id", "guid", "uri", "uuid", "oid")
FIELDS = {
    "title": TITLE, "headline": TITLE, "text": BODY, "body": BODY, "date": DATE, "source": SOURCE,
    "url": URL, "id": ID, "author": AUTHOR, "section": SECTION, "tags": TAGS, "language": LANGUAGE,
}  # fmt: skip
"""What a person may call a field, and the names that it is known by."""

_AMBIGUOUS_DATES = ("time", "dateline", "timestamp", "displaydate")  # no day, and no error
_INNER = ("fields", "_source", "attributes", "attrs", "document", "node", "object")
_TEXT_KEYS = (
    "$date", "$oid", "$numberlong", "name", "rendered", "main", "value", "text", "content", "data",
    "paragraphs", "sections", "blocks", "title", "href",
)  # fmt: skip
_TRUNCATED = re.compile(r"\[\+\d+ chars\]\Z")  # how a news service ends a text that it cuts
_DRAFT_FLAGS = ("draft", "isdraft", "unlisted")
_PUBLISHED_FLAGS = ("published", "ispublished", "status")
_STATUS = ("status", "poststatus", "pubstatus")
_NOT_PUBLISHED = ("draft", "auto-draft", "scheduled", "trash", "withheld")
_ADDRESS = re.compile(r"https?://\S+\Z")
_BY = re.compile(r"\A\s*by[:\s]+", re.IGNORECASE)
_RSS_AUTHOR = re.compile(r"\A\S+@\S+\s*\((.+)\)\Z")  # the author of RSS: an address, then a name
_AND = re.compile(r"\s*(?:;|\||\s(?:and|&)\s)\s*")
_MOST, _LONGEST = 50, 120  # names of a field, characters of one
_NAME_KEYS = ("value", "name", "label", "title", "webtitle", "term", "fullname", "original")
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@lru_cache(2000)
def key(name: str) -> str:
    """Return a field's name without case and marks."""
    return re.sub(r"[\W_]+", "", name.rpartition(":")[2]).lower()


def by_name(values: Mapping[Any, Any], columns: Columns = ()) -> dict[str, Any]:
    """Return the values by their plain names, those of inner objects beside the others.

    A field whose column a person named has no other.
    """
    named: dict[str, Any] = {}
    inner: list[Mapping[Any, Any]] = []
    for name, value in values.items():
        if name in _INNER and isinstance(value, dict):
            inner.append(value)
        else:
            named.setdefault(key(str(name)), value)
    for each in inner:
        for name, value in each.items():
            named.setdefault(key(str(name)), value)
    for field, column in columns:
        found = _look_up(values, column)
        if found is not None:
            shared = (names for names in FIELDS.values() if names is not FIELDS[field])
            others = set(FIELDS[field]).difference(*shared)  # an address may stand in `source`
            named = {name: value for name, value in named.items() if name not in others}
            named[FIELDS[field][0]] = found
    return named


def _look_up(values: Any, path: str) -> Any:
    """Return what stands under a name, or under names with dots between them; None if nothing."""
    if not isinstance(values, Mapping):
        return None
    if path in values:
        return values[path]
    for name, value in values.items():
        if key(str(name)) == key(path):
            return value
    first, _, rest = path.partition(".")
    return _look_up(values.get(first), rest) if rest else None


def refuse_draft(values: Values) -> None:
    """Raise where the values say that the article was never published."""
    for name in _DRAFT_FLAGS:
        if str(values.get(name, "")).strip().lower() == "true":
            raise ArticleError(f"a draft ({name}: true)")
    for name in _PUBLISHED_FLAGS:
        if str(values.get(name, "")).strip().lower() == "false":
            raise ArticleError(f"a draft ({name}: false)")
    for name in _STATUS:
        if str(values.get(name, "")).strip().lower() in _NOT_PUBLISHED:
            raise ArticleError(f"a draft ({name}: {values[name]})")


def article_of(
    values: Values,
    file: Found,
    *,
    title: str | None = None,
    body: str | None = None,
    numbered: str = "",
) -> Article:
    """Make an article of named values, as `known` gives them.

    Args:
        values: What the record states.
        file: Where they stand; its name is the id of its one article.
        title: The headline, where it is not among the values.
        body: The text, where it is not among the values.
        numbered: What names the record in its file where it has no id; empty for the one article
            of a file, whose own id and address do not name it.

    Raises:
        ArticleError: there is no text, or the day cannot be read.
    """
    refuse_draft(values)
    if body is None:
        body = clean(plain_text(_first_text(values, BODY)))
        if body.endswith(" chars]"):
            body = _TRUNCATED.sub("", body).rstrip()
    if not body.strip():
        named = ", ".join(list(values)[:12])
        raise ArticleError(f"no text: expected a body; found {named or 'no field'}")
    title = title or clean(plain_text(_first_text(values, TITLE)))
    publisher = publisher_of(values)
    headline, text = headline_and_text(strip_site(title, publisher), body)
    url = url_of(values)
    day, note = day_of(values, file.day_first, url)
    article_id, location = file.name, str(file.path)
    if numbered:
        own = one_line(clean(_first_text(values, ID))) or url or ""
        article_id, location = own or f"{file.name}#{numbered}", f"{location}#{own or numbered}"
    return Article(
        article_id, location, headline, text, day, publisher, url, note, details_of(values, day)
    )


def url_of(values: Values) -> str | None:
    """Return the address that is stated."""
    for name in URL:
        written = one_line(clean(_first_text(values, (name,))))
        if written and (name == "url" or _ADDRESS.match(written)):
            return written
    return None


def publisher_of(values: Values) -> str | None:
    """Return the publisher; an address is none."""
    for name in SOURCE:
        written = one_line(clean(plain_text(_first_text(values, (name,)))))
        if written and not _ADDRESS.match(written):
            return written
    return None


def details_of(values: Values, day: date | None) -> Details:
    """Return authors, section, tags and language, as far as they are stated.

    A day of modification counts where it is later than the `day` of publication.
    """
    people = (name for one in _first_names(values, AUTHOR) for name in _split_people(one))
    filed = list(_first_names(values, SECTION))
    section = filed[0] if len(filed) == 1 or (filed and "section" in values) else None
    tags = (tag.strip() for one in _first_names(values, TAGS) for tag in re.split(r"[,;|]", one))
    withdrawn = str(values.get("withdrawn", ""))
    modified = None
    with suppress(ArticleError):
        modified = read_day(_first_text(values, MODIFIED)).day
    return Details(
        _distinct(people),
        section,
        _distinct(tag for tag in tags if tag != section),
        next(_first_names(values, LANGUAGE), None),
        withdrawn if _ISO_DAY.fullmatch(withdrawn) else None,
        modified.isoformat() if modified and (day is None or modified > day) else None,
    )


def _first_names(values: Values, fields: tuple[str, ...]) -> Iterator[str]:
    """Yield the names in the first of these fields that has any; numbers and addresses are none."""
    for field in fields:
        value, found = values.get(field), False
        if isinstance(value, str) and value.startswith("["):  # a list in a table's cell
            with suppress(ValueError, SyntaxError, MemoryError, RecursionError):
                value = ast.literal_eval(value)
        for one in value if isinstance(value, list | tuple) else (value,):
            if isinstance(one, dict):
                inner = by_name(one)
                own = " ".join(str(inner[name]) for name in ("given", "family") if inner.get(name))
                one = own or next((inner[name] for name in _NAME_KEYS if inner.get(name)), None)
            name = one_line(clean(plain_text(one))).strip("[]") if isinstance(one, str) else ""
            if name and not name.isdecimal() and not _ADDRESS.match(name) and name != "nan":
                found = True
                yield name
        if found:
            return


def _split_people(names: str) -> list[str]:
    """Part the names of people; a comma parts them only where each has two words."""
    parts = _AND.split(_RSS_AUTHOR.sub(r"\1", _BY.sub("", names)))
    single = [name.strip() for part in parts for name in part.split(",") if name.strip()]
    return single if all(" " in name for name in single) else parts


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    kept = dict.fromkeys(name for name in names if 0 < len(name) <= _LONGEST)
    return tuple(islice(kept, _MOST))


def day_of(values: Values, day_first: bool | None = None, url: str | None = None) -> Stated:
    """Return the day that the first field states which states one; else why none does."""
    note = ""
    for name, value in _date_fields(values):
        try:
            stated = read_day(value, day_first=day_first)
        except ArticleError:
            if name not in _AMBIGUOUS_DATES:
                raise
            continue
        if stated.day and name == "itemupdated":  # Atom asks for no other day
            printed = day_in_path(url or "")
            return Stated(printed, BY_ADDRESS) if printed else Stated(stated.day, BY_CHANGE)
        if stated.day:
            return Stated(*local_day(value, stated.day, url))
        note = note or stated.note
    return Stated(None, note)


def date_values(values: Values) -> Iterator[object]:
    """Yield what stands in fields of days, the likeliest first."""
    for _, value in _date_fields(values):
        yield value


def _date_fields(values: Values) -> Iterator[tuple[str, object]]:
    for name in DATE:
        if (value := values.get(name)) is not None:
            if isinstance(value, dict) and (parts := value.get("date-parts")):  # of CSL
                value = "-".join(re.findall(r"\d+", str(parts))[:3])
            yield name, _value_text(value, name) if isinstance(value, dict | list) else value


def _first_text(values: Values, names: tuple[str, ...]) -> str:
    """Return the first of these fields that is filled; numbers as they are written."""
    for name in names:
        value = values.get(name)
        if value is None or value == "" or value != value:  # NaN differs from itself
            continue
        if words := _value_text(value, name):
            return words
    return ""


def _value_text(value: Any, name: str) -> str:
    """Return the words of a value: text, a number, one of both in an object, or a list of them."""
    if isinstance(value, str):
        return "" if len(value) == 3 and value.lower() == "nan" else value
    if isinstance(value, dict):
        inner = {str(each).lower(): what for each, what in value.items()}
        return next((_value_text(inner[each], name) for each in _TEXT_KEYS if inner.get(each)), "")
    if isinstance(value, list):
        words = [_value_text(one, name) for one in value]
        if name not in BODY:
            return words[0] if words else ""
        # Paragraphs, or the pieces of a text that holds links.
        return ("" if any(one.endswith((" ", "\n")) for one in words) else "\n\n").join(words)
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if numeric else ""
