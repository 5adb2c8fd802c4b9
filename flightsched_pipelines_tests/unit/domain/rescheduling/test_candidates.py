"""Candidates: each constraint removes exactly what it forbids."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from flightsched_pipelines.domain.rescheduling.rules import SchedulingRules
from flightsched_pipelines.domain.rescheduling.search.candidates import CANDIDATE_COLUMNS
from flightsched_pipelines_tests.unit.domain.rescheduling.builders import (
    AIRCRAFT,
    ALL_STARTS,
    CLOSES,
    INSTRUCTOR,
    LOST,
    NOW,
    OPEN_DAY,
    OPENS,
    STUDENT,
    School,
    at,
    booking,
    fine_day,
    forecast,
    period,
)

OTHER_STUDENT, OTHER_INSTRUCTOR, OTHER_AIRCRAFT = 6, 12, 22
ONCE = {"instructor": INSTRUCTOR, "aircraft": AIRCRAFT, "student": STUDENT}
HALF_HOUR = timedelta(minutes=30)


def test_a_free_day_offers_every_half_hour_that_leaves_time_for_the_whole_lesson() -> None:
    assert School().starts() == ALL_STARTS


def test_candidates_name_instructor_and_aircraft_and_have_their_declared_types() -> None:
    candidates = School().search().candidates
    assert dict(candidates.dtypes.astype("str")) == dict(CANDIDATE_COLUMNS)
    assert set(candidates["instructor_id"]) == {INSTRUCTOR}
    assert set(candidates["aircraft_id"]) == {AIRCRAFT}
    assert candidates["slot"].tolist() == list(range(1, 12))
    assert candidates["score"].is_monotonic_increasing


@pytest.mark.parametrize("resource", ["school", "student", "instructor", "aircraft"])
def test_nothing_is_offered_outside_the_availability_of(resource: str) -> None:
    shorter = tuple(row | {"ends_at_utc": at(20)} if row["resource"] == resource else row for row in OPEN_DAY)
    assert School(availability=shorter).starts() == [start for start in ALL_STARTS if start <= at(19)]


@pytest.mark.parametrize(
    ("resource", "reason"),
    [
        ("school", "school closed"),
        ("student", "student not available"),
        ("instructor", "no instructor"),
        ("aircraft", "no aircraft"),
    ],
)
def test_what_has_no_availability_on_record_cannot_be_used(resource: str, reason: str) -> None:
    assert School().without(resource).why_not() == reason


def test_a_lesson_needs_one_opening_that_holds_it_whole() -> None:
    mornings = period("school", 1, OPENS, at(18)), period("school", 1, at(18, 30), CLOSES)
    closed_at_lunch = School().without("school").also(availability=mornings)
    assert at(17, 30) not in closed_at_lunch.starts()
    assert {at(17), at(18, 30)} <= set(closed_at_lunch.starts())


def test_openings_that_touch_are_one() -> None:
    halves = period("school", 1, OPENS, at(18)), period("school", 1, at(18), CLOSES)
    assert School().without("school").also(availability=halves).starts() == ALL_STARTS


@pytest.mark.parametrize("resource", ["student", "instructor", "aircraft"])
def test_another_lesson_blocks_its_time_and_the_buffer_around_it_for(resource: str) -> None:
    elsewhere = {"student": OTHER_STUDENT, "instructor": OTHER_INSTRUCTOR, "aircraft": OTHER_AIRCRAFT}
    others = {f"{kind}_id": (ONCE if kind == resource else elsewhere)[kind] for kind in ONCE}
    taken = School().also(booking(2, at(18), **others))
    assert taken.starts() == [at(16), at(16, 30), at(19, 30), at(20), at(20, 30), at(21)]


def test_a_lesson_off_the_quarter_hour_blocks_outward() -> None:
    taken = School().also(booking(2, at(18, 5), minutes=37, student_id=OTHER_STUDENT))
    assert taken.starts() == [at(16), at(16, 30), at(19), at(19, 30), at(20), at(20, 30), at(21)]


def test_a_lesson_of_odd_length_keeps_it() -> None:
    odd = School(bookings=(booking(1, NOW + timedelta(hours=8), minutes=70),))
    candidates = odd.search().candidates
    assert set(candidates["ends_at_utc"] - candidates["starts_at_utc"]) == {timedelta(minutes=70)}
    assert odd.starts()[-1] == at(20, 30)


def test_a_cancelled_lesson_blocks_nothing() -> None:
    assert School().also(booking(2, at(18), status="cancelled")).starts() == ALL_STARTS


def test_a_lesson_of_unknown_status_blocks() -> None:
    assert at(18) not in School().also(booking(2, at(18), status=None)).starts()


def test_a_lesson_does_not_block_itself_and_its_present_time_is_no_candidate() -> None:
    today = School(bookings=(booking(1, at(18)),))
    assert today.starts() == [start for start in ALL_STARTS if start != at(18)]


def test_a_threatened_lesson_blocks_others_where_it_stands() -> None:
    both = School().also(booking(2, at(18), student_id=OTHER_STUDENT))
    candidates = both.search(1, 2).candidates
    assert at(18) not in set(candidates.loc[candidates["booking_id"] == 1, "starts_at_utc"])


def test_people_get_their_hours_of_notice() -> None:
    assert School(now=OPENS - timedelta(hours=4)).starts() == [start for start in ALL_STARTS if start >= at(18)]


def test_notice_is_counted_to_the_minute() -> None:
    assert School(now=OPENS - timedelta(hours=6) + timedelta(minutes=1)).starts()[0] == at(16, 30)


def test_nothing_is_offered_beyond_the_horizon() -> None:
    far = School(now=at(18) - timedelta(days=14), bookings=(booking(1, at(12) - timedelta(days=13)),))
    assert far.starts() == [start for start in ALL_STARTS if start <= at(18)]


def test_an_instructor_may_only_teach_the_levels_on_record() -> None:
    other = period("instructor", OTHER_INSTRUCTOR, may_teach=["private_pilot"])
    assert School().without("instructor").also(availability=[other]).why_not() == "no instructor"


def test_another_qualified_instructor_of_the_school_stands_in() -> None:
    other = period("instructor", OTHER_INSTRUCTOR, may_teach=["student_pilot"])
    candidates = School().without("instructor").also(availability=[other]).search().candidates
    assert set(candidates["instructor_id"]) == {OTHER_INSTRUCTOR}
    assert not candidates["same_instructor"].any()


@pytest.mark.parametrize("resource", ["instructor", "aircraft"])
def test_what_belongs_to_another_school_is_not_offered(resource: str) -> None:
    theirs = period(resource, ONCE[resource], school_id=2)
    assert School().without(resource).also(availability=[theirs]).search().candidates.empty


def test_an_aircraft_of_another_type_is_not_offered() -> None:
    other = period("aircraft", OTHER_AIRCRAFT, aircraft_type="PA-28-181")
    assert School().without("aircraft").also(availability=[other]).why_not() == "no aircraft"


def test_another_aircraft_of_the_type_stands_in_and_costs_a_little() -> None:
    choice = School().also(availability=[period("aircraft", OTHER_AIRCRAFT)]).search().candidates
    costs = choice[choice["starts_at_utc"] == at(16)].set_index("aircraft_id")["score"]
    assert costs[OTHER_AIRCRAFT] == pytest.approx(costs[AIRCRAFT] + 0.5)


def test_an_aircraft_whose_type_is_not_on_record_is_offered_only_to_its_own_lesson() -> None:
    nameless = period("aircraft", OTHER_AIRCRAFT, aircraft_type=None)
    lesson = booking(1, NOW + timedelta(hours=8), aircraft_type=None)
    school = School(bookings=(lesson,)).without("aircraft").also(availability=[nameless])
    assert school.why_not() == "no aircraft"
    own = School(bookings=(lesson | {"aircraft_id": OTHER_AIRCRAFT},)).without("aircraft")
    assert own.also(availability=[nameless]).starts() == ALL_STARTS


def test_a_solo_flight_needs_no_instructor() -> None:
    solo = School(bookings=(LOST | {"solo": True, "instructor_id": None},)).without("instructor")
    candidates = solo.search().candidates
    assert candidates["instructor_id"].isna().all()
    assert candidates["same_instructor"].all()


def test_duty_hours_count_what_was_taught_in_any_24_hours() -> None:
    night = booking(2, at(8, 30), minutes=450, student_id=OTHER_STUDENT, aircraft_id=OTHER_AIRCRAFT)
    rested = night | {"starts_at_utc": at(9), "booking_id": 2, "ends_at_utc": at(15, 30)}
    assert School().also(night).why_not() == "no instructor"
    assert School().also(rested).starts() == ALL_STARTS


def test_duty_hours_look_ahead_too() -> None:
    evening = booking(2, at(22, 30), minutes=450, student_id=OTHER_STUDENT, aircraft_id=OTHER_AIRCRAFT)
    assert School().also(evening).why_not() == "no instructor"


def test_duty_hours_of_yesterday_wear_off() -> None:
    yesterday = booking(2, at(9) - timedelta(days=1), minutes=480, student_id=OTHER_STUDENT)
    assert School().also(yesterday).starts() == [start for start in ALL_STARTS if start >= at(16)]


def test_solo_flights_do_not_count_as_duty() -> None:
    morning = booking(2, at(8), minutes=460, student_id=OTHER_STUDENT, aircraft_id=OTHER_AIRCRAFT)
    assert School().also(morning).why_not() == "no instructor"
    assert School().also(morning | {"solo": True}).starts() == ALL_STARTS


def test_a_lesson_longer_than_a_days_duty_has_no_instructor() -> None:
    short = SchedulingRules(duty_hours_per_24h=0.5)
    assert School(rules=short).why_not() == "no instructor"


def test_a_forecast_below_the_minimums_takes_the_slot() -> None:
    fog = forecast(at(18), visibility_sm=0.25, visibility_at_least=False)
    foggy = School(forecasts=(*(row for row in fine_day() if row["hour_utc"] != at(18)), fog))
    assert not {at(17), at(17, 30), at(18), at(18, 30), at(19)} & set(foggy.starts())
    assert {at(16), at(20)} <= set(foggy.starts())


def test_bad_weather_all_day_is_the_reason() -> None:
    assert School(forecasts=tuple(fine_day(visibility_sm=0.25))).why_not() == "no weather"


def test_the_whole_route_is_held_against_the_forecast() -> None:
    fog_there = fine_day("KLVK", visibility_sm=0.25)
    trip = School(bookings=(LOST | {"lesson_kind": "cross_country", "route": ["KLVK"]},))
    assert trip.also(forecasts=fog_there).why_not() == "no weather"
    assert trip.also(forecasts=fine_day("KLVK")).starts() == ALL_STARTS


def test_a_time_that_no_forecast_reaches_is_offered_and_ranks_lower() -> None:
    known = [row for row in fine_day() if row["hour_utc"] < at(20)]
    candidates = School(forecasts=tuple(known)).search().candidates
    verdicts = candidates.set_index("starts_at_utc")["verdict"].sort_index()
    assert verdicts.loc[at(16)] == "ok"
    assert verdicts.loc[at(20)] == "unforecast"
    assert candidates["verdict"].tolist() == sorted(candidates["verdict"])
    assert candidates.loc[candidates["verdict"] == "unforecast", "margin"].isna().all()


def test_without_any_forecast_every_time_is_unforecast() -> None:
    candidates = School(forecasts=()).search().candidates
    assert set(candidates["verdict"]) == {"unforecast"}


def test_a_solo_student_is_down_an_hour_before_sunset_also_where_no_forecast_reaches() -> None:
    solo = School(bookings=(LOST | {"solo": True, "instructor_id": None},), sunset=timedelta(hours=21), forecasts=())
    assert solo.starts() == [start for start in ALL_STARTS if start <= at(19)]


def test_a_school_that_opens_in_the_dark_offers_no_daylight() -> None:
    solo = School(bookings=(LOST | {"solo": True, "instructor_id": None},), sunset=timedelta(hours=16))
    assert solo.why_not() == "no daylight"


def test_no_day_takes_all_the_candidates() -> None:
    week = [
        row | {edge: row[edge] + timedelta(days=day) for edge in ("starts_at_utc", "ends_at_utc")}
        for row in OPEN_DAY
        for day in range(7)
    ]
    candidates = School(availability=tuple(week), rules=SchedulingRules(per_booking=28)).search().candidates
    assert len(candidates) == 28
    assert candidates["starts_at_utc"].dt.date.value_counts().max() == 4


def test_the_usual_instructor_hour_and_weekday_are_worth_waiting_for() -> None:
    monday = LOST | {"starts_at_utc": at(18) - timedelta(days=1), "ends_at_utc": at(19) - timedelta(days=1)}
    best = School(bookings=(monday,)).search().candidates.iloc[0]
    assert best["starts_at_utc"] == at(18)
    assert best["minutes_moved"] == 24 * 60


def test_the_grid_is_the_local_clock() -> None:
    far = ZoneInfo("Asia/Kathmandu")
    abroad = School(bookings=(LOST | {"time_zone": far.key},)).starts()
    assert {start.astimezone(far).minute for start in abroad} == {0, 30}
    assert abroad[0] == at(16, 15)


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        (datetime(2026, 3, 6, 12, tzinfo=UTC), datetime(2026, 3, 8, 16, tzinfo=UTC)),
        (datetime(2026, 10, 30, 12, tzinfo=UTC), datetime(2026, 11, 1, 17, tzinfo=UTC)),
        (datetime(2028, 2, 27, 12, tzinfo=UTC), datetime(2028, 2, 29, 17, tzinfo=UTC)),
        (datetime(2026, 12, 30, 12, tzinfo=UTC), datetime(2027, 1, 1, 17, tzinfo=UTC)),
    ],
    ids=["spring forward", "fall back", "leap day", "turn of the year"],
)
def test_the_same_local_hour_costs_nothing_extra_across(now: datetime, opens: datetime) -> None:
    zone = ZoneInfo("America/Los_Angeles")
    nine_before = datetime.combine(now.astimezone(zone).date(), opens.astimezone(zone).time(), tzinfo=zone)
    lesson = booking(1, nine_before.astimezone(UTC))
    moved = [row | {"starts_at_utc": opens, "ends_at_utc": opens + timedelta(hours=6)} for row in OPEN_DAY]
    best = School(bookings=(lesson,), availability=tuple(moved), now=now, forecasts=()).search().candidates
    assert opens in set(best["starts_at_utc"])
    same_hour = best.set_index("starts_at_utc")["score"].loc[opens]
    days = (opens - nine_before).total_seconds() / 86_400
    assert same_hour == pytest.approx(4 + days + 0.25 + 0.5, abs=1e-5)


def test_candidates_do_not_depend_on_the_order_of_rows() -> None:
    school = School().also(
        booking(2, at(18), student_id=OTHER_STUDENT),
        availability=[period("instructor", OTHER_INSTRUCTOR), period("aircraft", OTHER_AIRCRAFT)],
    )
    reversed_rows = school.but(bookings=school.bookings[::-1], availability=school.availability[::-1])
    first, second = school.search(1, 2).candidates, reversed_rows.search(1, 2).candidates
    assert first.equals(second)


def test_nothing_threatened_finds_nothing() -> None:
    search = School(bookings=(booking(2, at(18)),)).search()
    assert search.candidates.empty
    assert search.unplaceable.empty


@pytest.mark.parametrize(
    "numbers",
    [
        {"step_minutes": 20},
        {"buffer_minutes": -1},
        {"earliest_hours": -1},
        {"per_booking": 0},
        {"horizon_days": 0},
        {"duty_hours_per_24h": 25},
    ],
)
def test_rules_that_no_schedule_can_follow_are_refused(numbers: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(numbers))):
        SchedulingRules(**numbers)
