import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.text.sentences import sentence_spans


def sentences(text):
    return [text[start:end] for start, end in sentence_spans(text)]


# Each case is written with ‖ where a sentence ends.
CASES = [
    "He left.‖She stayed.",
    "Mr. Blinken met Mrs. Lee and Dr. Wu.‖They talked.",
    "Mr Qin greeted Mr Blinken.‖The two shook hands.",
    "Gen. Mark Milley, Sen. Ted Cruz and Gov. Ron DeSantis spoke.‖Rep. Kevin McCarthy did not.",
    "Lt. Col. John Smith of Ft. Bragg spoke.‖Sgt. Lee left.",
    "The U.S. Senate voted.‖The U.K. Parliament did not.",
    "He moved to the U.S.‖The family followed later.",
    "Talks in the U.N. Security Council failed.‖An E.U. official said so.",
    "It began at 9 a.m. on Sunday.‖It ended at 5 p.m.‖Visitors left.",
    "The train left at 9 a.m. Monday from Paris.",
    "Polls close at 8 p.m. ET in Ohio.",
    "No. 10 declined to comment.‖He said no.‖She agreed.",
    "Apple Inc. Chief Executive Tim Cook spoke.",
    "He sold shares of Apple Inc.‖The price fell.",
    "Ford Motor Co. Chairman Bill Ford and Barclays plc.‖Both were there.",
    "On Jan. 6 rioters came.‖It was Sept. 11, 2001.",
    "Figures for Dec.‖The next came in Feb. 2023.",
    "Roe vs. Wade was overturned.‖So was Doe v. Bolton.",
    "Apples, pears, etc. are sold.‖Some, e.g. Cox, are red, i.e. Ripe ones.",
    "J. K. Rowling wrote it.‖George W. Bush read it.",
    "J.K. Rowling wrote it.‖J.R.R. Tolkien did not.",
    "Samuel L. Jackson and Michael J. Fox came.‖He sang.",
    "They chose Plan B.‖The first had failed.",
    "Growth was 3.5 per cent.‖It had been 2.75% in 2022.‖5.1 was expected.",
    "He sold it for 3.‖25 were left.",
    "Well... maybe not.‖Perhaps…‖Next time.",
    "“This is the end.”‖Next came the rest.",
    '"This is the end."‖Next came the rest.',
    'He said: "Go."‖"Why?" she asked.',
    "He called it “a great day.”‖She did not.",
    "‘No,’ she said.‖‘Not now.’‖He left.",
    "(He left early.)‖She stayed [she said.]‖It rained.",
    "Is it true?‖Yes!‖It is.",
    "“Is it true?” Mr Smith asked the court.",
    "“Never again!” John Lee shouted.‖He left.",
    "“Why now?” he asked.‖Nobody knew.",
    "Yahoo! said it grew.‖It grew fast!‖Really?!‖Yes.",
    "Yahoo! News reported it.",
    "See https://www.example.org/a.html?q=1.2&Next=A.‖B is here.",
    "See https://example.org/The.Page/Next.html for more.‖Mail jo.Bloggs@example.co.uk now.",
    "Visit example.com.‖Booking.com was down.",
    "iPhone sales fell.‖iPad sales rose.‖He said so.",
    "St. Louis and Mt. Everest are far from St. Paul.‖He went.",
    "Martin Luther King Jr. Day is in January.",
    "Robert Downey Jr.‖He was there.",
    "He paid £5m.‖£3m was left.‖$2m was lost.",
    "Studies agree.[1]‖Others do not.[2][3]‖Nobody knows.",
    "He works in Washington, D.C.‖He lives there.",
    "It was 1999.‖The year ended.",
    "He has a Ph.D. in law.‖She has an M.D. from Yale.",
    "It is over.‖🎉 Next.‖👋 Hello.",
    "He left.‖… But he came back.‖Good.",
    "He won (at last!) Wimbledon in (gasp!) 1989.‖It rained.",
    "Call 555 ext. 7433 now.‖Drs. Philip and Ann Lee answer.",
    "(Was it true?)‖Nobody knew.",
    'He said: "Go. "‖Nobody went.',
    "Maj. Gen. Andrei Volkov led it, George H.W. Bush said.",
    "The Queen visited St. Andrews on Sept. 4, 2021.‖It was 11 p.m. local time.",
    "Turnover rose 3.5% to $2.1bn.‖Shares fell.",
    "London (AP) — The bank said so.‖It will act.",
]


@pytest.mark.parametrize("case", CASES)
def test_prose_is_cut_where_a_reader_would(case):
    expected = case.split("‖")
    assert sentences(" ".join(expected)) == expected


LAYOUTS = {
    "heading": ("Talks open\n\nThey began. He left.", ["Talks open", "They began.", "He left."]),
    "crlf": ("Talks open\r\n\r\nThey began.\r\n", ["Talks open", "They began."]),
    "list": (
        "Three won:\n- Ann Lee\n- Bo\n1. Cy Fox. He ran",
        ["Three won:", "- Ann Lee", "- Bo", "1. Cy Fox.", "He ran"],
    ),
    "byline": (
        "Talks open in Paris\nBy Ann Lee\n\nThey began.",
        ["Talks open in Paris", "By Ann Lee", "They began."],
    ),
    "lower case goes on": ("The talks\nbegan late.", ["The talks\nbegan late."]),
    "blank line with spaces": ("One\n \t\ntwo", ["One", "two"]),
    "line separator": ("One\u2028\u2029two", ["One", "two"]),
    "outer white space": ("  \n He left.  \n ", ["He left."]),
    "hard-wrapped": (
        "The foreign minister of the country met his counterpart from\n"
        "Beijing on Sunday. The two of them talked for seven hours about\n"
        "Taiwan and trade.",
        [
            "The foreign minister of the country met his counterpart from\nBeijing on Sunday.",
            "The two of them talked for seven hours about\nTaiwan and trade.",
        ],
    ),
    "empty": ("", []),
    "white space only": (" \n\t ", []),
    "no stop": ("Rain", ["Rain"]),
}


@pytest.mark.parametrize(("text", "expected"), LAYOUTS.values(), ids=LAYOUTS)
def test_layout_is_respected(text, expected):
    assert sentences(text) == expected


ODDITIES = (
    '. |! |? |…|\n|\r\n|\n\n|Mr. |U.S. |“|” |" |(|) |- |1. |e\u0301|🎉|\u2028|\x1c|\x85|\t|\xa0|'
    "a.m. |Yahoo! "
).split("|")
ODD = st.lists(st.sampled_from(ODDITIES) | st.text(max_size=8), max_size=40).map("".join)


@given(ODD)
def test_spans_cover_all_but_white_space_and_never_overlap(text):
    spans = sentence_spans(text)
    last = 0
    for start, end in spans:
        assert last <= start < end
        assert text[last:start].strip() == ""
        assert text[start:end] == text[start:end].strip()
        last = end
    assert text[last:].strip() == ""


@given(ODD)
def test_a_blank_line_always_ends_a_sentence(text):
    alone = sentences(text)
    assert sentences(text + "\n\nNext") == [*alone, "Next"]


def test_a_long_archive_is_cut_in_no_time():
    text = "Mr. Lee of the U.S. said on Jan. 6 that it was over. “Was it?” Ann asked.\n\n" * 20_000
    begun = time.process_time()
    assert len(sentence_spans(text)) == 40_000
    assert time.process_time() - begun < 2.0  # 1.5 MB; ten times what it takes


def test_a_hostile_text_takes_no_longer():
    begun = time.process_time()
    for text in ("." * 200_000, "(" * 200_000, "a.(!) " * 30_000, " \n" * 100_000, "?) A" * 50_000):
        sentence_spans(text)
    assert time.process_time() - begun < 5.0
