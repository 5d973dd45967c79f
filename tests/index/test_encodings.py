"""Texts in old encodings are read right, or refused: never with wrong letters."""

from __future__ import annotations

import json

import pytest

from index.errors import ArticleError
from index.readers import read_articles
from index.readers.encodings import codec_of, decode
from index.types import Article, Skipped

TEXTS = (
    (
        "Polish",
        "iso8859-2 cp1250",
        "Rada miasta postanowiła w poniedziałek sprzedać stary młyn nad rzeką. Mieszkańcy "
        "długo protestowali przeciwko tej decyzji, żądając ponownego głosowania. "
        "Burmistrz odpowiedział, że pieniądze są potrzebne na remont szkoły i drogi.",
    ),
    (
        "Czech",
        "iso8859-2 cp1250",
        "Městská rada se v pondělí rozhodla prodat starý mlýn u řeky. Obyvatelé "
        "dlouho protestovali proti tomuto rozhodnutí a žádali nové hlasování. Starosta "
        "odpověděl, že peníze jsou potřeba na opravu školy.",
    ),
    (
        "Hungarian",
        "iso8859-2 cp1250",
        "A városi tanács hétfőn úgy döntött, hogy eladja a folyóparti régi malmot. "
        "A lakók sokáig tiltakoztak a döntés ellen, és új szavazást követeltek. "
        "A polgármester szerint a pénz az iskola felújítására kell.",
    ),
    (
        "French",
        "cp1252 mac_roman",
        "Le conseil municipal a décidé lundi de vendre le vieux moulin près de la "
        "rivière. Les habitants ont longtemps protesté contre cette décision, réclamant "
        "un nouveau vote. Le maire a répondu que l’argent était nécessaire à l’école.",
    ),
    (
        "German",
        "cp1252 mac_roman",
        "Der Stadtrat beschloss am Montag, die alte Mühle am Fluss zu verkaufen. "
        "Die Anwohner hatten lange gegen die Entscheidung protestiert. Der Bürgermeister "
        "antwortete, das Geld werde für die Schule benötigt – „dringend“.",
    ),
    (
        "English",
        "cp1252 mac_roman",
        "The council decided on Monday to sell the old mill by the river – “at last”,"
        " as one of them said. Residents had long protested against the plan, and "
        "the café’s owner wasn’t amused.",
    ),
    (
        "English with one accent",
        "cp1252 mac_roman",
        "The council decided on Monday to sell the old mill by the river. Residents "
        "had long protested against the plan, and the café was closed for a day. "
        "It isn't clear who will buy it in the end.",
    ),
    (
        "Spanish",
        "cp1252 mac_roman",
        "El ayuntamiento decidió el lunes vender el viejo molino junto al río. Los "
        "vecinos protestaron durante años contra la decisión y pidieron otra votación.",
    ),
    (
        "Swedish",
        "cp1252 mac_roman",
        "Kommunen beslutade på måndagen att sälja den gamla kvarnen vid ån. Invånarna "
        "har länge protesterat mot beslutet och krävt en ny omröstning.",
    ),
    (
        "Turkish",
        "cp1254",
        "Belediye meclisi pazartesi günü nehir kıyısındaki eski değirmeni satmaya "
        "karar verdi. Şehir sakinleri uzun süre bu karara karşı çıktı ve yeni bir "
        "oylama istedi.",
    ),
    (
        "Russian",
        "cp1251 koi8-r",
        "Городской совет решил в понедельник продать старую мельницу у реки. Жители "
        "долго протестовали против этого решения и требовали нового голосования.",
    ),
    (
        "Greek",
        "cp1253",
        "Το δημοτικό συμβούλιο αποφάσισε τη Δευτέρα να πουλήσει τον παλιό μύλο δίπλα "
        "στο ποτάμι. Οι κάτοικοι διαμαρτύρονταν για πολύ καιρό.",
    ),
    (
        "Chinese",
        "gbk",
        "市议会星期一决定出售河边的老磨坊。居民们长期以来一直反对这一决定,要求重新投票。"
        "市长回答说,学校的修缮需要这笔钱。",
    ),
    (
        "Chinese, traditional",
        "big5",
        "市議會星期一決定出售河邊的老磨坊。居民們長期以來一直反對這一決定,要求重新投票。"
        "市長回答說,學校的修繕需要這筆錢。",
    ),
    (
        "Japanese",
        "cp932 euc_jp",
        "市議会は月曜日、川沿いの古い水車小屋を売却することを決めた。住民は長い間この決定に反対し、"
        "再投票を求めていた。市長は学校の修理にお金が必要だと答えた。",
    ),
    (
        "Korean",
        "cp949",
        "시의회는 월요일 강가의 오래된 물레방아를 팔기로 결정했다. 주민들은 오랫동안 "
        "이 결정에 반대하며 재투표를 요구해 왔다.",
    ),
)  # fmt: skip
SHORT = (
    (
        "cp1252",
        "Il consiglio ha deciso lunedì di vendere. Perché? È così, dice la città.",
    ),
    ("cp1250", "Consiliul oraşului a decis luni să vândă vechea moară de lângă râu."),
    ("iso8859-2", "Mestská rada sa rozhodla predať starý mlyn pri rieke. Obyvatelia protestovali."),
    ("cp1250", "Gradsko vijeće odlučilo je prodati stari mlin. Građani su dugo prosvjedovali."),
    ("cp1255", "המועצה החליטה ביום שני למכור את הטחנה הישנה ליד הנהר."),
    ("cp1256", "قرر المجلس يوم الاثنين بيع الطاحونة القديمة بجانب النهر."),
    ("cp1252", "The dose was 20 µg at ±5 °C over 3 m² for ¥100, or £1½."),
    ("cp866", "Городской совет решил в понедельник продать старую мельницу у реки."),
    ("mac_roman", "Byrådet besluttede mandag at sælge den gamle mølle ved åen."),
)
CASES = [(text, encoding) for _, encodings, text in TEXTS for encoding in encodings.split()]
CASES += [(text, encoding) for encoding, text in SHORT]


@pytest.mark.parametrize("times", [1, 20])
@pytest.mark.parametrize(("text", "encoding"), CASES)
def test_an_encoding_is_told_by_the_letters_of_the_text(text, encoding, times):
    written = "\n\n".join([text] * times)
    assert decode(written.encode(encoding)) == written


@pytest.mark.parametrize("name", ["Škoda", "Žižek", "Ærøskøbing", "Þórr", "Citroën’s", "São Tomé"])
def test_a_foreign_name_in_an_english_text_stays_as_it_is_written(name):
    text = f"The firm {name} said on Monday that the mill was sold. Nobody bid against it."
    assert decode(text.encode("cp1252")) == text


def test_some_damaged_bytes_are_marked_and_more_of_them_refuse_the_text():
    text = "The café by the weir – the old one – was sold. “Sold!” he cried. " * 3
    raw = text.encode()
    damaged = raw.replace(b"\xc3\xa9", b"\xc3", 2)
    assert decode(damaged) == text.replace("é", "\ufffd", 2)
    assert decode(b"The mill \x81 was sold.") == "The mill \ufffd was sold."
    with pytest.raises(ArticleError, match="wrong encoding"):
        decode(raw.replace(b"\xe2\x80\x93", b"\xe2\x80"))


@pytest.mark.parametrize(
    ("label", "encoding"),
    [
        ("ISO-8859-1", "cp1252"), ("latin1", "cp1252"), ("GB2312", "gb18030"), ("x-sjis", "cp932"),
        ("Shift_JIS", "cp932"), ("ks_c_5601-1987", "cp949"), ("iso-8859-9", "cp1254"),
        ("x-mac-cyrillic", "mac-cyrillic"), ("iso-8859-2", "iso8859-2"), ("x-cp1251", "cp1251"),
        ("utf-16le", "utf-8"), ("Big5", "big5hkscs"), ("windows-1250", "cp1250"),
    ],
)  # fmt: skip
def test_a_label_means_what_browsers_take_it_for(label, encoding):
    assert codec_of(label) == encoding


def test_a_label_is_understood_in_every_format_that_has_one(tmp_path):
    text = "The mill’s owner – a “Mr Pell” – sold it on a rainy afternoon, said nobody at all."
    raw = text.encode("cp1252")
    (tmp_path / "a.html").write_bytes(
        b'<html><head><meta charset="iso-8859-1"></head><body><p>' + raw + b"</p></body></html>"
    )
    (tmp_path / "b.eml").write_bytes(
        b"From: a@e.example\nSubject: Mill\nDate: Fri, 5 Mar 2021 10:00:00 +0000\n"
        b"Content-Type: text/plain; charset=iso-8859-1\n\n" + raw
    )
    (tmp_path / "c.xml").write_bytes(
        b'<?xml version="1.0" encoding="iso-8859-1"?><rss><channel><item><title>Mill</title>'
        b"<description>" + raw + b"</description></item></channel></rss>"
    )
    found = list(read_articles([tmp_path]))
    assert [one for one in found if isinstance(one, Skipped)] == []
    assert all(text in one.text for one in found)
    assert len(found) == 3


def test_a_table_is_decoded_as_a_whole_and_a_damaged_row_is_no_end(tmp_path):
    names = ["Łódź", "Wąchock", "Świętochłowice", "Brześć"]
    rows = "".join(f"{n},Młyn sprzedano w mieście {name} w poniedziałek\n" for n, name in
                   enumerate(names))  # fmt: skip
    plain = "id,text\n" + "8,The mill was sold\n" * 9_000
    (tmp_path / "a.csv").write_bytes((plain + rows).encode("cp1250"))
    (tmp_path / "b.csv").write_bytes(
        "id,text\n1,The café was sold – twice\n".encode() + b"2,A \xff torn \xfe row\n3,Last\n"
    )
    found = list(read_articles([tmp_path]))
    texts = [one.text for one in found if isinstance(one, Article)]
    assert all(any(name in text for text in texts) for name in names)
    assert texts[-3:] == ["The café was sold – twice", "A \ufffd torn \ufffd row", "Last"]


def test_lines_of_json_with_a_damaged_byte_go_in(tmp_path):
    line = json.dumps({"id": "a", "text": "The café was sold."}, ensure_ascii=False).encode()
    (tmp_path / "a.jsonl").write_bytes(line.replace(b"\xc3\xa9", b"\xe9\x81") + b"\n")
    (article,) = read_articles([tmp_path])
    assert article.text.startswith("The caf")
