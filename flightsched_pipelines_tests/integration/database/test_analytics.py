"""The analysts' views: described, without personal data, read by their role alone, and correct."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from flightsched_pipelines.database import analyst_role, migrations
from flightsched_pipelines.database.engine import connect
from flightsched_pipelines.domain.cases.lifecycle import CASE_EVENTS, CaseState
from flightsched_pipelines_tests.conftest import SEED_HOUR, settings_for
from flightsched_pipelines_tests.integration.database.conftest import HOUR, MOVED, PRIVATE, ask, run

QUESTIONS = Path(__file__).parents[3] / "docs" / "reference" / "analytics.md"
PERSONAL = re.compile(r"name|mail|phone|tail|note|message|address|student_id|instructor_id|person|why|reason|payload")


COLUMNS = (
    "SELECT c.relname AS view, a.attname AS column, col_description(c.oid, a.attnum) AS comment, "
    "obj_description(c.oid) AS of_view FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 "
    "WHERE c.relnamespace = 'analytics'::regnamespace AND c.relkind IN ('v', 'm', 'r')"
)


def test_every_view_and_column_says_what_it_means_and_names_nobody(engine: Engine) -> None:
    columns = ask(engine, COLUMNS)
    assert {row["view"] for row in columns} >= {"cases", "case_steps", "outcomes_by_hour", "weather_loss"}
    assert [row for row in columns if not row["comment"] or not row["of_view"]] == []
    assert [row for row in columns if PERSONAL.search(row["column"])] == []


def test_no_view_tells_a_persons_words(lived_in: Engine) -> None:
    people = ask(
        lived_in,
        "SELECT name AS word FROM school.students UNION SELECT name FROM school.instructors UNION SELECT email FROM "
        "school.students UNION SELECT email FROM school.instructors UNION SELECT phone FROM school.students UNION "
        "SELECT tail_number FROM school.aircraft UNION SELECT note FROM school.student_preferences",
    )
    views = {row["view"] for row in ask(lived_in, COLUMNS)}
    people.append({"word": PRIVATE})
    told = "".join(str(ask(lived_in, f"TABLE analytics.{view}")) for view in sorted(views))
    assert len(told) > 10_000
    assert [person["word"] for person in people if person["word"] and person["word"] in told] == []


def test_the_analyst_reads_the_views_and_nothing_else_and_writes_nothing(lived_in: Engine) -> None:
    readable = ask(
        lived_in,
        "SELECT n.nspname AS schema, c.relname AS name, has_schema_privilege('analyst', n.oid, 'USAGE') AND "
        "has_table_privilege('analyst', c.oid, 'SELECT') AS reads, has_table_privilege('analyst', c.oid, "
        "'INSERT, UPDATE, DELETE, TRUNCATE') AS writes FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relkind IN ('r', 'v', 'm', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')",
    )
    assert {row["schema"] for row in readable} >= {"school", "pipeline", "analytics"}
    assert [row for row in readable if row["reads"] != (row["schema"] == "analytics") or row["writes"]] == []
    with pytest.raises(Exception, match="permission denied for schema school"):
        ask(lived_in, "SELECT * FROM school.students", role="analyst")
    can_log_in = ask(lived_in, "SELECT rolcanlogin FROM pg_roles WHERE rolname = 'analyst'")
    assert can_log_in == [{"rolcanlogin": False}]


def test_a_view_that_comes_later_is_the_analysts_too(engine: Engine) -> None:
    run(engine, "CREATE VIEW analytics.later AS SELECT 1 AS one")
    assert ask(engine, "SELECT one FROM analytics.later", role="analyst") == [{"one": 1}]


def test_two_databases_of_a_server_that_are_upgraded_at_once_both_get_the_role(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analyst_role, "ROLE", "late_reader")
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'CREATE ROLE late_reader%' AND "
                   "wait_event_type = 'Lock'")  # fmt: skip
    try:
        with ThreadPoolExecutor(1) as hand, engine.connect() as other, engine.connect() as observer:
            other.execute(text("CREATE ROLE late_reader NOLOGIN"))
            upgraded = hand.submit(lambda: let_read(engine))
            while not observer.execute(waiting).scalar_one():
                observer.rollback()
            other.commit()
            assert upgraded.result() is None
        assert ask(engine, "SELECT * FROM analytics.cases", role="late_reader") == []
    finally:
        run(engine, "DROP OWNED BY late_reader; DROP ROLE late_reader")


def let_read(engine: Engine) -> str | None:
    with engine.begin() as connection:
        return analyst_role.grant_views(connection)


def test_an_upgrade_by_a_user_who_may_not_make_roles_says_what_is_left_to_do(
    database_url: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The role belongs to the server, which other tests use: one of another name stands in for it.
    monkeypatch.setattr(analyst_role, "ROLE", "reader")
    database = database_url.rpartition("/")[2]
    run(engine, "CREATE ROLE plain_user LOGIN PASSWORD 'plain'")
    run(engine, f'ALTER DATABASE "{database}" OWNER TO plain_user')
    run(engine, "GRANT EXECUTE ON FUNCTION pg_advisory_lock(bigint), pg_advisory_unlock(bigint) TO PUBLIC")
    try:
        plain = connect(
            settings_for(
                database_url=engine.url.set(username="plain_user", password="plain").render_as_string(
                    hide_password=False
                )
            )
        )
        migrations.downgrade(engine, "base")
        run(engine, "DROP TABLE alembic_version; GRANT ALL ON SCHEMA public TO plain_user")
        left = migrations.upgrade(plain)
        assert left is not None
        assert "CREATE ROLE reader NOLOGIN" in left
        assert migrations.status(plain).current == migrations.status(plain).newest
        run(engine, "CREATE ROLE reader NOLOGIN")
        left = migrations.upgrade(plain)
        assert left is not None
        statement = left.partition("`")[2].rstrip("`")
        assert statement == f'ALTER ROLE reader IN DATABASE "{database}" SET search_path = analytics'
        run(engine, statement)
        assert migrations.upgrade(plain) is None
        assert ask(engine, "SELECT * FROM analytics.cases", role="reader") == []
        plain.dispose()
    finally:
        run(engine, "DROP OWNED BY plain_user CASCADE; DROP ROLE IF EXISTS reader")
        run(engine, f'ALTER DATABASE "{database}" OWNER TO postgres; DROP ROLE plain_user')


def test_the_funnel_counts_each_case_once_and_every_case_ends_somewhere(lived_in: Engine) -> None:
    (funnel,) = ask(
        lived_in,
        "SELECT sum(conflicts_detected) AS detected, sum(proposed) AS proposed, sum(accepted) AS accepted, "
        "sum(confirmed) AS confirmed, sum(moved) AS moved, sum(cleared) AS cleared, sum(expired) AS expired, "
        "sum(kept) AS kept, sum(still_open) AS still_open, sum(declined) + sum(cancelled) AS other "
        "FROM analytics.outcomes_by_hour",
    )
    (total,) = ask(lived_in, "SELECT count(*) AS n FROM school.reschedule_cases")
    assert funnel["detected"] == total["n"] > 20
    ends = ("moved", "kept", "cleared", "expired", "still_open", "other")
    assert funnel["detected"] == sum(funnel[end] for end in ends)
    assert funnel["moved"] == funnel["confirmed"] == funnel["accepted"] == MOVED
    assert funnel["kept"] == 1
    assert funnel["cleared"] >= 4
    assert funnel["expired"] >= 4
    assert funnel["proposed"] <= funnel["detected"]


def test_times_are_counted_from_the_detection(lived_in: Engine) -> None:
    moved = ask(
        lived_in,
        "SELECT DISTINCT minutes_to_acceptance, minutes_to_confirmation, minutes_to_end FROM analytics.cases "
        "WHERE moved_at_utc IS NOT NULL",
    )
    assert moved == [{"minutes_to_acceptance": 20.0, "minutes_to_confirmation": 45.0, "minutes_to_end": 45.0}]


def test_every_case_has_its_cause_as_the_messages_have_it(lived_in: Engine) -> None:
    differ = ask(
        lived_in,
        "SELECT c.case_id FROM analytics.cases c LEFT JOIN pipeline.at_risk_bookings r ON r.booking_id = c.booking_id "
        "AND r.partition_hour = c.hour_utc AND r.rule = c.cause AND r.effect = 'block' WHERE r.rule IS NULL",
    )
    assert differ == []


def test_a_lesson_is_lost_when_its_newest_case_ended_without_a_move_and_it_is_not_back(lived_in: Engine) -> None:
    lost = text("SELECT sum(lessons_lost), sum(hours_lost) FROM analytics.weather_loss")
    expired = ask(lived_in, "SELECT booking_id, lesson_hours FROM analytics.cases WHERE state = 'expired'")
    hours = sum(row["lesson_hours"] for row in expired)
    back = text("UPDATE school.bookings SET status = 'scheduled' WHERE id = :id")
    with lived_in.connect() as connection:
        assert connection.execute(lost).one() == (len(expired), pytest.approx(hours))
        connection.execute(back, {"id": expired[0]["booking_id"]})
        assert connection.execute(lost).one() == (len(expired) - 1, pytest.approx(hours - expired[0]["lesson_hours"]))


def test_every_step_of_a_case_is_there_in_its_order(lived_in: Engine) -> None:
    steps = ask(
        lived_in,
        "SELECT array_agg(event ORDER BY step_id) AS events, max(minutes_since_detection) AS minutes FROM "
        "analytics.case_steps JOIN analytics.cases USING (case_id) WHERE state = 'rescheduled' GROUP BY case_id",
    )
    assert {(tuple(row["events"]), row["minutes"]) for row in steps} == {
        (("opened", "accepted", "confirmed", "moved"), 45.0)
    }


def test_the_comments_name_every_state_and_event(engine: Engine) -> None:
    comments = {(row["view"], row["column"]): row["comment"] for row in ask(engine, COLUMNS)}
    assert [state for state in CaseState if state not in comments["cases", "state"]] == []
    assert [event for event in CASE_EVENTS if event not in comments["case_steps", "event"]] == []


def test_local_hours_are_the_airports(lived_in: Engine) -> None:
    offsets = ask(
        lived_in,
        "SELECT DISTINCT time_zone, (lesson_starts_at_utc AT TIME ZONE 'UTC') - lesson_starts_at_local AS behind "
        "FROM analytics.cases",
    )
    assert {row["time_zone"]: row["behind"] for row in offsets} == {
        "America/Los_Angeles": timedelta(hours=8), "America/Denver": timedelta(hours=7),
    }  # fmt: skip


def test_what_an_hour_found_adds_up_to_its_lessons(lived_in: Engine) -> None:
    counted = ask(
        lived_in,
        "SELECT verdict, sum(lessons) AS lessons FROM analytics.lessons_at_risk WHERE hour_utc = :hour GROUP BY 1",
        hour=SEED_HOUR,
    )
    stored = ask(
        lived_in,
        "SELECT verdict, count(DISTINCT booking_id) AS lessons FROM pipeline.at_risk_bookings "
        "WHERE partition_hour = :hour GROUP BY 1",
        hour=SEED_HOUR,
    )
    assert {row["verdict"]: row["lessons"] for row in counted} == {row["verdict"]: row["lessons"] for row in stored}


def questions() -> dict[str, str]:
    """Return the example queries of the analysts' guide: question and SQL."""
    found = re.findall(r"^### \d\. (.+?)$.*?^```sql\n(.+?)^```", QUESTIONS.read_text(), re.MULTILINE | re.DOTALL)
    return dict(found)


def test_the_guide_has_five_questions_and_knows_every_view(engine: Engine) -> None:
    views = {row["view"] for row in ask(engine, COLUMNS)}
    listed = set(re.findall(r"^\| `(\w+)` \|", QUESTIONS.read_text(), re.MULTILINE))
    assert len(questions()) == 5
    assert listed == views


def test_each_worked_question_is_answered_to_the_analyst(lived_in: Engine) -> None:
    funnel, times, weather, hours, risk = (ask(lived_in, query, role="analyst") for query in questions().values())

    (stored,) = ask(
        lived_in, "SELECT count(*) AS cases, count(DISTINCT booking_id) AS lessons FROM school.reschedule_cases"
    )
    assert sum(row["detected"] for row in funnel) == stored["cases"]
    assert sum(row["moved"] for row in funnel) == MOVED
    assert {row["airport"] for row in funnel} >= {"KPAO", "KAPA"}

    assert sum(row["confirmed"] for row in times) == MOVED
    assert {row["median_minutes_to_acceptance"] for row in times} == {20.0}
    assert {row["p90_minutes_to_confirmation"] for row in times} == {45.0}

    lost = ask(lived_in, "SELECT sum(lesson_hours) AS hours FROM analytics.cases WHERE state = 'expired'")
    assert sum(row["hours_lost"] for row in weather) == pytest.approx(lost[0]["hours"])
    assert weather[0]["hours_lost"] > 0
    assert all(row["cause"] for row in weather)

    assert sum(row["lessons_threatened"] for row in hours) == stored["lessons"]
    assert [row["lesson_hour_local"] for row in hours] == sorted(row["lesson_hour_local"] for row in hours)
    assert all(6 <= row["lesson_hour_local"] <= 20 for row in hours), "schools are open by day"

    assert {row["hour_utc"] for row in risk} == {SEED_HOUR, SEED_HOUR + HOUR}
    assert all(row["lesson_hours"] > 0 for row in risk)
