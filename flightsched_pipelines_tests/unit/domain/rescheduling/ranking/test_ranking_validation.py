"""A response counts only if all of it is true of the request."""

import json
import re
from random import Random
from typing import Any

import pytest

from flightsched_pipelines.domain.rescheduling.ranking.apply_ranking import RANKED_COLUMNS, apply_ranking
from flightsched_pipelines.domain.rescheduling.ranking.ranking_validation import (
    Ranking,
    RankingError,
    response_schema,
    validate_ranking,
)
from flightsched_pipelines.domain.rescheduling.ranking.reason_codes import WORDS, ReasonCode
from flightsched_pipelines.domain.rescheduling.slot_descriptions import with_main_reasons
from flightsched_pipelines_tests.examples import TIMES
from flightsched_pipelines_tests.injections import INJECTIONS
from flightsched_pipelines_tests.servers.llm_answers import SPOILERS, good_answer
from flightsched_pipelines_tests.unit.domain.rescheduling.builders import School
from flightsched_pipelines_tests.unit.domain.rescheduling.ranking.test_ranking_request import ask

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


class Answers:
    """Draws answers from good ones to noise, the same from a seed: ten times as fast as a strategy of Hypothesis."""

    TEXTS = ("", "x" * 300, *HOSTILE_SENTENCES, *INJECTIONS[:-1])
    SLOTS = (*IDS, "s0", "s4", "S1", " s1", "1")
    LEAVES = (None, True, False, 0, -1, 10**30, 1.5, float("inf"), float("nan"))

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def one(self) -> str:
        """Draw an answer, each kind as often as the others."""
        kind = self.random.choice((self.good, self.nearly_good, self.shaped, self.anything, self.noise))
        return kind()

    def good(self) -> str:
        """Draw an answer whose slots and codes are right, in any order."""
        codes = [self.random.sample(TRUE_OF_ALL, self.random.randint(0, len(TRUE_OF_ALL))) for _ in IDS]
        return answer(*codes, ids=self.random.sample(IDS, len(IDS)))

    def nearly_good(self) -> str:
        """Draw an answer whose slots are right, with codes that may be untrue, unknown, too many or no codes."""
        return answer(*(self.codes() for _ in IDS), ids=self.random.sample(IDS, len(IDS)))

    def shaped(self) -> str:
        """Draw an answer of the right shape, with any slots."""
        items = [
            {"id": self.random.choice(self.SLOTS), "codes": self.codes() if self.random.random() < 0.8 else self.text()}
            for _ in range(self.random.randint(0, 4))
        ]
        return json.dumps({"ranking": items})

    def anything(self) -> str:
        """Draw JSON of any shape."""
        branch = self.branch()
        keys = self.random.sample(("ranking", "message", "id", "codes"), self.random.randint(0, 3))
        return json.dumps(branch if self.random.random() < 0.4 else {key: self.branch() for key in keys})

    def noise(self) -> str:
        """Draw text that is hardly ever JSON."""
        return self.text()

    def codes(self) -> list[str]:
        """Draw codes that exist, with texts among them now and then."""
        return [
            self.random.choice(ALL) if self.random.random() < 0.8 else self.text()
            for _ in range(self.random.randint(0, 4))
        ]

    def branch(self) -> object:
        """Draw a leaf, or a list of leaves."""
        leaves = [self.random.choice((*self.LEAVES, self.text())) for _ in range(self.random.randint(1, 3))]
        return leaves if self.random.random() < 0.5 else leaves[0]

    def text(self) -> str:
        """Draw a hostile text, or some characters of any plane."""
        if self.random.random() < 0.5:
            return self.random.choice(self.TEXTS)
        return "".join(
            chr(self.random.choice((32, 34, 91, 123, 0, 0xD800, 0x1F600)) + self.random.randint(0, 60))
            for _ in range(self.random.randint(0, 20))
        )


OUR_TEXT = re.compile(rf"(Main reasons: ({'|'.join(WORDS.values())}|, | and )+\. )?")


def test_an_answer_is_refused_or_gives_slots_that_were_offered_and_text_of_ours() -> None:
    counted = 0
    orders: dict[tuple[str, str], Ranking] = {}

    answers = Answers(seed=1)
    for _ in range(10_000 * TIMES):
        text = answers.one()
        try:
            found = validate_ranking(QUESTION, text)
        except RankingError:
            continue  # nothing of it counts: the planner's proposals stay
        counted += 1
        assert {id(slot) for slot in found.slots} == {id(slot) for slot in QUESTION.slots}, text
        orders[found.slots[0].slot_id, found.slots[1].slot_id] = found
        for slot, named in zip(found.slots, found.codes, strict=True):
            assert TRUE[slot.slot_id].issuperset(named), text
            planned = str(PLAN.at[slot.row, "reason"])
            reason = with_main_reasons([WORDS[code] for code in named], planned)
            assert reason.endswith(planned), text
            assert OUR_TEXT.fullmatch(reason.removesuffix(planned)), text
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
