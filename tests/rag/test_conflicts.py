"""Another article's other number, and what is no conflict."""

from dataclasses import replace
from datetime import date

from rag.checking.attribution import cite, sentences_of
from rag.checking.conflicts import Disagreement, find_conflicts
from rag.types import Evidence
from tests.rag.newsroom import window

QUESTION = "How many people died in the wildfires on Maui?"
MINE = window("The wildfires on Maui killed 96 people.", "mine", published=date(2023, 8, 14))
STATEMENT = "96 people died in the wildfires on Maui."


def conflict(*others: Evidence, question: str = QUESTION) -> Disagreement | None:
    citation = cite(sentences_of([MINE])[0])
    return next(iter(find_conflicts(question, STATEMENT, citation, [MINE, *others])), None)


def test_another_number_for_the_same_thing_is_told_with_its_day() -> None:
    other = window(
        "At least 36 people died in the wildfires on Maui.", "other", published=date(2023, 8, 10)
    )
    made = conflict(other)
    assert made is not None
    assert "on 10 August 2023" in made.text
    assert "“At least 36 people died in the wildfires on Maui.”" in made.text
    assert made.citation.article_id == "other"


def test_each_other_number_is_given_once_the_newest_first() -> None:
    others = [
        window(f"{text} died in the wildfires on Maui.", text, published=date(2023, 8, day))
        for text, day in (("At least 36 people", 10), ("Some 97 people", 20), ("In all 97", 19))
    ]
    found = find_conflicts(QUESTION, STATEMENT, cite(sentences_of([MINE])[0]), [MINE, *others])
    assert [one.citation.article_id for one in found] == ["Some 97 people", "At least 36 people"]


def test_the_same_number_agrees() -> None:
    assert conflict(window("In all 96 people died in the wildfires on Maui.", "other")) is None


def test_a_number_for_something_else_is_no_conflict() -> None:
    assert conflict(window("UBS paid 3bn francs for its rival.", "other")) is None
    assert conflict(window("In Greece 20 people died in wildfires.", "other")) is None


def test_a_number_that_shares_only_the_counted_noun_is_of_something_else() -> None:
    text = "Some 850 people are missing, the mayor said."
    other = window(text, "other")
    headline = "Toll of the wildfires on Maui rises"
    other = replace(other, article=replace(other.article, headline=headline))
    assert conflict(other) is None


def test_a_span_of_time_is_no_other_sum_of_money() -> None:
    mine = window("The bank of Hull had about $209bn in assets in 2022.", "mine")
    other = window("The bank of Hull with its assets had been shut nine days earlier.", "other")
    cited = cite(sentences_of([mine])[0])
    question = "How much had the bank of Hull in assets?"
    assert find_conflicts(question, "It had $209bn in assets.", cited, [mine, other]) == []
    more = window("The bank of Hull had $180bn in assets, it said.", "more")
    assert find_conflicts(question, "It had $209bn in assets.", cited, [mine, more])


def test_a_name_where_the_answer_is_a_number_is_no_other_answer() -> None:
    mine = window("The swimmer Ann Bell won the 500-yard race of Hull in March.", "mine")
    other = window("The swimmer Ann Bell won a race in Hull in March, says Bob Cole.", "other")
    cited = cite(sentences_of([mine])[0])
    question = "Which race of Hull did Ann Bell win in March?"
    assert find_conflicts(question, "The 500-yard race.", cited, [mine, other]) == []


def test_days_and_years_count_nothing() -> None:
    assert conflict(window("People died in the wildfires on Maui on 8 August 2023.", "o")) is None


def test_the_same_article_and_its_reprints_do_not_contradict_it() -> None:
    again = "As many as 115 people died in the wildfires on Maui."
    assert conflict(window(again, "mine", start=400)) is None
    assert conflict(window(again, "reprint", also_in=("mine",))) is None


def test_only_counts_are_compared() -> None:
    other = window("At least 36 people died in the wildfires on Maui.", "other")
    assert conflict(other, question="Where were the wildfires on Maui?") is None


WHERE = "Where was the final played?"
PLAYED = window("The final was played on 7 February in front of a small crowd in Tampa.", "mine")


def restated(text: str, statement: str = "The final was played in Tampa.") -> Disagreement | None:
    citation = cite(sentences_of([PLAYED])[0])
    found = find_conflicts(WHERE, statement, citation, [PLAYED, window(text, "other")])
    return next(iter(found), None)


def test_the_same_sentence_with_another_name_is_told() -> None:
    made = restated("The final was played on 7 February in front of a small crowd in Glendale.")
    assert made is not None
    assert "Glendale" in made.text


def test_the_same_sentence_with_another_number_is_told() -> None:
    made = restated(
        "The final was played on 9 February in front of a small crowd in Tampa.",
        "It was played on 7 February.",
    )
    assert made is not None


def test_a_sentence_that_holds_the_answer_agrees() -> None:
    assert restated("Tampa saw the final, which was played on 7 February by a crowd.") is None


def test_a_sentence_in_other_words_is_no_conflict() -> None:
    assert restated("Glendale will be the host of next year's final.") is None


def test_the_same_sentence_with_a_part_of_the_answer_changed_is_told() -> None:
    mine = window("It was played on 7 February at Raymond James Stadium in Tampa.", "mine")
    other = window("It was played on 7 February at Raymond James Stadium in Glendale.", "other")
    said = "It was played at Raymond James Stadium in Tampa."
    made = next(
        iter(find_conflicts(WHERE, said, cite(sentences_of([mine])[0]), [mine, other])), None
    )
    assert made is not None
    assert "Glendale" in made.text


def test_a_short_sentence_with_another_name_is_told() -> None:
    mine = window("Acme Steel purchased Hull Bricks in 2014.", "mine")
    other = window("Ajax Iron purchased Hull Bricks in 2014.", "other")
    cited = cite(sentences_of([mine])[0])
    question = "Who acquired Hull Bricks?"
    made = next(
        iter(find_conflicts(question, "Acme Steel acquired Hull Bricks.", cited, [mine, other])),
        None,
    )
    assert made is not None
    assert "Ajax" in made.text


def test_a_longer_form_of_a_name_asked_about_is_no_answer() -> None:
    mine = window("Hull Bricks Ltd was founded in December 2015 by Ann Bell.", "mine")
    other = window("Hull Bricks Ltd was founded in December 2005 by Ann Bell.", "other")
    said, cited = "Hull Bricks Ltd was founded in December 2015.", cite(sentences_of([mine])[0])
    assert find_conflicts("When was Hull Bricks founded?", said, cited, [mine, other])


def test_another_deed_of_the_same_person_is_no_conflict() -> None:
    mine = window("Prime Minister Ada Berg promised in January to halve inflation by 2023.", "mine")
    other = window("Prime Minister Ada Berg read from the Bible.", "other")
    said = "Ada Berg promised to halve inflation by 2023."
    cited = cite(sentences_of([mine])[0])
    assert find_conflicts("Why did Ada Berg resign?", said, cited, [mine, other]) == []


def told(question: str, said: str, mine: Evidence, *others: Evidence) -> list[str]:
    cited = next(one for one in sentences_of([mine]) if said.rstrip(".") in one.text)
    return [one.text for one in find_conflicts(question, said, cite(cited), [mine, *others])]


WHO = "Who opened the new library in Hull?"
OPENED = window("The poet Ann Bell opened the new library in Hull on Saturday.", "mine")


def test_another_name_in_other_words_is_told() -> None:
    other = window("In Hull, Bob Cole cut a ribbon and opened a library that is new.", "other")
    assert any("Bob Cole" in text for text in told(WHO, "Ann Bell", OPENED, other))


def test_a_name_of_something_else_is_no_conflict() -> None:
    assert told(WHO, "Ann Bell", OPENED, window("Bob Cole left Hull for Leeds.", "other")) == []
    place = window("The new library opened in Hull, on the road to Leeds.", "other")
    assert told(WHO, "Ann Bell", OPENED, place) == []


def test_another_amount_of_the_same_unit_is_told() -> None:
    mine = window("Workers found a well in Hull. It is 11 metres deep.", "mine", best=1)
    other = window("The well in Hull is 46 metres deep.", "other")
    (text,) = told("How deep is the well in Hull?", "11", mine, other)
    assert "46 metres" in text
    years = window("The well in Hull, which is deep, was dug for 46 years.", "other")
    assert told("How deep is the well in Hull?", "11", mine, years) == []


def test_another_day_is_told_and_a_part_of_the_same_one_is_not() -> None:
    when, mine = "When will the bridge close?", window("The bridge will close on 24 June.", "mine")
    assert told(when, "24 June", mine, window("The bridge will close on 2 July.", "other"))
    assert not told(when, "24 June", mine, window("The bridge will close in June 2023.", "other"))


def test_another_year_is_no_conflict() -> None:
    mine = window("In 2021 some 40 people moved to Hull.", "mine")
    other = window("In 2022 some 90 people moved to Hull.", "other")
    assert told("How many people moved to Hull in 2021?", "40", mine, other) == []


def test_the_publisher_is_named() -> None:
    other = window("Bob Cole opened the new library in Hull.", "other")
    other = replace(other, article=replace(other.article, source="Hull Post"))
    assert "(Hull Post)" in told(WHO, "Ann Bell", OPENED, other)[0]
