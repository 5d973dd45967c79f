"""Bytes to text: by byte order mark, declared name, or the letters that a language is written with.

An encoding is taken only where what it gives reads like a language; else the file is refused.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import BinaryIO

from index.errors import ArticleError

_BOMS = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MAGIC = (b"%PDF-", b"PK\x03\x04", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"\x1f\x8b", b"{\\rtf")
_LABELS = {  # https://encoding.spec.whatwg.org/#names-and-labels, where Python means another
    **dict.fromkeys(
        ("iso-8859-1", "iso8859-1", "iso88591", "latin1", "l1", "ascii", "us-ascii", "cp819",
         "ibm819", "ansi-x3.4-1968", "iso-ir-100", "x-cp1252", "x-ansi", "windows-1252"),
        "cp1252",
    ),
    **dict.fromkeys(
        ("gb2312", "gbk", "gb-2312-80", "chinese", "csgb2312", "iso-ir-58", "x-gbk"), "gb18030"
    ),
    **dict.fromkeys(
        ("shift-jis", "sjis", "x-sjis", "windows-31j", "ms932", "ms-kanji", "csshiftjis"), "cp932"
    ),
    **dict.fromkeys(
        ("euc-kr", "ks-c-5601-1987", "ks-c-5601-1989", "ksc5601", "korean", "windows-949"), "cp949"
    ),
    **dict.fromkeys(("big5", "big5-hkscs", "cn-big5", "csbig5", "x-x-big5"), "big5hkscs"),
    **dict.fromkeys(("iso-8859-9", "iso8859-9", "latin5", "l5", "iso-ir-148"), "cp1254"),
    **dict.fromkeys(("iso-8859-11", "iso8859-11", "tis-620", "dos-874", "windows-874"), "cp874"),
    **dict.fromkeys(("macintosh", "mac", "x-mac-roman", "csmacintosh"), "mac_roman"),
    **dict.fromkeys(("x-mac-cyrillic", "x-mac-ukrainian"), "mac_cyrillic"),
    **dict.fromkeys(("iso-8859-8-i", "logical", "csiso88598i"), "iso8859-8"),
    **dict.fromkeys(("koi", "koi8", "koi8-r", "cskoi8r"), "koi8_r"),
    # Of a text whose tags are ASCII, so that it is not what it says.
    **dict.fromkeys(("utf-16", "utf-16le", "utf-16be", "unicode", "ucs-2"), "utf-8"),
    **dict.fromkeys(("unicode-1-1-utf-8", "utf8", "x-unicode20utf8"), "utf-8"),
}  # fmt: skip
MOST_DAMAGED = 3
"""Bytes that do not refuse a text."""

_JIS = re.compile(rb"\x1b(?:\$[@B]|\(J)")  # where Japanese begins in ISO-2022-JP, which is ASCII
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1b")) + b"\x7f"
_SAMPLE = 100_000  # bytes that the language is told by
_UTF8_SEQUENCE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_CAPITAL = re.compile(  # that stands after a small letter, or alone before what is none
    r"(?:(?<=[a-zß-öø-ÿ])(?=[^\x00-\x7f])[^\W\d_a-z]"
    r"|(?<![A-ZÀ-Þ])(?=[^\x00-\x7f])[^\W\d_](?![^\W\d_A-ZÀ-Þ]))"
)
_MISPLACED = re.compile(r"[a-z][–—] |[a-z][–ºª»«²³µ±÷¥¢†][a-z]")  # marks where none stand
_ALONE = re.compile(r"(?<!\S)[ÀÈÉÓÔÖÅÜ](?!\S)")  # words of one letter
_MARKS = set("“”„‘’‚–—…«»‹›·•°§€£©®™¿¡ªº´¨½¼¾×±²³µ÷¥¢†\u00a0\u00ad")

_WESTERN, _CENTRAL = ("cp1252", "mac_roman"), ("cp1250", "iso8859_2", "mac_latin2")
_ALPHABETS = (  # letters beyond ASCII, and the encodings that such texts are found in
    ("àâæçèéêëîïôœùûüÿ", _WESTERN),  # French
    ("äöüßé", _WESTERN),  # German
    ("áéíñóúü", _WESTERN),  # Spanish
    ("àáâãçéêíóôõú", _WESTERN),  # Portuguese
    ("àèéìòù", _WESTERN),  # Italian
    ("àçèéíïòóúü", _WESTERN),  # Catalan
    ("åäöéæø", _WESTERN),  # Swedish, Danish, Norwegian, Finnish
    ("áéëïóöüèê", _WESTERN),  # Dutch
    ("áéíóúýþæöð", _WESTERN),  # Icelandic
    ("ąćęłńóśźż", _CENTRAL),  # Polish
    ("áčďéěíňóřšťúůýž", _CENTRAL),  # Czech
    ("áäčďéíĺľňóôŕšťúýž", _CENTRAL),  # Slovak
    ("áéíóöőúüű", _CENTRAL),  # Hungarian
    ("čćđšž", _CENTRAL),  # Croatian, Slovene
    ("ăâîşţ", _CENTRAL),  # Romanian
    ("çğıöşüâîİ", ("cp1254",)),  # Turkish
)
_ANY_WESTERN = "àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿœšžß"  # names in English texts
_FREQUENT = (  # the most frequent letters of other scripts, and how much of a text they make
    ("のにはをたがでてとしれさいるかなっ、。", 0.3, ("cp932", "euc_jp")),
    ("的一是不了在人有我他这个们中来上大为和国地到以说时要，。年市会", 0.1, ("gb18030",)),
    ("的一是不了在人有我他這個們中來上大為和國地到以說時要，。年市會", 0.1, ("big5hkscs",)),
    ("이다의는은에을를가하고한로지기서사도시인", 0.2, ("cp949",)),
    ("оеаинтсрвлкмдпуяыьзбі", 0.7, ("cp1251", "koi8_r", "iso8859_5", "cp866", "mac_cyrillic")),
    ("αοιετσνηυρπκμλςίάόέή", 0.7, ("cp1253", "iso8859_7")),
    ("יוהלארתבשמנ", 0.6, ("cp1255",)),
    ("اليمونترببعدةسف", 0.6, ("cp1256",)),
)
_MANY = 0.25  # share of bytes beyond ASCII from which on a text is in another script
_SPARSE = 0.03  # share of letters below which they are those of foreign names
_FEW = 0.9  # share of a text's letters that its language must have


def decode(raw: bytes) -> str:
    """Decode by byte order mark, else as UTF-8, else by what the letters show.

    Up to three damaged bytes are marked as such (U+FFFD).

    Raises:
        ArticleError: the bytes are empty, binary, or in an encoding that cannot be told.
    """
    if not raw.strip():
        raise ArticleError("empty")
    for mark, encoding in _BOMS:
        if raw.startswith(mark):
            return _decode_marked(raw, encoding)
    if b"\0" in raw:
        for encoding, zeros in (("utf-16-le", raw[1::2]), ("utf-16-be", raw[::2])):
            if 2 * zeros.count(0) > len(zeros):
                return _decode_marked(raw[: len(raw) & -2], encoding)
    controls = len(raw) - len(raw.translate(None, _CONTROLS))
    if raw.startswith(_MAGIC) or b"\0" in raw or controls > max(2, len(raw) // 100):
        raise ArticleError("binary: expected text")
    try:
        return raw.decode("iso2022_jp_ext" if _JIS.search(raw[:_SAMPLE]) else "utf-8")
    except UnicodeDecodeError as error:
        if found := guess_encoding(raw):
            return raw.decode(found, "replace")
        line = raw.count(b"\n", 0, error.start) + 1
        byte = f"byte 0x{raw[error.start]:02x} is not UTF-8, and no other encoding reads well"
        raise ArticleError(f"wrong encoding: {byte}; save the file as UTF-8", line) from error


def decode_as(raw: bytes, label: str) -> str:
    """Decode as browsers understand an encoding's label; where it is wrong, as `decode` does."""
    try:
        encoding = codec_of(label)
        return raw.decode(encoding)
    except LookupError:
        return decode(raw)
    except UnicodeDecodeError:
        text = raw.decode(encoding, "replace")
        return text if text.count("\ufffd") <= MOST_DAMAGED else decode(raw)


def codec_of(label: str) -> str:
    """Return Python's name of the encoding that browsers take for a label.

    Raises:
        LookupError: the label is unknown.
    """
    name = label.strip().lower().replace("_", "-")
    name = _LABELS.get(name, name)
    try:
        return codecs.lookup(name).name
    except LookupError:
        return codecs.lookup(name.removeprefix("x-")).name


def stream_encoding(file: BinaryIO) -> str:
    """Return the encoding of a long text, which is read through once and then from the start.

    Raises:
        ArticleError: it cannot be told.
    """
    head = file.read(4)
    file.seek(0)
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding
    try:
        decoder = codecs.getincrementaldecoder("utf-8")()
        while piece := file.read(1 << 20):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        file.seek(0)
        sample = b"".join(_lines_beyond_ascii(file))
        decode(sample)  # raises where its encoding cannot be told
        return guess_encoding(sample) or "utf-8"
    finally:
        file.seek(0)
    return "utf-8-sig"


def _lines_beyond_ascii(file: BinaryIO) -> Iterable[bytes]:
    """Yield the first lines that are not ASCII."""
    size = 0
    for line in file:
        if not line.isascii():
            yield line[:_SAMPLE]
            size += len(line)
            if size > _SAMPLE:
                return


def _decode_marked(raw: bytes, encoding: str) -> str:
    text = raw.decode(encoding, "replace")
    if text.count("\ufffd") > MOST_DAMAGED + raw.decode(encoding, "ignore").count("\ufffd"):
        raise ArticleError(f"wrong encoding: marked as {encoding} but is not")
    if "\0" in text:
        raise ArticleError("binary: expected text")
    return text


def guess_encoding(raw: bytes) -> str | None:
    """Return the encoding of a text that is not UTF-8, or UTF-8 if it is but for three bytes."""
    high = len(raw) - len(raw.translate(None, bytes(range(128, 256))))
    sequences = sum(map(len, _UTF8_SEQUENCE.findall(raw)))
    if 2 * sequences >= high:
        damaged = raw.decode("utf-8", "replace").count("\ufffd") - raw.count(b"\xef\xbf\xbd")
        if damaged <= MOST_DAMAGED:
            return "utf-8"
    sample = raw if len(raw) <= _SAMPLE else raw[: raw.rfind(b"\n", 0, _SAMPLE) + 1] or raw
    if high > _MANY * len(raw) and high > MOST_DAMAGED:
        return _guess_by_script(sample)
    if 2 * sequences >= high:
        return None
    return _guess_by_letters(sample) or ("utf-8" if high <= MOST_DAMAGED else None)


def _guess_by_script(raw: bytes) -> str | None:
    """Return the encoding in which the letters of another script have their usual frequency."""
    best, chosen = 1.0, None
    for letters, usual, encodings in _FREQUENT:
        for encoding in encodings:
            text = raw.decode(encoding, "replace")
            beyond = _NOT_ASCII.findall(text)
            if beyond.count("\ufffd") <= MOST_DAMAGED:
                share = sum(letter in letters for letter in beyond) / len(beyond)
                if share / usual > best:
                    best, chosen = share / usual, encoding
    return chosen


def _guess_by_letters(raw: bytes) -> str | None:
    """Return the encoding in which letters beyond ASCII are those of one European language.

    Where none fits wholly, or there are few of them, names of all kinds may stand in Windows-1252.
    """
    best, chosen = _FEW, None
    for letters, encodings in _ALPHABETS:
        for encoding in encodings:
            share = _letter_share(raw, encoding, letters)
            if share > best:
                best, chosen = share, encoding
    beyond = _NOT_ASCII.findall(_decoded(raw, "cp1252"))
    few = len(set(beyond)) <= MOST_DAMAGED and len(beyond) < _SPARSE * len(raw)
    if (few or best < 1) and _letter_share(raw, "cp1252", _ANY_WESTERN) >= best:
        return "cp1252"
    return chosen


def _letter_share(raw: bytes, encoding: str, letters: str) -> float:
    """Return how many of the characters beyond ASCII a text in this language would have."""
    text = _decoded(raw, encoding)
    beyond = _NOT_ASCII.findall(text)
    good = sum(one.lower() in letters or one in _MARKS for one in beyond)
    odd = sum(found[0].isupper() for found in _CAPITAL.finditer(text))
    odd += len(_MISPLACED.findall(text)) + abs(text.count("«") - text.count("»"))
    odd -= len(_ALONE.findall(text)) if encoding == "cp1252" else 0
    return (good - odd) / len(beyond) if beyond else 0.0


@lru_cache(8)
def _decoded(raw: bytes, encoding: str) -> str:
    return raw.decode(encoding, "replace")
