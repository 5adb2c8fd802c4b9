"""A breach in words."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsched_pipelines.domain.risk.breach_text import (
    Breach,
    breach_brief,
    breach_sentence,
    difference,
    forecast_value,
    limit_words,
)
from flightsched_pipelines.formatting import format_quantity
from flightsched_pipelines_tests.examples import examples

LA = "America/Los_Angeles"
WHERE = "KPAO, Tue 24 Nov 09:00–10:00 PST"


def breach(**facts: Any) -> Breach:
    given = {
        "rule": "visibility", "value": 0.5, "limit": 3.0, "by": 2.5, "unit": "SM", "hazard": None, "airport": "KPAO",
        "from_utc": datetime(2026, 11, 24, 17, tzinfo=UTC), "to_utc": datetime(2026, 11, 24, 18, tzinfo=UTC),
        "temporary": False,
    }  # fmt: skip
    return Breach.model_validate(given | facts)


def hazard(rule: str = "thunderstorm", codes: str = "TS CB", **facts: Any) -> Breach:
    return breach(rule=rule, value=None, limit=None, by=None, unit=None, hazard=codes, **facts)


def wind(**facts: Any) -> Breach:
    return breach(**({"rule": "crosswind", "value": 14.0, "limit": 8.0, "by": 6.0, "unit": "kt"} | facts))


def dark(value: float, limit: float, where: str = "sunset") -> Breach:
    return breach(rule="daylight", value=value, limit=limit, by=limit - value, unit="min", hazard=where)


def missing(lacks: str, **facts: Any) -> Breach:
    return hazard("forecast", lacks, **facts)


OWN = breach(value=6.0, limit=None, by=None, authority="student")
"""A breach of a student's own limit as analysts have it."""
OWN_DARK = breach(
    rule="daylight", value=34.6, limit=None, by=None, unit="min", hazard="sunset", authority="student"
)  # fmt: skip

SENTENCES = [
    (breach(), f"Visibility 1/2 SM, 2 1/2 SM below the school's minimum of 3 SM: {WHERE}."),
    (breach(value=3.0, by=0.0), f"Visibility 3 SM, only the school's minimum of 3 SM, and must be more: {WHERE}."),
    (
        breach(value=6.0, limit=7.0, by=1.0, at_least=True),
        f"Visibility more than 6 SM, up to 1 SM below the school's minimum of 7 SM: {WHERE}.",
    ),
    (breach(temporary=True), f"Visibility at times 1/2 SM, 2 1/2 SM below the school's minimum of 3 SM: {WHERE}."),
    (
        breach(authority="regulation", reference="14 CFR 91.155"),
        f"Visibility 1/2 SM, 2 1/2 SM below the minimum of 3 SM in 14 CFR 91.155: {WHERE}.",
    ),
    (
        breach(rule="ceiling", value=550.0, limit=600.0, by=50.0, unit="ft", authority="field",
               reference="approach minimum of KPAO"),
        f"Ceiling 550 ft, 50 ft below the approach minimum of KPAO, 600 ft: {WHERE}.",
    ),
    (wind(), f"Crosswind 14 kt, 6 kt above the school's maximum of 8 kt: {WHERE}."),
    (wind(value=8.0, by=0.0), f"Crosswind 8 kt, only the school's maximum of 8 kt, and must be less: {WHERE}."),
    (wind(value=8.3, by=0.3), f"Crosswind 8.3 kt, 0.3 kt above the school's maximum of 8 kt: {WHERE}."),
    (wind(value=8.01, by=0.01), f"Crosswind 8 kt, just above the school's maximum of 8 kt: {WHERE}."),
    (
        wind(rule="aircraft_crosswind", authority="regulation", reference="POH"),
        f"Crosswind 14 kt, 6 kt above the aircraft's demonstrated crosswind of 8 kt: {WHERE}.",
    ),
    (hazard(), f"Convection (TS, CB) forecast; the school's minimums allow none: {WHERE}."),
    (hazard(temporary=True), f"Convection (TS, CB) forecast at times; the school's minimums allow none: {WHERE}."),
    (
        hazard("icing", "moisture below freezing"),
        f"Icing (moisture below freezing) forecast; the school's minimums allow none: {WHERE}.",
    ),
    (dark(34.6, 60.0), "Landing at KPAO 34 min before sunset; the school's minimum is 60 min before sunset."),
    (dark(-0.4, 0.0), "Landing at KPAO 1 min after sunset; the school's minimums allow daylight only."),
    (dark(-40.0, -30.0), "Landing at KPAO 40 min after sunset; the school's minimum is 30 min after sunset."),
    (
        dark(-12.0, 60.0, "before sunrise"),
        "Departure from KPAO 12 min before sunrise; the school's minimums allow daylight only.",
    ),
    (OWN, f"Visibility 6 SM, below the student's own limit: {WHERE}."),
    (
        breach(value=6.0, limit=7.0, by=1.0, authority="student"),
        f"Visibility 6 SM, 1 SM below the student's own minimum of 7 SM: {WHERE}.",
    ),
    (
        wind(limit=None, by=None, authority="student", temporary=True),
        f"Crosswind at times 14 kt, above the student's own limit: {WHERE}.",
    ),
    (
        hazard(authority="student"),
        f"Convection (TS, CB) forecast; the student's own limits allow none: {WHERE}.",
    ),
    (OWN_DARK, "Landing at KPAO 34 min before sunset; the student's own limit asks for more daylight."),
    (missing("no forecast"), "No forecast reaches KPAO for Tue 24 Nov 09:00 PST."),
    (missing("wind, thunderstorm"), "The forecast for KPAO lacks, from Tue 24 Nov 09:00 PST: wind, thunderstorms."),
    (missing("sunset"), "Sunrise and sunset at KPAO are not known for Tue 24 Nov 09:00 PST."),
    (missing("minimums"), "No minimums are on record for this lesson."),
    (
        missing("a row that cannot be read", reference="row 41, unit: '{NM}' is not a unit"),
        "A row that it depends on cannot be read, and must be mended: row 41, unit: '{NM}' is not a unit.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("found", "words"), SENTENCES, ids=[words[:60] for _, words in SENTENCES])
def test_a_breach_is_a_sentence(found: Breach, words: str) -> None:
    assert breach_sentence(found, LA) == words


def test_an_explanation_adds_for_whom_the_limit_is_and_whose_the_report() -> None:
    words = breach_sentence(breach(), LA, pilots="student pilots", source="METAR of KPAO")
    assert words == (
        f"Visibility 1/2 SM, 2 1/2 SM below the school's minimum of 3 SM for student pilots: {WHERE} (METAR of KPAO)."
    )


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (breach(), "visibility 1/2 SM, minimum 3 SM"),
        (breach(value=6.0, limit=7.0, at_least=True), "visibility more than 6 SM, minimum 7 SM"),
        (wind(), "crosswind 14 kt, maximum 8 kt"),
        (hazard(), "Convection (TS, CB)"),
        (dark(-12.0, 30.0), "landing 12 min after sunset"),
        (dark(-12.0, 30.0, "before sunrise"), "departure 12 min before sunrise"),
        (OWN, "visibility 6 SM, below the student's own limit"),
        (OWN_DARK, "landing 34 min before sunset"),
        (missing("no forecast"), "weather not known"),
    ],
)
def test_a_breach_in_a_few_words(found: Breach, words: str) -> None:
    assert breach_brief(found) == words


@pytest.mark.parametrize(
    ("found", "value", "limit", "by"),
    [
        (breach(), "1/2 SM", "at least 3 SM", "2 1/2 SM below"),
        (breach(value=3.0, by=0.0), "3 SM", "more than 3 SM", "at the limit"),
        (wind(temporary=True), "at times 14 kt", "at most 8 kt", "6 kt above"),
        (hazard(), "forecast", "none allowed", ""),
        (OWN, "6 SM", "the student's own limit", ""),
        (OWN_DARK, "34 min before sunset", "the student's own limit", ""),
        (dark(-12.0, 30.0), "12 min after sunset", "30 min before sunset", ""),
        (missing("wind"), "cannot be read", "a forecast", ""),
    ],
)
def test_a_breach_in_the_columns_of_a_mail(found: Breach, value: str, limit: str, by: str) -> None:
    assert (forecast_value(found), limit_words(found), difference(found)) == (value, limit, by)


@examples(500, "few rules, units and bounds, each drawn often")
@given(st.sampled_from([("visibility", "SM", -1), ("ceiling", "ft", -1), ("wind", "kt", 1)]),
       st.integers(1, 40), st.floats(1e-6, 0.9))  # fmt: skip
def test_a_limit_that_is_missed_by_little_is_never_told_as_missed_by_nothing(
    of: tuple[str, str, int], limit: int, by: float
) -> None:
    rule, unit, side = of
    found = breach(rule=rule, unit=unit, limit=float(limit), value=limit + side * by, by=by)
    words = breach_sentence(found, LA)
    assert " 0 " not in words.split(" the school's")[0].replace(f"{format_quantity(limit + side * by, unit)},", "")
    assert f"the school's {'minimum' if side < 0 else 'maximum'} of {format_quantity(limit, unit)}" in words
