"""Text that grows by tokens: whatever the cuts, what comes out is what went in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rag.llm.worker import TokenText


def decode(tokens: list[int]) -> str:
    """A decoder whose tokens are bytes, the hardest case."""
    return bytes(tokens).decode("utf-8", errors="replace")


def pieces_of(text: str, stop: tuple[str, ...] = ()) -> list[str]:
    growing = TokenText(decode, stop)
    pieces = [growing.feed(byte) for byte in text.encode("utf-8")]
    return [*pieces, growing.flush()]


@given(st.text())
def test_every_text_survives_byte_by_byte(text):
    assert "".join(pieces_of(text)) == text.rstrip("\ufffd") or "\ufffd" in text


@given(st.text(alphabet="ab🦊é "), st.text(alphabet="ab🦊", min_size=1, max_size=3))
def test_text_ends_before_the_first_stop_string(text, stop):
    assert "".join(pieces_of(text, (stop,))) == text.split(stop)[0]


@given(st.text(alphabet="abc"))
def test_of_two_stop_strings_the_first_to_appear_counts(text):
    ends = [at for stop in ("ca", "bb") if (at := text.find(stop)) >= 0]
    assert "".join(pieces_of(text, ("ca", "bb"))) == text[: min(ends, default=len(text))]


def test_a_character_comes_out_whole_with_its_last_byte():
    assert pieces_of("é🦊") == ["", "é", "", "", "", "🦊", ""]


def test_an_end_that_might_become_a_stop_string_is_held_back():
    assert pieces_of("x<|y", ("<|end|>",)) == ["x", "", "", "<|y", ""]


def test_nothing_comes_after_a_stop_string():
    growing = TokenText(decode, ("!",))
    assert [growing.feed(byte) for byte in b"a!b"] == ["a", "", ""]
    assert growing.stopped
    assert growing.flush() == ""


def test_bytes_that_are_no_character_do_not_hold_the_text_back_for_ever():
    growing = TokenText(decode)
    given = [growing.feed(byte) for byte in b"\xff\xff\xff\xffok"]
    assert "".join(given).endswith("ok")
