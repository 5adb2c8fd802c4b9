"""Faults of the platform: each is made to happen, told once, and resolved when it is over."""

from sqlalchemy import text

from flightsched_pipelines_tests.integration.alerts.watch import Watch


def change(watch: Watch, statement: str, **values: object) -> None:
    with watch.engine.begin() as connection:
        connection.execute(text(statement), values)


def test_a_platform_that_is_well_is_quiet(watch: Watch) -> None:
    found = watch.check_operations()
    assert [name for name, one in found.items() if not one.passed] == []
    assert watch.told() == []


def test_a_call_of_the_llm_that_fails_often_is_told_once_and_resolved(watch: Watch) -> None:
    change(
        watch,
        "INSERT INTO school.llm_calls (partition_hour, booking_id, question_digest, prompt_version, model, status, "
        "attempts, input_tokens, cached_tokens, output_tokens, cost_usd, latency_seconds) "
        "SELECT now(), n, n::text, 'v', 'm', 'server_error', 1, 0, 0, 0, 0, 1 FROM generate_series(1, 4) n",
    )
    found = watch.check_operations()
    assert not found["ai_rescheduler_errors"].passed
    assert watch.told() == ["llm opened"]
    watch.check_operations()
    assert watch.told() == []
    change(watch, "UPDATE school.llm_calls SET called_at = called_at - interval '7 hours'")
    watch.check_operations()
    assert watch.told() == ["llm resolved"]
