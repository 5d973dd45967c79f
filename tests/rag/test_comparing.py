"""Questions that compare or add two things, and those that only look so."""

from __future__ import annotations

import pytest

from rag.comparing import Measure, Operation, compared


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        (
            "Which lasted longer, the siege of Ostend or the flood in Hull?",
            ["The siege of Ostend lasted how long?", "The flood in Hull lasted how long?"],
        ),
        (
            "Did Labour or the Conservatives win more seats in 1997?",
            [
                "How many seats did Labour win in 1997?",
                "How many seats did the Conservatives win in 1997?",
            ],
        ),
        (
            "Which came first, the fall of the Berlin Wall or the treaty of Maastricht?",
            ["When was the fall of the Berlin Wall?", "When was the treaty of Maastricht?"],
        ),
        ("Who is older, Ann Bell or Bob Cole?", ["How old is Ann Bell?", "How old is Bob Cole?"]),
        (
            "How many more runs did Ann Bell score than Bob Cole did?",
            ["How many runs did Ann Bell score?", "How many runs did Bob Cole score?"],
        ),
        (
            "How much did Acme Steel and Hull Bricks pledge together?",
            ["How much did Acme Steel pledge?", "How much did Hull Bricks pledge?"],
        ),
        (
            "How many people do Acme Steel and Hull Bricks employ in total?",
            ["How many people does Acme Steel employ?", "How many people does Hull Bricks employ?"],
        ),
        (
            "How many days lie between the fair in Hull and the vote in Wales?",
            ["When was the fair in Hull?", "When was the vote in Wales?"],
        ),
        (
            "How long after the vote in Wales did Ann Bell resign?",
            ["When was the vote in Wales?", "When did Ann Bell resign?"],
        ),
        (
            "Were more people killed in the fire at Hull or in the flood at York?",
            [
                "How many people were killed in the fire at Hull?",
                "How many people were killed in the flood at York?",
            ],
        ),
        (
            "Did more people die in the fire in Hull or in the flood in York?",
            [
                "How many people did die in the fire in Hull?",
                "How many people did die in the flood in York?",
            ],
        ),
        (
            "How many people died in the fires in Wales and Kent together?",
            [
                "How many people died in the fires in Wales?",
                "How many people died in the fires in Kent?",
            ],
        ),
        (
            "How much more money did the bank lend in Wales than in Kent?",
            [
                "How much money did the bank lend in Wales?",
                "How much money did the bank lend in Kent?",
            ],
        ),
        (
            "Is the Severn Bridge longer than the Humber Bridge?",
            ["How long is the Severn Bridge?", "How long is the Humber Bridge?"],
        ),
    ],
)  # fmt: skip
def test_a_comparison_is_asked_of_each_of_the_two(question: str, parts: list[str]) -> None:
    asked = compared(question)
    assert asked is not None and list(asked.parts) == parts


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        (
            "Which lasted longer, the miners' or the dockers' strike?",
            ["The miners' strike lasted how long?", "The dockers' strike lasted how long?"],
        ),
        (
            "Which strike lasted longer, the miners’ or the dockers’?",
            ["The miners’ strike lasted how long?", "The dockers’ strike lasted how long?"],
        ),
        (
            "Was the flood in Hull longer than that in York?",
            ["How long was the flood in Hull?", "How long was the flood in York?"],
        ),
    ],
)
def test_what_one_of_the_two_leaves_out_is_taken_from_the_other(
    question: str, parts: list[str]
) -> None:
    asked = compared(question)
    assert asked is not None and list(asked.parts) == parts


@pytest.mark.parametrize(
    ("question", "operation", "measure", "least"),
    [
        ("Who is younger, Ann Bell or Bob Cole?", Operation.WHICH, Measure.AGE, True),
        ("Which began later, the Hull fair or the York fair?", Operation.WHICH, Measure.DAY, False),
        ("Which won fewer seats, the Greens or Labour?", Operation.WHICH, Measure.AMOUNT, True),
        ("How much longer did Lent last than Yule?", Operation.DIFFERENCE, Measure.DURATION, False),
        ("Did the Hull fair end before the York fair?", Operation.WHICH, Measure.DAY, True),
        ("How much older is Ann Bell than Bob Cole?", Operation.DIFFERENCE, Measure.AGE, False),
    ],
)  # fmt: skip
def test_what_is_asked_of_the_two_is_told(
    question: str, operation: Operation, measure: Measure, least: bool
) -> None:
    asked = compared(question)
    assert asked is not None
    assert (asked.operation, asked.measure, asked.least) == (operation, measure, least)


@pytest.mark.parametrize(
    "question",
    [
        # one thing
        "Who won more than 50% of the vote?",
        "How many more people died than first reported?",
        "How much longer will the strike last?",
        "How many people were killed in total?",
        "Which bank was bought first?",
        "Who has been in power longer than anyone else?",
        "What happened first in the mutiny?",
        # one thing with itself at another time, with a number, or with what was thought
        "How much more did Acme Steel earn than the year before?",
        "How many more seats did Labour win than in 2019?",
        "How much did shares fall on Monday and Tuesday in total?",
        "Is the ship longer than 20 feet?",
        "Was the toll higher than expected?",
        "Did the Tories lose more seats than they won?",
        # nothing that is measured in both
        "Who is more popular, Ann Bell or Bob Cole?",
        "Did prices rise more quickly in Wales or in Kent?",
        "Did Ann Bell or Bob Cole resign?",
        "Did India win or lose the final?",
        "Did Labour do better than the Tories?",
        "What is the difference between Labour and the Greens?",
        "Did Ann Bell and Bob Cole meet together in Hull?",
        "Did the committee vote for more or less support?",
        # a place in a contest, no day
        "Who came first, Ann Bell or Bob Cole?",
        "Which team came first, Spain or England?",
        "Who scored first, Spain or England?",
        "Which came first in the poll, Labour or the Greens?",
        # what may be said of both at once
        "How many people were killed in the fires in Wales and Kent in total?",
        "How much did the wars in Gaul and Britain cost together?",
        "How many seats did the union of the Greens and the Left win together?",
        "How many days lie between the fall of Troy and Rome?",
        # no amount
        "Who has more to lose, Ann Bell or Bob Cole?",
        # reasons, lists, stories, pronouns, what can be read in two ways
        "Why did the miners' strike last longer than the dockers' strike?",
        "How many articles mention Ann Bell and Bob Cole together?",
        "What happened between 1 and 28 May 2023?",
        "How many days of rain were there between 3 May and 5 June?",
        "Did he or she win more votes?",
        "Did the first or the second vote get more support?",
        "How many more seats did Labour win in Scotland than the Greens?",
        "Which lasted longer, the fair, the strike or the flood?",
        "Would a longer or a shorter strike cost more?",
    ],
)
def test_other_questions_stay_whole(question: str) -> None:
    assert compared(question) is None


def test_a_long_question_is_read_at_once() -> None:
    many = "Which of the " + "very " * 400 + "long strikes lasted, " * 40 + "the one or the other?"
    assert compared(many) is None
