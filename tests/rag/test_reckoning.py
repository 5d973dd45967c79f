"""What is made of two answers: a comparison, a difference, a sum; or nothing, and it is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.embedder import MiniLMEmbeddings
from index.settings import Settings, load_settings
from rag.pipeline import Pipeline
from rag.plain import answer_json
from rag.types import ABSTENTION, Answer, Outcome, Question
from tests.conftest import MODELS
from tests.rag.newsroom import ScriptedChat, newsroom

STORIES = {
    "miners.txt": "date 2023-03-10 The strike of the miners ends\n\n"
    "The strike of the miners in Hull ended on Thursday, after 148 days. "
    "It cost the mines about $1.5bn.\n",
    "dockers.txt": "date 2023-06-02 The strike of the dockers ends\n\n"
    "The strike of the dockers in Dover was over on Friday after five weeks. "
    "It cost the port 300m Swiss francs.\n",
    "bakers.txt": "date 2023-06-05 The strike of the bakers ends\n\n"
    "The strike of the bakers in York, which had begun on 2 May, was called off. "
    "It cost the bakeries $400m.\n",
    "bell.txt": "date 2023-04-01 Ann Bell elected mayor of Hull\n\n"
    "Ann Bell, who is 57, won the vote in Hull with 4,100 votes. "
    "Bob Cole, the loser, had 3,958 votes.\n",
    "dunn.txt": "date 2023-04-20 Eve Dunn resigns\n\nEve Dunn, 61, left the council of Dover.\n",
    "ford.txt": "date 2023-11-20 Guy Ford speaks\n\nGuy Ford, who is 57, spoke to the council.\n",
    "flood.txt": "date 2023-05-02 Floods kill 40 in Kent and Essex\n\n"
    "Floods in Kent and Essex have killed 40 people, the police said on Tuesday.\n",
    "fire-36.txt": "date 2023-08-10 Fire in Leeds\n\n"
    "At least 36 people died in the fire in Leeds, the police said.\n",
    "fire-96.txt": "date 2023-08-14 Toll of the fire in Leeds\n\n"
    "The number of people who died in the fire in Leeds has risen to 96.\n",
    "crash.txt": "date 2023-07-01 Crash in Bristol\n\n"
    "50 people died in the crash in Bristol, the police said.\n",
    "gift.txt": "date 2023-07-03 Gifts for the museum\n\n"
    "Acme Steel and Hull Bricks each promised $100m to the museum.\n",
    "essex.txt": "date 2023-05-04 Toll of the floods in Essex\n\n"
    "The floods in Essex have killed at least 12 people.\n",
}
MINERS = "The strike of the miners lasted 148 days."
DOCKERS = "The strike of the dockers lasted five weeks."


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory, embeddings: MiniLMEmbeddings):
    home = tmp_path_factory.mktemp("reckoning")
    settings: Settings = load_settings(data_dir=home / "data", model_dir=MODELS, llm="none")
    newsroom(settings, embeddings, home / "articles", None, STORIES)

    def asked(question: str, *drafts: str) -> Answer:
        model = ScriptedChat(drafts=list(drafts))
        pipeline: Pipeline = newsroom(settings, embeddings, Path(home / "articles"), model, STORIES)
        answer = pipeline.ask(Question(question))
        assert not model.drafts, "each part is asked"
        return answer

    return asked


def closing(answer: Answer) -> str:
    """The last statement, which must cite what it was reckoned from."""
    statement = answer.statements[-1]
    assert answer.outcome is Outcome.ANSWERED, answer
    assert "reckoned from both" in statement.text
    cited = {at for one in answer.statements[:-1] for at in one.citations}
    assert statement.citations and set(statement.citations) <= cited
    return statement.text


def nothing_is_reckoned(answer: Answer) -> bool:
    return (
        answer.outcome is Outcome.PARTLY
        and "reckoned from" not in answer.text
        and any("do not surely give" in notice for notice in answer.notices)
    )


def test_the_longer_one_is_told_with_both_values_and_citations(archive) -> None:
    answer = archive(
        "Which lasted longer, the strike of the dockers or the strike of the miners?",
        DOCKERS,
        MINERS,
    )
    assert closing(answer) == (
        "The strike of the miners lasted longer: 148 days against five weeks, "
        "reckoned from both figures."
    )
    assert answer.text.endswith("reckoned from both figures [2] [1].")
    quotes = [answer.citations[at].quote for at in answer.statements[-1].citations]
    assert "148 days" in quotes[0] and "five weeks" in quotes[1]


def test_the_other_things_sentence_is_no_disagreement(archive) -> None:
    answer = archive(
        "Which lasted longer, the strike of the dockers or the strike of the miners?",
        DOCKERS,
        MINERS,
    )
    assert not answer.conflicts and "Another article" not in answer.text


def test_a_yes_or_no_is_answered_by_the_figures(archive) -> None:
    question = "Did the strike of the miners last longer than the strike of the dockers?"
    told = "148 days against five weeks, reckoned from both figures."
    assert closing(archive(question, MINERS, DOCKERS)) == f"Yes: {told}"


def test_a_difference_and_a_sum_are_reckoned(archive) -> None:
    bell, cole = "Ann Bell got 4,100 votes.", "Bob Cole got 3,958 votes."
    assert closing(archive("How many more votes did Ann Bell get than Bob Cole?", bell, cole)) == (
        "4,100 against 3,958: 142 more, reckoned from both figures."
    )
    assert closing(
        archive("How many votes did Ann Bell and Bob Cole get together?", bell, cole)
    ) == ("4,100 and 3,958 make 8,058 votes together, reckoned from both figures.")


def test_a_difference_of_rounded_figures_is_no_exact_one(archive) -> None:
    answer = archive(
        "How much more did the strike of the miners cost than the strike of the bakers?",
        "The strike of the miners cost about $1.5bn.",
        "The strike of the bakers cost $400m.",
    )
    assert closing(answer) == (
        "About $1.5bn against $400m: about $1.1 billion more, reckoned from both figures."
    )


def test_another_currency_is_not_compared(archive) -> None:
    answer = archive(
        "Which cost more, the strike of the miners or the strike of the dockers?",
        "The strike of the miners cost about $1.5bn.",
        "The strike of the dockers cost 300m Swiss francs.",
    )
    assert nothing_is_reckoned(answer)
    assert "$1.5bn [1]" in answer.text and "300m Swiss francs [2]" in answer.text


def test_a_part_that_is_not_found_leaves_the_other(archive) -> None:
    answer = archive("Who is older, Ann Bell or Zoe West?", "Ann Bell is 57.", ABSTENTION)
    assert answer.outcome is Outcome.PARTLY
    assert answer.text == "Ann Bell is 57 [1]."
    assert answer.missing == "How old is Zoe West?"


def test_a_value_that_its_quote_does_not_hold_is_not_used(archive) -> None:
    answer = archive("Who is older, Ann Bell or Eve Dunn?", "Ann Bell is 57.", "Eve Dunn left.")
    assert nothing_is_reckoned(answer)


def test_ages_of_different_days_are_compared_only_where_that_is_sure(archive) -> None:
    bell, ford = "Ann Bell is 57.", "Guy Ford is 57."
    assert nothing_is_reckoned(archive("Who is older, Ann Bell or Guy Ford?", bell, ford))
    assert closing(archive("Who is younger, Ann Bell or Eve Dunn?", bell, "Eve Dunn is 61.")) == (
        "Ann Bell is younger: 57 against 61, reckoned from both figures."
    )


def test_days_are_compared_by_what_their_words_mean(archive) -> None:
    answer = archive(
        "Which came first, the end of the dockers' strike or the end of the miners' strike?",
        "The strike of the dockers was over on Friday.",
        "The strike of the miners ended on Thursday.",
    )
    assert closing(answer) == (
        "The end of the miners' strike came first: Thursday (9 March 2023), "
        "before Friday (2 June 2023), reckoned from both dates."
    )


def test_the_days_between_two_things_are_counted(archive) -> None:
    answer = archive(
        "How many days lie between "
        "the end of the miners' strike and the start of the bakers' strike?",
        "The strike of the miners ended on Thursday.",
        "The strike of the bakers had begun on 2 May.",
    )
    assert closing(answer) == (
        "From Thursday (9 March 2023) to 2 May (2023) is 54 days, reckoned from both dates."
    )


def test_the_day_of_a_report_is_called_so_and_is_no_day_to_count_from(archive) -> None:
    dunn = "Eve Dunn left the council on 20 April 2023."
    dockers = "The strike of the dockers was over on Friday."
    first = archive(
        "Which came first, the exit of Eve Dunn or the end of the dockers' strike?", dunn, dockers
    )
    assert "reported on 20 April 2023, before Friday (2 June 2023)" in closing(first)
    between = archive(
        "How many days lie between the exit of Eve Dunn and the end of the dockers' strike?",
        dunn,
        dockers,
    )
    assert nothing_is_reckoned(between)


def test_other_programs_get_the_closing_statement_too(archive) -> None:
    answer = archive("Who is older, Ann Bell or Eve Dunn?", "Ann Bell is 57.", "Eve Dunn is 61.")
    told = answer_json(answer)
    assert told["answer"].endswith("61 against 57, reckoned from both figures [2] [1].")
    assert [one["article_id"] for one in told["citations"]] == ["bell.txt", "dunn.txt"]


def test_one_figure_for_both_is_not_added_to_itself(archive) -> None:
    both = "Floods have killed 40 people."
    question = "How many people were killed in Kent and in Essex together?"
    assert nothing_is_reckoned(archive(question, both, both))
    essex = "The floods in Essex have killed at least 12 people."
    assert nothing_is_reckoned(archive(question, both, essex))


def test_a_figure_that_a_later_article_corrects_is_not_compared(archive) -> None:
    question = "Did more people die in the fire in Leeds or in the crash in Bristol?"
    crash = "50 people died in the crash in Bristol."
    older = archive(question, "At least 36 people died in the fire in Leeds.", crash)
    assert older.conflicts and nothing_is_reckoned(older)
    newer = archive(question, "96 people died in the fire in Leeds.", crash)
    assert closing(newer).startswith("In the fire in Leeds there were more: 96 against 50,")


def test_what_each_of_two_gave_can_be_added(archive) -> None:
    answer = archive(
        "How much did Acme Steel and Hull Bricks promise together?",
        "Acme Steel promised $100m.",
        "Hull Bricks promised $100 million.",
    )
    assert closing(answer) == (
        "$100m and $100m make $200 million together, reckoned from both figures."
    )
