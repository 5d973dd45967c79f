"""What stands below an answer: buttons that copy, ask or edit, and the question if it is right."""

from __future__ import annotations

from rag.types import Answer
from web import wording
from web.exchange import Exchange
from web.export import cited_text
from web.feedback import LONGEST_NOTE, Verdict
from web.links import link
from web.markup import safe


def answer_tools(exchange: Exchange, answer: Answer, turn: int) -> str:
    """Buttons with what they copy, ask or edit as data, and the question whether it is right."""
    copied = (
        ("Copy with citations", "copy", cited_text(answer)),
        ("Copy link", "link", link(exchange.question)),
        ("Ask again", "ask", exchange.question.text),
        ("Edit and ask again", "edit", exchange.question.text),
    )
    buttons = "".join(
        f'<button type="button" class="tool" data-{kind}="{safe(text)}">{name}</button>'
        for name, kind, text in copied
    )
    return f'<div class="tools">{buttons}{_vote(answer, turn)}</div>'


def _vote(answer: Answer, turn: int) -> str:
    """Was it right? One click for yes; for no, what is wrong and a note of what is right."""

    def button(verdict: Verdict, name: str) -> str:
        number = list(Verdict).index(verdict)
        return (
            f'<button type="button" class="tool" data-turn="{turn}" data-kind="vote"'
            f' data-number="{number}">{safe(name)}</button>'
        )

    reasons = "".join(button(one, name) for one, name in wording.verdicts(answer).items())
    return (
        f'<div class="vote"><span>Right?</span>{button(Verdict.RIGHT, "Yes")}'
        "<details><summary>No</summary><label>What would be right, if you know"
        f'<textarea rows="2" maxlength="{LONGEST_NOTE}"></textarea></label>{reasons}'
        "</details></div>"
    )
