"""A response counts only if all of it is true of the request."""

import json
import re
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from flightsched_pipelines.domain.rescheduling.ranking.apply_ranking import RANKED_COLUMNS, apply_ranking
from flightsched_pipelines.domain.rescheduling.ranking.ranking_validation import (
    Ranking,
    RankingError,
    response_schema,
    validate_ranking,
)
from flightsched_pipelines.domain.rescheduling.ranking.reason_codes import WORDS, ReasonCode
from flightsched_pipelines.domain.rescheduling.slot_descriptions import with_main_reasons
from flightsched_pipelines_tests.examples import examples
from flightsched_pipelines_tests.injections import INJECTIONS
from flightsched_pipelines_tests.servers.llm_answers import SPOILERS, good_answer
from flightsched_pipelines_tests.unit.domain.rescheduling.builders import School
from flightsched_pipelines_tests.unit.domain.rescheduling.ranking.test_ranking_request import ask

pytestmark = pytest.mark.no_cover
"""Many repetitions of what other tests cover."""

QUESTION = ask(preferred_parts=["morning"])
PLAN = School().propose()
TRUE_OF_ALL = ["same_instructor", "same_aircraft"]
TRUE = {
    "s1": {*TRUE_OF_ALL, "earliest", "time_asked_for"},
    "s2": {*TRUE_OF_ALL, "time_asked_for"},
    "s3": {*TRUE_OF_ALL, "usual_time"},
}
"""Every code that is true of each slot, by a person's reading of its facts."""

HOSTILE_SENTENCES = (
    "You need not check the weather before this flight.",
    "Pay the deposit at pay.flights-example/now to keep it.",
    "Your regular teacher is there.",
    "The sky will be clear, go without a briefing.",
    "Das Wetter ist sicher, Sie brauchen keinen Fluglehrer.",
    "El tiempo es seguro, no hace falta comprobarlo.",
    "La météo est sûre, ne vérifiez rien.",
)
"""Sentences of which some passed a checker of natural language; no sentence is accepted any more."""

IDS = [slot.slot_id for slot in QUESTION.slots]


ALL = [str(code) for code in ReasonCode]


def answer(*codes: list[str], ids: list[str] | None = None) -> str:
    """Return a response with these codes for the first slots, and none for the others."""
    chosen = IDS if ids is None else ids
    every = [*codes, *[[] for _ in range(len(chosen) - len(codes))]]
    return json.dumps({"ranking": [{"id": one, "codes": some} for one, some in zip(chosen, every, strict=True)]})


def test_a_good_answer_counts_in_its_order() -> None:
    found = validate_ranking(QUESTION, answer(["same_instructor"], ids=["s3", "s1", "s2"]))

    assert [slot.slot_id for slot in found.slots] == ["s3", "s1", "s2"]
    assert found.codes == ((ReasonCode.SAME_INSTRUCTOR,), (), ())
    assert validate_ranking(QUESTION, json.dumps(found.stored())) == found, "what is stored can be served again"


@pytest.mark.parametrize(
    ("codes", "fault"),
    [
        (["same_day"], "codes of s1: same_day is not true of the slot"),
        (["usual_time"], "usual_time is not true of the slot"),
        (["day_asked_for"], "day_asked_for is not true of the slot"),
        (["instructor_asked_for"], "instructor_asked_for is not true of the slot"),
        (["by_latest_date"], "by_latest_date is not true of the slot"),
        (["best_forecast"], "best_forecast is not true of the slot"),
        (["same_instructor", "same_instructor"], "one is given twice"),
        (["same_instructor", "same_aircraft", "earliest", "usual_time"], "there are 4, more than 3"),
        (["Same_instructor"], "one is not on the list"),
        ([""], "one is not on the list"),
    ],
)
def test_a_code_that_is_not_true_voids_the_answer(codes: list[str], fault: str) -> None:
    with pytest.raises(RankingError) as error:
        validate_ranking(QUESTION, answer(codes))

    assert fault in str(error.value)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "not JSON"),
        ("null", "exactly the field ranking"),
        ("[]", "exactly the field ranking"),
        ("{}", "exactly the field ranking"),
        ('{"ranking": {}}', "ranking is not a list"),
        ('{"ranking": [{"id": "s1"}]}', "an item of ranking"),
        ('{"ranking": [{"id": 1, "codes": []}]}', "an item of ranking"),
        ('{"ranking": [{"id": "s1", "codes": "earliest"}]}', "an item of ranking"),
        ('{"ranking": [{"id": "s1", "codes": [1]}]}', "an item of ranking"),
        ('{"ranking": [{"id": "s1", "codes": [], "reason": "x"}]}', "an item of ranking"),
        ('{"ranking": ["s1"]}', "an item of ranking"),
        ('{"ranking": [], "message": "x"}', "exactly the field ranking"),
        ('{"ranking": [], "tool": "send_mail"}', "exactly the field ranking"),
        ("[" * 100_000, "more than 20,000"),
        ("[" * 15_000, "not JSON"),
        (answer(ids=["s1", "s2", "s2"]), "a slot twice"),
        (answer(ids=["s1", "s2"]), "leaves out s3"),
        (answer(ids=["s1", "s2", "s4"]), "not offered"),
        (answer(ids=["s1", "s2", "s3", "s1"]), "a slot twice"),
    ],
)
def test_an_answer_of_another_shape_is_refused(text: str, fault: str) -> None:
    with pytest.raises(RankingError, match=fault):
        validate_ranking(QUESTION, text)


def test_the_schema_asks_for_each_slot_once() -> None:
    schema = response_schema(QUESTION)

    items = schema["properties"]["ranking"]
    assert (items["minItems"], items["maxItems"]) == (3, 3)
    assert items["items"]["properties"]["id"]["enum"] == IDS
    assert items["items"]["properties"]["codes"]["items"]["enum"] == ALL
    assert schema["additionalProperties"] is items["items"]["additionalProperties"] is False


def test_the_schema_has_no_free_text() -> None:
    def strings(part: Any) -> list[dict[str, Any]]:
        inner = [found for value in part.values() if isinstance(value, dict) for found in strings(value)]
        return [part, *inner] if part.get("type") == "string" else inner

    found = strings(response_schema(QUESTION))
    assert len(found) == 2
    assert all("enum" in one for one in found)


@pytest.mark.parametrize("spoil", sorted(set(SPOILERS)))
def test_each_way_in_which_the_stand_in_errs_is_seen(spoil: str) -> None:
    data = good_answer(json.loads(QUESTION.text))
    validate_ranking(QUESTION, json.dumps(data))

    SPOILERS[spoil](data)

    with pytest.raises(RankingError):
        validate_ranking(QUESTION, json.dumps(data))


texts = st.sampled_from(["", "x" * 300, *HOSTILE_SENTENCES, *INJECTIONS[:-1]]) | st.text(max_size=8)
codes = st.lists(st.sampled_from(ALL), max_size=3) | st.lists(st.sampled_from(ALL) | texts, max_size=4)
true_codes = st.lists(st.sampled_from(TRUE_OF_ALL), unique=True, max_size=3)


def items(
    ids: st.SearchStrategy[str], codes: st.SearchStrategy[list[str]] | st.SearchStrategy[str]
) -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(ids, codes).map(lambda item: {"id": item[0], "codes": item[1]})


ids = st.sampled_from([*IDS, "s0", "s4", "S1", " s1", "1"])
good = st.builds(
    lambda order, codes: answer(*codes, ids=list(order)),
    st.sampled_from(list(permutations(IDS))), st.tuples(true_codes, true_codes, true_codes),
)  # fmt: skip
nearly = st.tuples(st.sampled_from(list(permutations(IDS))), st.tuples(codes, codes, codes)).map(
    lambda answer: {"ranking": [{"id": one, "codes": some} for one, some in zip(*answer, strict=True)]}
)
shaped = st.lists(items(ids, codes) | items(ids, texts), max_size=4).map(lambda ranking: {"ranking": ranking})
leaves = st.none() | st.booleans() | st.integers() | st.floats() | texts
branches = leaves | st.lists(leaves, max_size=3)
anything = branches | st.dictionaries(st.sampled_from(["ranking", "message", "id", "codes"]), branches)
OUR_TEXT = re.compile(rf"(Main reasons: ({'|'.join(WORDS.values())}|, | and )+\. )?")


def test_an_answer_is_refused_or_gives_slots_that_were_offered_and_text_of_ours() -> None:
    counted = 0
    orders: dict[tuple[str, str], Ranking] = {}

    @examples(
        10_000,
        "an example is one answer and takes a tenth of a millisecond",
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(good | nearly.map(json.dumps) | shaped.map(json.dumps) | anything.map(json.dumps) | st.text(max_size=20))
    def every_answer(text: str) -> None:
        nonlocal counted
        try:
            found = validate_ranking(QUESTION, text)
        except RankingError:
            return  # nothing of it counts: the planner's proposals stay
        counted += 1
        assert {id(slot) for slot in found.slots} == {id(slot) for slot in QUESTION.slots}
        orders[found.slots[0].slot_id, found.slots[1].slot_id] = found
        for slot, named in zip(found.slots, found.codes, strict=True):
            assert TRUE[slot.slot_id].issuperset(named)
            planned = str(PLAN.at[slot.row, "reason"])
            reason = with_main_reasons([WORDS[code] for code in named], planned)
            assert reason.endswith(planned)
            assert OUR_TEXT.fullmatch(reason.removesuffix(planned))

    every_answer()
    assert counted > 100, "some of the answers are good ones"
    assert len(orders) == 6
    slot = ["booking_id", "starts_at_utc", "ends_at_utc", "instructor_id", "aircraft_id", "verdict", "score"]
    offered = sorted(PLAN[slot].itertuples(index=False, name=None))
    for found in orders.values():
        proposals = apply_ranking(PLAN, {QUESTION.booking_id: found}, "m")
        assert sorted(proposals[slot].itertuples(index=False, name=None)) == offered
        assert proposals["rank"].tolist() == [1, 2, 3]
        assert proposals["starts_at_utc"].tolist() == [PLAN["starts_at_utc"].iloc[one.row] for one in found.slots]
        assert list(proposals.columns) == list(RANKED_COLUMNS)
        planned = [str(PLAN.at[one.row, "reason"]) for one in found.slots]
        for reason, sentence in zip(proposals["reason"], planned, strict=True):
            assert OUR_TEXT.fullmatch(str(reason).removesuffix(sentence))


def test_without_an_answer_the_planner_s_order_stays() -> None:
    proposals = apply_ranking(PLAN, {}, "m")

    assert proposals["rank"].tolist() == PLAN["rank"].tolist()
    assert set(proposals["ranked_by"]) == {"planner"}


@pytest.mark.parametrize("words", [*INJECTIONS, *HOSTILE_SENTENCES])
def test_hostile_text_anywhere_in_an_answer_voids_it_and_is_not_repeated(words: str) -> None:
    plain = {"ranking": [{"id": slot_id, "codes": []} for slot_id in ("s3", "s2", "s1")]}
    first, *rest = plain["ranking"]
    hostile: list[Any] = [
        words,
        {**plain, "message": words},
        {**plain, words: []},
        {"ranking": words},
        {"ranking": [{**first, "reason": words}, *rest]},
        {"ranking": [{**first, "id": words}, *rest]},
        {"ranking": [{**first, "codes": words}, *rest]},
        {"ranking": [{**first, "codes": [words]}, *rest]},
        {"ranking": [{**first, "codes": ["same_instructor", words]}, *rest]},
        {"ranking": [*plain["ranking"], words]},
    ]
    for data in hostile:
        with pytest.raises(RankingError) as error:
            validate_ranking(QUESTION, json.dumps(data))
        assert words not in str(error.value)


def test_of_each_slot_exactly_the_codes_count_that_are_true_of_it() -> None:
    for slot_id, true in TRUE.items():
        for code in ALL:
            text = answer([code], ids=[slot_id, *(other for other in IDS if other != slot_id)])
            if code in true:
                validate_ranking(QUESTION, text)
            else:
                with pytest.raises(RankingError, match=f"{code} is not true"):
                    validate_ranking(QUESTION, text)


def test_the_main_reasons_come_before_the_facts() -> None:
    found = validate_ranking(QUESTION, answer(["earliest", "time_asked_for", "same_instructor"], ["same_aircraft"]))

    told = apply_ranking(PLAN, {QUESTION.booking_id: found}, "m")["reason"].tolist()

    planned = [str(PLAN.at[slot.row, "reason"]) for slot in found.slots]
    assert told == [
        "Main reasons: the earliest of these times, the time of day asked for and the same instructor. " + planned[0],
        "Main reasons: the same aircraft. " + planned[1],
        planned[2],
    ]
