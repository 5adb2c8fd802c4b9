"""Faults of what was entered, and of proposals."""

from collections.abc import Generator

from flightsched_pipelines_tests.integration.monitoring.builders import Watch
from flightsched_pipelines_tests.integration.monitoring.faults.fault import do, fault, run_hour


@fault("limits and settings entered wrongly", "at_risk_share_is_usual", "threatened_have_alternatives")
def _(watch: Watch) -> Generator[None]:
    change = "UPDATE school.weather_minimums SET limit_value = limit_value {} 10 WHERE rule = 'visibility'"
    usual = watch.settings
    do(watch, change.format("+"))
    watch.restart_with(lookahead_hours=24, reschedule_horizon_days=1, reschedule_earliest_hours=23)
    run_hour(watch)
    yield
    do(watch, change.format("-"))
    watch.settings = usual
    run_hour(watch)


@fault(
    "minimums that cannot be read, and looser ones, aircraft without an annual, and proposals that go missing",
    "rows_can_be_read", "minimums_are_not_loosened", "lessons_meet_requirements", "proposals_are_valid",
    "job/hourly_tick",
)  # fmt: skip
def _(watch: Watch) -> Generator[None]:
    minimum = (
        "INSERT INTO school.weather_minimums (school_id, authority, rule, comparison, limit_value, unit, effect, "
        "effective_from, reference) VALUES (1, 'school', 'wind', '<', {}, '{}', 'block', '2020-01-01', 'a fault')"
    )
    do(
        watch,
        "ALTER TABLE school.weather_minimums DROP CONSTRAINT weather_minimums_meaning_check",  # as a row from before
        minimum.format(9, "furlongs"),
        minimum.format(30, "m/s"),
        "INSERT INTO school.requirements (school_id, requirement, effect, reference) "
        "VALUES (2, 'annual', 'warn', 'a fault')",
        "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE TRIGGER lose BEFORE INSERT ON pipeline.reschedule_proposals FOR EACH ROW WHEN (NEW.rank = 1) "
        "EXECUTE FUNCTION lose()",
    )
    run_hour(watch)
    yield
    do(
        watch,
        "DELETE FROM school.weather_minimums WHERE reference = 'a fault'",
        "DELETE FROM school.requirements",
        "DROP FUNCTION lose CASCADE",
    )
    run_hour(watch)
