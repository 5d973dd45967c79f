"""What a statement says must stand in what it cites."""

from datetime import date

import pytest

from rag.checking.attribution import cite, sentences_of
from rag.checking.support import Grounded, ground, may_count_something_else
from rag.types import Evidence
from tests.rag.newsroom import window

VISIT = (
    "China's Foreign Minister Qin Gang told Mr Blinken on Sunday that Beijing wanted stable "
    "relations. Mr Qin greeted Mr Blinken at the Diaoyutai State Guest House. "
    "Afterwards he spoke of his hope to meet President Xi within a few months."
)


FINAL = "Spain beat England 1-0 in Sydney. The final was played on Sunday."


def check(statement: str, *texts: str, question: str = "What happened?") -> Grounded:
    evidence: list[Evidence] = [window(text, f"{at}.txt") for at, text in enumerate(texts)]
    return ground(statement, question, evidence)


@pytest.mark.parametrize(
    "statement",
    [
        "Mr Qin greeted Mr Blinken at the Diaoyutai State Guest House.",
        "Qin Gang is China's Foreign Minister.",
        "Qin Gang told Antony Blinken that China wanted stable relations.",
    ],
)
def test_what_the_sentence_says_is_supported(statement: str) -> None:
    made = check(statement, VISIT)
    assert made.problem == ""
    assert made.support >= 0.5
    assert VISIT[made.citations[0].start : made.citations[0].end] == made.citations[0].quote


@pytest.mark.parametrize(
    "added", ["Sydney, Australia.", "Sydney, New South Wales", "Sydney.", "Sydney, Spain."]
)
def test_a_name_that_is_only_added_at_the_end_is_taken_off(added: str) -> None:
    made = check(f"England were beaten by Spain in {added}", FINAL)
    assert made.supported
    assert made.text.removesuffix(".").endswith("Sydney" if "Spain" not in added else "Spain")


def test_what_is_left_without_the_added_name_must_stand() -> None:
    made = check("England were beaten by Spain in Melbourne, Australia.", FINAL)
    assert not made.supported
    assert made.text.endswith("Melbourne, Australia.")


@pytest.mark.parametrize(
    ("statement", "text", "problem"),
    [
        ("Wang Yi greeted Blinken.", VISIT, "Wang Yi"),
        ("Li Qiang and Qin Gang greeted Blinken.", VISIT, "Li Qiang"),
        ("Jill Biden came to Maui.", "Joe Biden came to Maui.", "Jill Biden"),
        ("The fires killed 97 people.", "The fires killed 96 people.", "number 97"),
        ("The rover weighs 28kg.", "The rover weighs 26kg.", "number 28"),
        ("The border is 1,350km long.", "The border is 1,340km long.", "number 1,350"),
        ("UBS paid 3m francs.", "UBS paid three billion francs.", "number 3m"),
        ("It began on 4 May 2023.", "It began on 5 May 2023.", "2023-05-04"),
        ("It began on 4 May.", "It began on 5 May.", "2023-05-04"),
        ("It began on 4 May 2021.", "It began in 2021.", "2021-05-04"),
        ("Qin did not greet Blinken.", "Mr Qin greeted Mr Blinken.", "denies"),
        ("It paid 200 dollars.", "It paid two hundred thousand dollars.", "number 200"),
        ("It cost a billion pounds.", "It cost a million pounds.", "number a billion"),
        ("It cost £5m.", "It cost $5m.", "amount in £"),
        ("Maria Bell finished second.", "Maria Bell finished third.", "number second"),
        ("It was founded in 2023.", "It was founded in 2001.", "2023-01-01"),
        ("It opened on 18 June 2023.", "It opened on 3 May 1999.", "2023-06-18"),
        ("It opens next March.", "It opens next May.", "“March”"),
        ("It began on Tuesday.", "It began on Monday in Paris.", "“Tuesday”"),
        ("The minister resigned.", "The minister did not resign.", "denies it"),
        ("Anna Bell killed him.", "Anna Bell denied having killed him, police said.", "denies it"),
        ("They grow bananas quickly here.", VISIT, "too little"),
        ("It is so.", VISIT, "nothing that can be checked"),
    ],
)
def test_what_it_does_not_say_is_refused(statement: str, text: str, problem: str) -> None:
    made = check(statement, text)
    assert not made.supported
    assert problem in made.problem


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("UBS paid 3 billion francs.", "The bank pays three billion francs; UBS paid at once."),
        ("The border is 1,340 km long.", "The border is about 1,340km long."),
        ("It began in June 2023.", "It began on 5 June 2023."),
        ("It began on 5 June.", "It began on June 5th, 2023."),
        ("He never met Xi.", "He has not met Xi."),
    ],
)
def test_the_same_in_other_words_is_supported(statement: str, text: str) -> None:
    assert check(statement, text).problem == ""


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("Four people were killed.", "The blast killed 4 people."),
        ("As many as 12 may have died.", "As many as 12 may have died in it."),
        ("It will be held on 25 December 2023.", "It will be held on 25 December."),
        ("It opened in June 2023.", "It opened on Sunday."),
        ("It began in June of 2016.", "It began on 4 June 2016."),
        ("Spain won, and did so in May.", "Spain won in May; England did not."),
        ("Bell refused to resign.", "Bell did not resign and will not resign."),
        ("It was released in 1989.", "It is a take on the 1989 animated classic."),
        ("They will fly in early November 2023.", "They will fly there in early November."),
        ("Moviegoers fainted.", "Many moviegoers fainted over the film."),
        ("They identified two minerals.", "They identified two minerals never before seen here."),
        ("John Taylor", "Treasury secretary John Taylor said it could not support the plan."),
        ("About 24 people came.", "Two dozen people came."),
        ("She won her third title.", "She won the 3rd title of three."),
    ],
)
def test_numbers_and_days_may_be_put_in_another_way(statement: str, text: str) -> None:
    assert check(statement, text).problem == ""


def test_a_day_of_the_question_may_be_repeated_where_it_stands_near() -> None:
    near = "The House committee on the attack of Jan. 6, 2021, met. Ms Hutchinson, an aide, spoke."
    question = "Which aide spoke to the Jan. 6, 2021, committee?"
    said = "Ms Hutchinson spoke to the Jan. 6, 2021, committee."
    assert check(said, near, question=question).problem == ""
    assert check(said, "Ms Hutchinson, an aide, spoke.", question=question).problem != ""


def test_a_question_without_its_mark_makes_no_name_of_its_last_word() -> None:
    question = "Who won the World Cup in 2022"
    assert check(
        "Argentina won the World Cup.", "Argentina won the World Cup in 2022.", question=question
    ).supported


@pytest.mark.parametrize(
    ("question", "statement", "text"),
    [
        (
            "Is Sam Altman the chief executive of OpenAI?",
            "Yes, Sam Altman is the chief executive of OpenAI.",
            "Sam Altman is to return as the chief executive of OpenAI.",
        ),
        (  # a month of the question is a date and no number
            "Who became finance minister in June 2023?",
            "Mehmet Simsek became finance minister in June 2023.",
            "The finance minister is Mehmet Simsek, it was announced on 3 June.",
        ),
        (
            "Who warned that the bank would sue if the firm did not pay?",
            "Tim Brown warned that it would sue if the firm did not pay.",
            "“If they default, we will sue,” said Tim Brown of the bank.",
        ),
        (
            "Why did oil fall to about $42 in New York?",
            "Oil fell to about $42 in New York because of the mild winter weather.",
            "Oil fell in New York because of the mild winter weather.",
        ),
    ],
    ids=["yes", "month", "denial", "number"],
)
def test_what_the_question_says_may_be_repeated(question: str, statement: str, text: str) -> None:
    assert check(statement, text, question=question).problem == ""


@pytest.mark.parametrize(
    ("day", "supported"), [("18 June 2023", False), ("16 June 2023", True), ("15 June 2023", False)]
)
def test_a_weekday_is_read_from_the_articles_day(day: str, supported: bool) -> None:
    sunday = window("Mr Blinken told reporters so on Friday.", published=date(2023, 6, 18))
    made = ground(f"Blinken told reporters so on {day}.", "When did he say so?", [sunday])
    assert made.supported is supported


def test_the_articles_own_day_stands_where_its_sentence_names_none() -> None:
    sunday = window("Mr Blinken told reporters so.", published=date(2023, 6, 18))
    assert ground("Blinken told reporters so on 18 June 2023.", "When?", [sunday]).supported


@pytest.mark.parametrize(
    ("statement", "question", "text"),
    [
        ("No.", "Did Ms Okoro resign?", "Ms Okoro did not resign."),
        ("The WHO.", "Who ended the alert?", "The World Health Organization ended the alert."),
        ("The WHO.", "Who ended the alert?", "The WHO ended the alert on Friday."),
        ("The US.", "Which country left the pact?", "The US left the pact."),
        ("Zelenskiy promised 3%.", "What did he promise?", "Mr Zelensky promised farmers 3%."),
        ("Müller led the inquiry.", "Who led the inquiry?", "Ms Muller led the inquiry."),
    ],
)
def test_short_answers_and_other_spellings_are_supported(
    statement: str, question: str, text: str
) -> None:
    assert check(statement, text, question=question).problem == ""


@pytest.mark.parametrize(
    ("statement", "question", "text"),
    [
        ("Yes.", "Did Ms Okoro resign?", "Ms Okoro did not resign."),
        ("Yes.", "Did Ms Okoro resign?", "The rain went on until Friday."),
        ("The WHO.", "Who ended the alert?", "The mayor, who was ill, ended the alert."),
        ("Keller led the inquiry.", "Who led the inquiry?", "Ms Kessler led the inquiry."),
    ],
)
def test_short_answers_need_what_was_asked(statement: str, question: str, text: str) -> None:
    assert not check(statement, text, question=question).supported


def test_a_day_that_stands_as_a_weekday_is_support_too() -> None:
    item = window("China removed Qin Gang on Tuesday.", published=date(2023, 7, 25))
    made = ground("Qin Gang was removed on 25 July 2023.", "When was he removed?", [item])
    assert (made.problem, made.support) == ("", 1.0)


def test_a_pronouns_quote_holds_whom_it_means() -> None:
    made = check("Blinken spoke of his hope to meet Xi within a few months.", VISIT)
    assert made.problem == ""
    quote = made.citations[0].quote
    assert quote.startswith("Mr Qin greeted Mr Blinken")
    assert quote.endswith("within a few months.")
    assert VISIT[made.citations[0].start : made.citations[0].end] == quote


def test_a_quote_goes_back_as_far_as_any_of_its_names() -> None:
    text = "Qin Gang spoke. Xi Jinping listened. He later met him in Bali."
    made = check("Qin Gang and Xi Jinping met in Bali.", text)
    assert made.citations[0].quote == text


def test_the_headline_may_name_whom_the_sentence_means() -> None:
    item = window("The minister was removed from his post.", headline="Qin Gang loses his post")
    assert ground("Qin Gang was removed from his post.", "Who?", [item]).problem == ""


def test_without_evidence_nothing_is_supported() -> None:
    assert not check("Spain won.").supported


def ask_undated(question: str, statement: str, text: str) -> Grounded:
    return ground(statement, question, [window(text, "a.txt", published=None)])


def test_a_number_that_the_question_does_not_say_needs_support() -> None:
    other = check(
        "Oil fell to about $41 in New York because of the mild winter weather.",
        "Oil fell in New York because of the mild winter weather.",
        question="Why did oil fall to about $42 in New York?",
    )
    assert "41" in other.problem


def test_the_year_of_the_question_stands_where_articles_have_no_date() -> None:
    question = "Where was the 2005 Spring Conference held?"
    text = "The Spring Conference was held in Brighton."
    same = ask_undated(question, "The 2005 Spring Conference was held in Brighton.", text)
    assert same.problem == ""
    other = ask_undated(question, "The 2006 Spring Conference was held in Brighton.", text)
    assert other.problem != ""
    day = ask_undated(question, "It was held in Brighton on 12 March 2005.", text)
    assert day.problem != ""


def test_the_year_of_the_question_must_fit_a_dated_article() -> None:
    made = ground(
        "Spain won the 2019 World Cup.",
        "Who won the 2019 World Cup?",
        [window("Spain won the World Cup.", "a.txt", published=date(2023, 8, 20))],
    )
    assert "2019" in made.problem


@pytest.mark.parametrize(
    ("statement", "question", "said"),
    [
        ("Ann Bell accused a journalist.", "Which journalist did Ann Bell accuse?", False),
        ("Ann Bell accused a journalist.", "Did Ann Bell accuse a journalist?", True),
        ("Ann Bell accused a journalist.", "Did she accuse a journalist or a judge?", True),
        ("Ann Bell accused Joan Fry.", "Which journalist did Ann Bell accuse?", True),
    ],
)
def test_an_answer_says_more_than_its_question(statement: str, question: str, said: bool) -> None:
    evidence = [window("Ann Bell accused the journalist Joan Fry, and no judge.")]
    assert ground(statement, question, evidence).supported is said


def test_a_follow_up_may_be_answered_with_what_it_continues() -> None:
    evidence = [window("Ann Bell accused the journalist Joan Fry.")]
    asked = "And what is she called? (Whom did Ann Bell accuse Joan Fry)"
    assert ground("Joan Fry", asked, evidence).supported


def test_a_year_before_a_comma_is_a_year() -> None:
    cup = "The World Cup of 2022, held in Qatar, was won by Argentina."
    assert check("Argentina won the World Cup in 2022.", cup, question="Who won it?").supported


@pytest.mark.parametrize(
    ("question", "quote", "other"),
    [
        ("How many times have Hull won the Dock Cup?", "Hull lost by six wickets.", True),
        ("When did Probe-5 crash?", "Probe-5 was launched on 11 August.", True),
        ("How much did Acme lose in 2022?", "Acme had $209bn at the end of 2022.", True),
        ("When did Probe-5 crash?", "It crashed on 19 August.", False),
        ("Who won the Dock Cup?", "Ann Bell of Hull did.", False),  # no number is asked for
    ],
)
def test_a_number_or_day_may_be_of_something_else(question: str, quote: str, other: bool) -> None:
    cited = cite(sentences_of([window(quote)])[0])
    assert may_count_something_else(question, [cited]) is other
