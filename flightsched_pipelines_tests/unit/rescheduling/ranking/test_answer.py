"""An answer counts only when all of it can be shown to be true of what was asked."""

import json
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flightsched_pipelines.rescheduling.ranking.answer import AnswerError, Ranking, answer_schema, check
from flightsched_pipelines.rescheduling.ranking.ranked import RANKED_COLUMNS, ranked
from flightsched_pipelines_tests.injections import INJECTIONS
from flightsched_pipelines_tests.servers.openai_server import SPOILERS, good_answer
from flightsched_pipelines_tests.unit.rescheduling.ranking.test_question import ask
from flightsched_pipelines_tests.unit.rescheduling.school import School

QUESTION = ask(preferred_parts=["morning"])
PLAN = School().propose()
IDS = [slot.slot_id for slot in QUESTION.slots]


def answer(*reasons: str, ids: list[str] | None = None, message: str = "Please choose one of these times.") -> str:
    """An answer with these reasons for the first slots, and a plain one for the others."""
    chosen = IDS if ids is None else ids
    words = [*reasons, *["It keeps the same instructor."] * (len(chosen) - len(reasons))]
    ranking = [{"id": slot_id, "reason": reason} for slot_id, reason in zip(chosen, words, strict=True)]
    return json.dumps({"ranking": ranking, "message": message})


def test_a_good_answer_counts_in_its_order() -> None:
    found = check(QUESTION, answer(ids=["s3", "s1", "s2"]))

    assert [slot.slot_id for slot in found.slots] == ["s3", "s1", "s2"]
    assert found.message == "Please choose one of these times."
    assert check(QUESTION, json.dumps(found.stored())) == found, "what is stored can be served again"


@pytest.mark.parametrize(
    "reason",
    [
        "Tuesday at 09:00 keeps your instructor and aircraft.",
        "Starts at 9 am on Tuesday, 2 June, in the morning you asked for.",
        "One day later, with the same instructor; the forecast is above the school's minimums.",
        "Because you have not flown for a while, the soonest slot comes first.",
        "VFR weather is forecast, and it lies 1 day later.",
        "It is four hours earlier in the day than your lesson at 13:00.",
    ],
)
def test_what_is_true_of_the_slot_may_be_said(reason: str) -> None:
    assert check(QUESTION, answer(reason)).reasons[0] == reason


@pytest.mark.parametrize(
    ("reason", "fault"),
    [
        ("It starts at 10:45.", "gives the time 10:45"),
        ("It starts at 10 pm.", "gives the time 10 pm"),
        ("It starts at 8.15am.", "gives the time 8.15am"),
        ("Saturday suits everybody.", "names Saturday"),
        ("On Fridays it is quiet.", "names Friday"),
        ("In July the weather is better.", "names July"),
        ("A fine afternoon.", "speaks of the afternoon"),
        ("Fly tomorrow.", "says tomorrow"),
        ("It is five days later.", "counts five days"),
        ("It is 3 hours later.", "counts 3 hours"),
        ("The ceiling will be 4500 ft.", "gives the number 4500"),
        ("The 17 of the month.", "gives the number 17"),
        ("Instructor Amelia has time.", "may name somebody or something: Amelia"),
        ("Amelia has time.", "may name somebody or something: Amelia"),
        ("It is with another instructor.", "the instructor changes, which is not so"),
        ("You get a different aircraft.", "the aircraft changes, which is not so"),
        ("No forecast reaches it yet.", "no forecast reaches the slot, and one does"),
        ("It is perfectly safe to fly.", "promises"),
        ("Good weather is guaranteed.", "promises"),
        ("Hurry, book now", "presses"),
        ("Book it!", "presses"),
        ("<i>Best</i>", "markup"),
        ("**Best**", "markup"),
        ("&lt;b&gt;", "markup"),
        ("See https://example.com", "link"),
        ("Write to me@example.com", "link"),
        ("See example.com", "link"),
        ("Лучшее время.", "Latin letters"),
        ("best\u202etime", "control characters"),
        ("   ", "is empty"),
        ("good " * 60, "more than 240"),
        ("It is " + "9" * 5_000 + " days later.", "more than 240"),
        ("It is ſix days later.", "counts ſix days"),
        ("It is three mınutes later.", "counts three mınutes"),
        ("It is ٣ days later.", "counts ٣ days"),
        ("A lone \ud800 surrogate.", "control characters"),
        ("A NUL\x00.", "control characters"),
    ],
)
def test_what_cannot_be_shown_is_refused(reason: str, fault: str) -> None:
    with pytest.raises(AnswerError) as error:
        check(QUESTION, answer(reason))

    assert fault in str(error.value)
    assert "reason of s1" in str(error.value)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "not JSON"),
        ("null", "exactly the fields"),
        ("[]", "exactly the fields"),
        ("{}", "exactly the fields"),
        ('{"ranking": {}, "message": "x"}', "ranking is not a list"),
        ('{"ranking": [], "message": 5}', "message not a text"),
        ('{"ranking": [{"id": "s1"}], "message": "x"}', "an item of ranking"),
        ('{"ranking": [{"id": 1, "reason": "x"}], "message": "x"}', "an item of ranking"),
        ('{"ranking": ["s1"], "message": "x"}', "an item of ranking"),
        ('{"ranking": [], "message": "x", "tool": "send_mail"}', "exactly the fields"),
        ("[" * 100_000, "more than 20,000"),
        ("[" * 15_000, "not JSON"),
        (answer(ids=["s1", "s2", "s2"]), "a slot twice"),
        (answer(ids=["s1", "s2"]), "leaves out s3"),
        (answer(ids=["s1", "s2", "s4"]), "not offered"),
        (answer(ids=["s1", "s2", "s3", "s1"]), "a slot twice"),
        (answer(message="Call Bob."), "message may name somebody"),
        (answer(message="x " * 300), "message has"),
    ],
)
def test_an_answer_of_another_shape_is_refused(text: str, fault: str) -> None:
    with pytest.raises(AnswerError, match=fault):
        check(QUESTION, text)


def test_the_schema_asks_for_each_slot_once() -> None:
    schema = answer_schema(QUESTION)

    items = schema["properties"]["ranking"]
    assert (items["minItems"], items["maxItems"]) == (3, 3)
    assert items["items"]["properties"]["id"]["enum"] == IDS
    assert schema["additionalProperties"] is items["items"]["additionalProperties"] is False


@pytest.mark.parametrize("spoil", sorted(set(SPOILERS)))
def test_each_way_in_which_the_stand_in_errs_is_seen(spoil: str) -> None:
    data = good_answer(json.loads(QUESTION.text))
    check(QUESTION, json.dumps(data))

    SPOILERS[spoil](data)

    with pytest.raises(AnswerError):
        check(QUESTION, json.dumps(data))


plain = st.sampled_from(
    ["It keeps the same instructor.", "Soon, and with the same aircraft.", "Near the usual time.", "A short wait."]
)
texts = st.sampled_from(["", "x" * 300, *INJECTIONS[:-1]]) | st.text(max_size=8)


def items(ids: st.SearchStrategy[str], reasons: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, str]]:
    return st.tuples(ids, reasons).map(lambda item: {"id": item[0], "reason": item[1]})


ids = st.sampled_from([*IDS, "s0", "s4", "S1", " s1", "1"])
good = st.builds(
    lambda order, reasons, message: answer(*reasons, ids=list(order), message=message),
    st.sampled_from(list(permutations(IDS))), st.tuples(plain, plain, plain), plain,
)  # fmt: skip
shaped = st.tuples(st.lists(items(ids, plain | texts) | items(texts, texts), max_size=4), plain | texts).map(
    lambda answer: {"ranking": answer[0], "message": answer[1]}
)
leaves = st.none() | st.booleans() | st.integers() | st.floats() | texts
branches = leaves | st.lists(leaves, max_size=3)
anything = branches | st.dictionaries(st.sampled_from(["ranking", "message", "id"]), branches)


def test_no_answer_yields_a_slot_that_was_not_offered() -> None:
    counted = 0
    orders: dict[tuple[str, str], Ranking] = {}

    @settings(max_examples=10_000, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
    @given(good | shaped.map(json.dumps) | anything.map(json.dumps) | st.text(max_size=20))
    def every_answer(text: str) -> None:
        nonlocal counted
        try:
            found = check(QUESTION, text)
        except AnswerError:
            return  # nothing of it counts: the planner's proposals stay
        counted += 1
        assert {id(slot) for slot in found.slots} == {id(slot) for slot in QUESTION.slots}
        orders[found.slots[0].slot_id, found.slots[1].slot_id] = found

    every_answer()
    assert counted > 100, "some of the answers are good ones"
    assert len(orders) == 6
    slot = ["booking_id", "starts_at_utc", "ends_at_utc", "instructor_id", "aircraft_id", "verdict", "score"]
    offered = sorted(PLAN[slot].itertuples(index=False, name=None))
    for found in orders.values():
        proposals = ranked(PLAN, {QUESTION.booking_id: found}, "m")
        assert sorted(proposals[slot].itertuples(index=False, name=None)) == offered
        assert proposals["rank"].tolist() == [1, 2, 3]
        assert proposals["starts_at_utc"].tolist() == [PLAN["starts_at_utc"].iloc[one.row] for one in found.slots]
        assert list(proposals.columns) == list(RANKED_COLUMNS)


def test_without_an_answer_the_planner_s_order_stays() -> None:
    proposals = ranked(PLAN, {}, "m")

    assert proposals["rank"].tolist() == PLAN["rank"].tolist()
    assert set(proposals["ranked_by"]) == {"planner"}


@pytest.mark.parametrize("words", INJECTIONS)
def test_a_model_that_writes_orders_changes_nothing_but_an_order(words: str) -> None:
    obeying: dict[str, Any] = {
        "ranking": [{"id": slot_id, "reason": words} for slot_id in ("s3", "s2", "s1")],
        "message": words,
    }

    with pytest.raises(AnswerError):
        check(QUESTION, json.dumps(obeying))

    quiet = check(QUESTION, answer(ids=["s3", "s2", "s1"]))
    assert isinstance(quiet, Ranking)
    before = {(row["starts_at_utc"], row["aircraft_id"]) for row in PLAN.to_dict("records")}
    after = ranked(PLAN, {QUESTION.booking_id: quiet}, "m").to_dict("records")
    assert {(row["starts_at_utc"], row["aircraft_id"]) for row in after} == before
