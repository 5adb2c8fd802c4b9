"""Settings of a school in its file: the altitudes of its lessons, and what their slots can become."""

from datetime import timedelta

from sqlalchemy import Engine

from flightsched_pipelines.database.queries.schedule.bookings import bookings
from flightsched_pipelines_tests.integration.imports.helpers import NOW, bring, refused, rows

HEADER = "id,name,base_airport,slot_kept_as,pattern_altitude_ft,local_altitude_ft\n"
STORED = "SELECT slot_kept_as, pattern_altitude_ft, local_altitude_ft, cross_country_altitude_ft FROM school.schools"
TIMES = "2026-12-03T09:00-08:00,2026-12-03T11:00-08:00"


def test_a_school_sets_its_altitudes_and_an_empty_cell_leaves_them(school: Engine) -> None:
    ((key, name),) = rows(school, "SELECT external_id, name FROM school.schools")
    assert bring(school, "schools", f"{HEADER}{key},{name},KPAO,both,800,4500\n").changed == 1
    assert rows(school, STORED) == [("both", 800.0, 4500.0, None)]
    assert bring(school, "schools", f"{HEADER}{key},{name},KPAO,,,\n").unchanged == 1
    assert rows(school, STORED) == [("both", 800.0, 4500.0, None)]

    header = "id,student,instructor,aircraft,lesson_kind,solo,starts_at,ends_at\n"
    bring(school, "bookings", f"{header}A-1,S-1,I-1,N101RW,local,no,{TIMES}\n")
    found = bookings(school, NOW, NOW + timedelta(days=5), NOW)
    assert set(found.loc[found["lesson_kind"] == "local", "highest_ft"]) == {4500.0}
    assert found.loc[found["lesson_kind"] == "cross_country", "highest_ft"].isna().all()


def test_an_altitude_that_is_none_is_refused_with_the_bounds(school: Engine) -> None:
    assert refused(school, "schools", f"{HEADER}x,X,KPAO,,40000,\n") == [
        "line 2: pattern_altitude_ft is '40000'; give a number from 300 to 18,000 ft"
    ]


def test_what_a_missed_move_costs_is_the_schools_own(school: Engine) -> None:
    ((key, name),) = rows(school, "SELECT external_id, name FROM school.schools")
    header, cost = "id,name,base_airport,missed_move_cost\n", "SELECT missed_move_cost FROM school.schools"
    assert rows(school, cost) == [(2.0,)]
    bring(school, "schools", f"{header}{key},{name},KPAO,5\n")
    bring(school, "schools", f"{header}{key},{name},KPAO,\n")
    assert rows(school, cost) == [(5.0,)]
    assert refused(school, "schools", f"{header}{key},{name},KPAO,0\n") == [
        "line 2: missed_move_cost is '0'; give a number from 0.01 to 100"
    ]
