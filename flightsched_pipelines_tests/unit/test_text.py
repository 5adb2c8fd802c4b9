"""Text accepted from people, and text stored of what machines return."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsched_pipelines.text import TextError, accept, storable

UNACCEPTABLE = {
    "a NUL": "fog\x00lifts",
    "a lone surrogate": "fog \ud800",
    "a surrogate of a word that is not UTF-8": "caf\udce9",
    "an escape": "\x1b[31mred",
    "a backspace": "fog\x08",
    "a C1 control": "fog\x9b31m",
    "a DEL": "fog\x7f",
    "a novel": "fog " * 3_000,
}
"""Text that no entry point accepts, by what is wrong with it."""


@pytest.mark.parametrize("text", UNACCEPTABLE.values(), ids=UNACCEPTABLE)
def test_what_is_wrong_with_a_text_is_said_and_the_text_is_not_repeated(text: str) -> None:
    with pytest.raises(TextError) as refused:
        accept(text, "the reason", 500)

    sentence = str(refused.value)
    assert sentence.startswith("the reason has ")
    assert sentence.isprintable()
    assert text not in sentence


@pytest.mark.parametrize("text", ["", "The fog lifts by nine.", "línea\nzweite\r\n\tZeile", "🛩️ 今日は", "x" * 500])
def test_a_text_that_can_be_stored_and_shown_is_accepted_unchanged(text: str) -> None:
    assert accept(text, "the reason", 500) == text


@given(st.text(st.characters(exclude_categories=())))
def test_what_is_accepted_and_what_is_kept_of_a_machine_can_be_stored(text: str) -> None:
    kept = storable(text, 20)
    assert len(kept) == min(len(text), 20)
    assert "\x00" not in kept.encode().decode()
    try:
        assert storable(accept(text, "it", 10_000), 10_000) == text
    except TextError:
        assert not text.isprintable()
