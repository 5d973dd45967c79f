"""Nothing that comes from articles, models or askers becomes markup; offsets stay exact."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.text.days import FUTURE
from index.types import Article, ArticleRef, Coverage, Details
from rag.types import (
    ABSTENTION,
    WITHOUT_MODEL,
    Answer,
    Citation,
    Conflict,
    Evidence,
    Outcome,
    Progress,
    Question,
    Reason,
    Statement,
)
from tests.web.hostile import HOSTILE_STRINGS
from web.chat import views
from web.chat.exchange import Exchange, Place, advance, locate
from web.chat.reader import article
from web.rendering import announce, message, printable

HOSTILE = [
    *HOSTILE_STRINGS,
    '" onmouseover="alert(1)',
    "' onfocus='alert(1)' autofocus='",
    "nul\x00 bell\x07 esc\x1b[31m",
    "lone \ud83d surrogate",
    "＜script＞alert(1)＜/script＞",
]
TAGS = set(
    "section h2 ul li div p button span b time q details summary ol article mark a em s "
    "blockquote label textarea table caption tbody tr th td header".split()
)
ATTRIBUTES = set(
    "class dir aria-label aria-hidden aria-live type open role tabindex data-turn data-kind "
    "data-id data-at data-copy data-link data-ask data-search data-waits data-number "
    "data-quote data-step scope href target rel rows maxlength".split()
)


class Seen(HTMLParser):
    """What a browser would make of the markup: tags, attributes and text; nesting is checked."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.marked = ""
        self._open: list[str] = []
        self.feed(markup)
        self.close()
        assert not self._open, f"left open: {self._open}"

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.text += data
        if "mark" in self._open:
            self.marked += data

    def handle_comment(self, data):
        raise AssertionError(f"a comment: {data}")


def inert(markup: str, tags: str = "", attributes: str = "") -> Seen:
    """Return what a browser makes of markup, which must hold none but the tags known or named."""
    seen = Seen(markup)
    assert set(seen.tags) <= TAGS | set(tags.split())
    assert {name for name, _ in seen.attributes} <= ATTRIBUTES | set(attributes.split())
    assert markup.encode("utf-8")
    return seen


def everywhere(text: str) -> Exchange:
    """An exchange that carries `text` in every place which can carry any."""
    quote = Citation(ArticleRef(text, text, None, text, text), text, 0, len(text))
    spans = ((0, len(text)),)
    found = Evidence(
        1,
        ArticleRef(text, text, None, text, text),
        0,
        len(text),
        text,
        spans,
        spans[0],
        1.0,
        also_in=(text,),
    )
    answer = Answer(
        text,
        text,
        Outcome.PARTLY,
        missing=text,
        statements=(Statement(text, (0,), 1.0),),
        removed=(Statement(text, (), 0.0, False, text),),
        citations=(quote, quote),
        conflicts=(Conflict(0, 1),),
        notices=(text,),
        evidence=(found,),
    )
    return Exchange(Question(text, sources=(text,)), (found,), answer=answer)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_in_every_place(text: str) -> None:
    exchange = everywhere(text)
    answer = exchange.answer
    assert answer is not None
    states = [
        exchange,
        replace(exchange, answer=None, draft=text, notices=(text,)),
        replace(exchange, answer=None, error=text),
        replace(exchange, answer=None, draft=text, stopped=True),
        replace(exchange, answer=replace(answer, statements=())),
        replace(exchange, answer=replace(answer, outcome=Outcome.ABSTAINED)),
        replace(exchange, answer=replace(answer, outcome=Outcome.EVIDENCE_ONLY)),
    ]
    for state in states:
        seen = inert(views.conversation([state]))
        assert printable(text) in seen.text or "[" in text
    inert(message(text))
    inert(announce(text))


def test_an_article_is_shown_with_its_authors_and_where_it_was_filed() -> None:
    where = Place("a", "Headline", "Text.", 0, 5)
    details = Details(
        ("Ada Pell", "Jo Marsh"), "Local", ("ferries",), None, "2023-06-20", "2024-02-03", ("so",)
    )
    seen = inert(article(Article("a", "a", "Headline", "Text.", details=details), where))
    assert "Ada Pell, Jo Marsh · Local · ferries · so" in seen.text
    assert "changed on 3 February 2024" in seen.text
    assert "Withdrawn: since 2023-06-20 its feed lists it no more." in seen.text
    bare = inert(article(Article("a", "a", "Headline", "Text."), where))
    assert "·" not in bare.text and "Withdrawn" not in bare.text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_article_stays_text(text: str) -> None:
    body = f"One. {text} Two.\n\n{text}"
    details = Details((text, text), text, (text,), text, text, None, (text,))
    found = Article(text, text, text, body, date(2023, 6, 18), text, text, details=details)
    seen = inert(article(found, Place(text, text, text, 5, 5 + len(text))))
    assert seen.marked == printable(text).replace("\n", "")  # one paragraph a line
    inert(article(None, Place(text, text, text, 0, 1)))


@pytest.mark.parametrize(
    ("url", "linked"),
    [
        ("https://news.example/a?b=1&c=2", True),
        ("http://news.example", True),
        ("HTTPS://news.example", True),
        ("javascript:alert(1)", False),
        ("JaVaScRiPt:alert(1)//https://x", False),
        ("java\nscript:alert(1)", False),
        ("data:text/html,<script>", False),
        ("//evil.example", False),
        ("file:///etc/passwd", False),
        ("https://", False),
        ("http://[", False),
        (" https://x.example", False),
        ("https://x.example/\x00", False),
        (None, False),
    ],
)
def test_only_web_addresses_become_links(url: str | None, linked: bool) -> None:
    found = Article("a", "a", "Headline", "Text.", url=url)
    seen = inert(article(found, Place("a", "Headline", "Text.", 0, 5)))
    assert ("a" in seen.tags) is linked
    if linked:
        assert ("href", url) in seen.attributes
        assert ("rel", "noopener noreferrer") in seen.attributes
        assert ("target", "_blank") in seen.attributes


@pytest.mark.parametrize(
    "quote",
    [
        "Plain.",
        "🇨🇳 Emoji 👩‍👩‍👧 before.",
        "Cafe\u0301 noe\u0308l with marks.",
        "“Curly” & <angled>.",
        "\tTabbed\tsentence.",
        "Two lines\r\nof one sentence.",
        "Across\n\nparagraphs.",
    ],
)
def test_the_highlight_is_the_quote(quote: str) -> None:
    before = "👩‍👩‍👧 e\u0301 First sentence.\r\n\r\n"
    text = f"{before}{quote} After 🎈."
    start = len(before)
    found = Article("a", "a", "Headline", text)
    where = Place("a", "Headline", quote, start, start + len(quote))
    seen = inert(article(found, where))
    assert "".join(seen.marked.split()) == "".join(quote.split())


@given(before=st.text(), quote=st.text(min_size=1), after=st.text())
def test_the_highlight_is_the_quote_in_any_text(before: str, quote: str, after: str) -> None:
    text = before + quote + after
    where = Place("a", "Headline", quote, len(before), len(before) + len(quote))
    seen = inert(article(Article("a", "a", "Headline", text), where))
    assert "".join(seen.marked.split()) == "".join(printable(quote).split())


def test_a_moved_quote_is_found_and_a_lost_one_is_owned_up_to() -> None:
    found = Article("a", "a", "Headline", "New lead. The quote stands. More.")
    moved = inert(article(found, Place("a", "Headline", "The quote stands.", 0, 17)))
    assert moved.marked == "The quote stands."
    lost = inert(article(found, Place("a", "Headline", "Not there.", 0, 10)))
    assert lost.marked == ""
    assert "has changed" in lost.text


def test_a_headline_that_the_text_repeats_is_shown_once() -> None:
    found = Article("a", "a", "The lead sentence", "The lead sentence\n\nThe body.")
    seen = inert(article(found, Place("a", "The lead sentence", "The body.", 19, 28)))
    assert seen.text.count("The lead sentence") == 1


def citation(number: int, day: int) -> Citation:
    return Citation(
        ArticleRef(f"a{number}", f"Headline {number}", date(2023, 6, day)), "Quote.", 0, 6
    )


def answered(**changes: object) -> Exchange:
    answer = Answer(
        "Q?",
        "First [1]. Second [2][1].",
        Outcome.ANSWERED,
        statements=(Statement("First [1].", (0,), 1.0), Statement("Second.", (1, 0), 1.0)),
        citations=(citation(1, 18), citation(2, 20)),
        timings={"total": 3.42},
    )
    return Exchange(Question("Q?"), answer=replace(answer, **changes))


def test_marks_follow_their_statement_and_name_their_source() -> None:
    markup = views.reply(answered(), 4)
    seen = inert(markup)
    assert seen.attributes.count(("data-kind", "cite")) == 3
    assert ("aria-label", "Source 1: Headline 1, 18 June 2023") in seen.attributes
    assert ("data-turn", "4") in seen.attributes
    assert markup.index("First.") < markup.index("[1]<") < markup.index("Second.")
    assert "From 2 articles, 18–20 June 2023 · 3.4 s" in seen.text


def test_a_list_stands_line_by_line() -> None:
    lines = (Statement("2 articles mention “Maui”.", (), 1.0), Statement("18 June", (0,), 1.0))
    text = "2 articles mention “Maui”.\n18 June [1]"
    seen = inert(views.reply(answered(statements=lines, text=text), 0))
    assert "2 articles mention “Maui”." in seen.text
    assert seen.tags.count("tr") == 1


def test_marks_in_running_text_count_only_where_they_name_a_citation() -> None:
    seen = inert(views.reply(answered(statements=(), text="One [2]. Two [7] [0] [1999]."), 0))
    assert seen.attributes.count(("data-kind", "cite")) == 1
    assert "Two [7] [0] [1999]." in seen.text


def test_abstention_says_what_was_searched() -> None:
    changed = answered(
        text=ABSTENTION,
        outcome=Outcome.ABSTAINED,
        reason=Reason.NOT_STATED,
        statements=(),
        citations=(),
        coverage=Coverage(date(2023, 2, 1), date(2023, 12, 20), 46, 2),
    )
    exchange = replace(changed, question=Question("Q?", date_from=date(2023, 6, 1)))
    seen = inert(views.reply(exchange, 0))
    assert ABSTENTION in seen.text
    assert "Searched 46 articles, 1 Feb – 20 Dec 2023, 2 without a date." in seen.text
    assert "Limits: from 1 June 2023." in seen.text


@pytest.mark.parametrize("quote", ["Ada Berg keeps her post.", *HOSTILE[:4]])
def test_a_false_premise_is_told_with_what_the_articles_do_say(quote: str) -> None:
    said = Statement(f"Of Ada Berg they say: “{quote}”", (0,), 1.0)
    changed = answered(
        text=f"{ABSTENTION} {said.text} [1]",
        outcome=Outcome.ABSTAINED,
        reason=Reason.FALSE_PREMISE,
        statements=(said,),
    )
    seen = inert(views.reply(changed, 0))
    assert seen.text.count(ABSTENTION) == 1
    assert "assumes something the articles do not say" in seen.text
    assert f"Of Ada Berg they say: “{quote}”" in seen.text
    assert ("data-kind", "cite") in seen.attributes
    assert "other words" not in seen.text


@pytest.mark.parametrize(
    ("asked", "why", "words"),
    [
        ("Why did Ada Berg resign?", Reason.NOT_STATED, "none says why"),
        ("When did Ada Berg resign?", Reason.NOT_STATED, "none states the answer"),
        ("Why did Ada Berg resign?", Reason.FALSE_PREMISE, "Ask first: “Did Ada Berg resign?”"),
    ],
)
def test_a_refusal_says_what_is_missing(asked: str, why: Reason, words: str) -> None:
    seen = inert(
        views.reply(
            answered(question=asked, text=ABSTENTION, outcome=Outcome.ABSTAINED, reason=why), 0
        )
    )
    assert words in seen.text


def test_no_line_breaks_in_a_score() -> None:
    said = Statement("They won 1-0, <b> in 2023–24", (0,), 1.0)
    markup = views.reply(answered(statements=(said,)), 0)
    assert 'They won <span class="whole">1-0</span>, &lt;b&gt; in ' in markup
    assert 'class="last"><span class="whole">2023–24</span>' in markup
    assert "They won 1-0, <b> in 2023–24" in inert(markup).text


def test_how_sure_an_answer_is_comes_with_what_that_means() -> None:
    sure, unjudged = (answered(confidence=of) for of in (0.94, None))
    assert "Very likely right (94%)An estimate: " in inert(views.reply(sure, 0)).text
    assert "estimate" not in inert(views.reply(unjudged, 0)).text


def test_articles_that_differ_stand_in_a_table_and_nowhere_else() -> None:
    quotes = ("36 people died.", "96 people died.", "115 people died.")
    citations = tuple(
        Citation(ArticleRef(f"a{at}", f"Headline {at}", date(2023, 8, 20 - at)), quote, 0, 9)
        for at, quote in enumerate(quotes)
    )
    said = tuple(Statement(f"So: “{quote}”", (at,), 1.0) for at, quote in enumerate(quotes))
    said = (replace(said[0], text="So: 36 people died."), *said[1:])
    conflicts = (Conflict(1, 0), Conflict(2, 0), Conflict(0, 9))
    exchange = answered(citations=citations, statements=said, conflicts=conflicts)
    markup = views.reply(exchange, 0)
    seen = inert(markup)
    assert seen.tags.count("tr") == 3
    assert seen.text.count("The articles differ") == 1
    assert "So: 36" in seen.text
    assert "So: “" not in seen.text
    unsure = replace(said[0], text=f"This may answer it: “{quotes[0]}”")
    exchange = answered(citations=citations, statements=(unsure, *said[1:]), conflicts=conflicts)
    assert "This may answer it" not in views.reply(exchange, 0)  # the table has the quote
    for figure in (36, 96, 115):
        assert f"<b>{figure}</b> people died." in markup
    rows = seen.text[seen.text.index("The articles differ") :]
    assert rows.index("18 Aug 2023") < rows.index("19 Aug 2023") < rows.index("20 Aug 2023 latest")


def test_no_figure_is_bold_where_only_one_article_has_any() -> None:
    quotes = ("He would not resign.", "He resigns three weeks after the final.")
    citations = tuple(
        Citation(ArticleRef(f"a{at}", f"Headline {at}", date(2023, 8, 18 + at)), quote, 0, 9)
        for at, quote in enumerate(quotes)
    )
    markup = views.reply(answered(citations=citations, conflicts=(Conflict(0, 1),)), 0)
    assert "three weeks after" in markup
    assert "<b>three" not in markup


@pytest.mark.parametrize(
    ("question", "said", "quotes"),
    [
        (  # not the years, nor the cost, which was not asked for
            "How long did the strike last?",
            "The strike lasted 148 days.",
            (
                "The strike of 2023 lasted *148* days and cost $6bn.",
                "It lasted *118* days, cost $5bn and ended on 9 November 2022.",
            ),
        ),
        (  # in other words: the only figure that the other has not
            "How many people died?",
            "At least 36 people died.",
            ("At least *36* people died.", "The toll rose to *96* on 14 August."),
        ),
        (
            "When will the bridge open?",
            "It will open on 3 May 2023.",
            (
                "It will open on *3 May 2023* to 400 cars.",
                "Its 900 cars must wait until *June 2023*.",
            ),
        ),
        (
            "Who won the final?",
            "Ada Berg won the final.",
            ("*Ada Berg* won the final in 3 hours.", "*Eva Holm* won the final in 4 hours."),
        ),
        (  # two of them could be meant: none is bold
            "How many fans were there?",
            "There were many.",
            ("The 40 stewards saw 300 cars.", "The 50 guards saw 700 fans."),
        ),
    ],
)
def test_what_differs_is_bold_and_nothing_else(
    question: str, said: str, quotes: tuple[str, str]
) -> None:
    citations = tuple(
        Citation(
            ArticleRef(f"a{at}", f"Headline {at}", date(2023, 8, 18 + at)),
            quote.replace("*", ""),
            0,
            9,
        )
        for at, quote in enumerate(quotes)
    )
    statements = (Statement(said, (0,), 1.0), Statement("Another says.", (1,), 1.0))
    exchange = answered(
        question=question, citations=citations, statements=statements, conflicts=(Conflict(0, 1),)
    )
    markup = views.reply(exchange, 0)
    for quote in quotes:
        pieces = quote.split("*")
        bold = [f"<b>{one}</b>" if at % 2 else one for at, one in enumerate(pieces)]
        assert "".join(bold) in markup


def test_an_article_dated_after_today_is_marked_and_is_not_the_latest() -> None:
    tomorrow = date.today() + timedelta(days=1)
    days = (date(2023, 8, 19), tomorrow, date(2023, 8, 20), None)
    citations = tuple(
        Citation(
            ArticleRef(
                f"a{at}", f"Headline {at}", day, details=Details(notes=() if day else (FUTURE,))
            ),
            f"{90 + at} people died.",
            0,
            9,
        )
        for at, day in enumerate(days)
    )
    conflicts = (Conflict(0, 1), Conflict(0, 2), Conflict(0, 3))
    exchange = answered(citations=citations, conflicts=conflicts)
    rows = inert(views.reply(exchange, 0)).text
    rows = rows[rows.index("The articles differ") :]
    assert "20 Aug 2023 latest here" in rows and rows.count("latest") == 1
    cards = inert(views.sources(exchange, 0)).text
    for shown in (rows, cards):
        assert f"{tomorrow.year} dated after today" in shown
        assert "undated dated after today" in shown
    assert cards.count("dated after today") == 2


def test_a_cited_sentence_is_always_among_the_sources_and_once() -> None:
    def item(number: int, article: int, text: str, at: int) -> Evidence:
        span = (at, at + len(text))
        of = ArticleRef(f"a{article}", f"Headline {article}", date(2023, 6, 18), "Wire")
        return Evidence(number, of, *span, text, (span,), span, 1.0, ("copy",))

    evidence = (item(1, 1, "Quote.", 0), item(2, 1, "Aside.", 50), item(3, 7, "Far.", 0))
    exchange = replace(answered(evidence=evidence), evidence=evidence)
    markup = views.sources(exchange, 0)
    seen = inert(markup)
    cited, also = seen.text.split("Also read, not cited (2)")
    assert "[1]" in cited and "[2]" in cited and "Headline 1" in cited and "Headline 2" in cited
    assert "also in 1 article" in cited
    assert seen.text.count("Quote.") == 2  # one of each article
    assert "Aside." in also and "Far." in also and "Wire · 18 June 2023" in also
    assert markup.count("<details") - markup.count('<details class="sources" open>') == 1


def test_what_names_its_articles_itself_has_no_sources_below() -> None:
    entry = Statement("18 June 2023: “Quote.”", (0,), 1.0)
    later = Statement("20 June 2023: “Quote.”", (1,), 1.0)
    lines = answered(
        text="18 June 2023: “Quote.” [1]\n20 June 2023: “Quote.” [2]", statements=(entry, later)
    )
    assert views.sources(lines, 0) == ""
    seen = inert(views.reply(lines, 0))
    assert seen.tags.count("tr") == 2
    assert "18 Jun 2023“Quote.”" in seen.text
    assert "18 June 2023: “" not in seen.text
    quotes = answered(outcome=Outcome.EVIDENCE_ONLY, notices=(WITHOUT_MODEL, "Aside."))
    assert views.sources(quotes, 0) == ""
    assert WITHOUT_MODEL not in views.reply(quotes, 0)  # the line above the tabs says it
    assert "Aside." in views.reply(quotes, 0)
    assert "Headline 2 20 June 2023" in inert(views.reply(quotes, 0)).text
    assert views.sources(answered(), 0) != ""


def test_what_is_stopped_or_failed_can_be_asked_again() -> None:
    for state in (Exchange(Question("Q?"), stopped=True), Exchange(Question("Q?"), error="No.")):
        seen = inert(views.reply(state, 0))
        assert ("data-ask", "Q?") in seen.attributes
        assert ("data-kind", "edit") in seen.attributes


def test_all_quotes_of_an_answer_are_marked_and_the_one_opened_is_named() -> None:
    text = "One. The first quote. Two. The second quote. Three."
    found = Article("a", "a", "Headline", text)
    other = Place("a", "Headline", "The first quote.", 5, 21)
    where = Place("a", "Headline", "The second quote.", 27, 44, others=(other,))
    markup = article(found, where)
    assert "Quote 2 of 2" in inert(markup).text
    assert '<mark class="cited" data-quote="1">The first quote.</mark>' in markup
    assert '<mark class="cited now" data-quote="2">The second quote.</mark>' in markup
    assert "Quote" not in inert(article(found, replace(where, others=()))).text


def test_removed_statements_are_told_in_words() -> None:
    seen = inert(views.reply(answered(removed=(Statement("Lunch.", (), 0.1, False, "No."),)), 0))
    assert "1 statement left out" in seen.text


def test_a_draft_is_called_a_draft_and_an_answer_is_not() -> None:
    draft = replace(answered(), answer=None, draft="Perhaps", stage=Progress("writing"))
    assert "Draft, not checked yet" in inert(views.reply(draft, 0)).text
    assert "raft" not in inert(views.reply(answered(), 0)).text
    waiting = replace(draft, draft="", stage=Progress("waiting", 3))
    assert "3 questions before yours" in inert(views.reply(waiting, 0)).text


def test_a_stopped_answer_keeps_its_draft() -> None:
    exchange = Exchange(Question("Q?"), draft="Half a sen")
    stopped = advance(exchange, Answer("Q?", "", Outcome.ABSTAINED, Reason.STOPPED))
    seen = inert(views.reply(stopped, 0))
    assert stopped.done
    assert "Stopped" in seen.text
    assert "Half a sen" in seen.text


@pytest.mark.parametrize(
    ("turn", "kind", "number"),
    [
        (-1, "cite", 0),
        (1, "cite", 0),
        (0, "cite", 2),
        (0, "cite", -1),
        (0, "evidence", 0),
        (0, "other", 0),
        ("0", "cite", 0),
        (True, "cite", 0),
        (0, "cite", None),
        (0.0, "cite", 0),
    ],
)
def test_positions_from_the_browser_are_checked(turn: object, kind: object, number: object) -> None:
    assert locate([answered()], {"turn": turn, "kind": kind, "number": number}) is None
    second = {"turn": 0, "kind": "cite", "number": 1}
    assert locate([answered()], second) == Place("a2", "Headline 2", "Quote.", 0, 6)


def test_a_weekday_is_told_beside_the_quote_and_not_in_it() -> None:
    text = "Mr Qin greeted Mr Blinken on Sunday."
    found = Evidence(
        1, ArticleRef("a", "Talks", date(2023, 6, 20)), 0, 36, text, ((0, 36),), (0, 36), 1.0
    )
    exchange = Exchange(Question("Who greeted him?"), evidence=(found,))
    markup = views.sources(exchange, 0)
    assert f'<q dir="auto">{text}</q>' in markup
    assert '<span class="meant">“Sunday” is 18 June 2023</span>' in markup
