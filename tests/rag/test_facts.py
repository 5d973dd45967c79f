"""Names and numbers, as news writes them."""

import pytest

from rag.english.facts import facts
from rag.english.names import name_stands, names_in
from rag.english.numbers import number_spans


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Qin Gang told Mr Blinken so on Monday.", ["Qin Gang", "Blinken"]),
        ("Prime Minister Rishi Sunak met President Joe Biden.", ["Rishi Sunak", "Joe Biden"]),
        ("Wang Yi, Li Qiang and Qin Gang were there.", ["Wang Yi", "Li Qiang", "Qin Gang"]),
        ("Ursula von der Leyen spoke in Brussels.", ["Ursula von der Leyen", "Brussels"]),
        ("The president of Turkey has won.", ["Turkey"]),
        ("“We won,” said Olga Carmona.", ["Olga Carmona"]),
        ("J. K. Rowling writes; AT&T does not.", ["J K Rowling", "AT&T"]),
        ("China's Foreign Minister spoke.", ["China"]),
        ("Éric Zemmour lost.", ["Éric Zemmour"]),
        ("The LVM3 rocket of Nasa flew in March.", ["LVM3", "Nasa"]),
        ("Thousands fled. Officials said so. No one died.", []),
    ],
)
def test_names(text: str, names: list[str]) -> None:
    assert names_in(text) == names


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Antony Blinken", "Mr Blinken has arrived"),
        ("Qin Gang", "Mr Qin greeted him"),  # the surname comes first
        ("Xi Jinping", "President Xi’s visit"),
        ("Chinese President Xi", "Xi Jinping has said"),
        ("US", "the United States"),
        ("United States", "US officials"),
        ("American", "U.S. airspace"),
        ("Britain", "the UK"),
        ("United Nations", "the U.N. said"),
        ("China", "Chinese officials"),
        ("Chinese", "China has said"),
        ("Spain", "the Spanish team"),
        ("Italy", "Italians voted"),
        ("Germany", "the German army"),
        ("Libya", "Libyan rescuers"),
        ("Iran", "Iranian ships"),
        ("Charles III", "the coronation of Charles"),
    ],
)
def test_a_name_stands_in_another_form(name: str, text: str) -> None:
    assert name_stands(name, text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Antony Blinken", "Mr Qin greeted him"),
        ("Qin Gang", "in Qinghai province"),
        ("Jill Biden", "Joe Biden visited Maui"),
        ("Signature Bank", "Silicon Valley Bank was bought"),
        ("Austria", "Australia won"),
        ("Niger", "the Nigerian army"),
        ("India", "a man from Indiana"),
        ("Marta", "Martin won"),
        ("US", "he told us"),
    ],
)
def test_another_name_does_not_stand(name: str, text: str) -> None:
    assert not name_stands(name, text)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1.4 million people", [1_400_000]),
        ("$42bn", [42e9]),
        ("$42 billion", [42e9]),
        ("3bn Swiss francs", [3e9]),
        ("three billion francs", [3e9]),
        ("£2.5m", [2_500_000]),
        ("75,784 people", [75_784]),
        ("1,340km", [1340]),
        ("26kg", [26]),
        ("a 75-year-old", [75]),
        ("twenty-two people", [22]),
        ("two hundred people", [200]),
        ("two hundred thousand dollars", [200_000]),
        ("two dozen; half a dozen; a dozen", [24, 6, 12]),
        ("a million; half a million", [1e6, 5e5]),
        ("a six-three ruling", [6, 3]),
        ("5.25%", [5.25]),
        ("5½ hours", [5.5]),
        ("the 31st member", [31]),
        ("won 1-0", [1, 0]),
        ("In 2023, 5 people", [2023, 5]),
        ("an LVM3 rocket", []),
        ("the 800 m race, 3 m high, a 10 k run", [800, 3, 10]),
        ("$3 m, US$4m, £1.5 m and 5k", [3e6, 4e6, 1.5e6, 5e3]),
    ],
)
def test_numbers(text: str, values: list[float]) -> None:
    assert [one.value for one in number_spans(text)] == values


def test_a_number_is_named_as_it_is_written() -> None:
    assert [one.words for one in number_spans("a 75-year-old and 1.4 million")] == [
        "75",
        "1.4 million",
    ]


def test_words_that_seldom_count_are_not_checked() -> None:
    assert facts("One of the first two").numbers == {"two": 2.0}


def test_initials_stand_with_their_points_or_without() -> None:
    assert name_stands("U.S", "He won the US Open.")
    assert name_stands("US", "He won the U.S. Open.")
    assert name_stands("E.U.", "The EU agreed.")
