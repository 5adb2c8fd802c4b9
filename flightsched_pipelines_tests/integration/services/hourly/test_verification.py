"""Stored forecasts are compared with the METARs of the hour that followed, and again with the same result."""

from collections import Counter
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from sqlalchemy import Engine, text

from flightsched_pipelines.cli.reference import JSON_FIELDS
from flightsched_pipelines.database import migrations
from flightsched_pipelines.database.frames import PARTITION_HOUR, read_partition, write_partition
from flightsched_pipelines.database.queries.verification import verdict_counts
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.domain.risk.rules import RULE_BOOK
from flightsched_pipelines.domain.verification.suggestions import bias_interval
from flightsched_pipelines.domain.verification.track_record import UNOBSERVED_RULES
from flightsched_pipelines.reporting.verification.models import ForecastRecord
from flightsched_pipelines.services.hourly.verification import verify_forecasts, verify_verdicts
from flightsched_pipelines.services.monitoring.forecast_record import forecast_record
from flightsched_pipelines.services.verification import score_forecasts, score_verdicts
from flightsched_pipelines_tests.conftest import SEED_HOUR, settings_for
from flightsched_pipelines_tests.integration.frames import in_order

HOUR = timedelta(hours=1)
OBSERVED = SEED_HOUR + HOUR
VIEW = text("SELECT * FROM analytics.forecast_scores WHERE airport = :airport")
DAYLIGHT = text(
    "INSERT INTO school.weather_minimums (school_id, authority, rule, comparison, limit_value, unit, effect, "
    "effective_from, reference) SELECT id, 'school', 'daylight', '>=', 720, 'min', 'block', '2020-01-01', 'by noon' "
    "FROM school.schools"
)
"""No lesson begins so long before sunset."""
PAIR = text(
    "INSERT INTO pipeline.verdict_verification (partition_hour, booking_id, training_level, lead_hours, verdict, "
    "observed, cause) VALUES (:hour, :booking, 'student_pilot', 6, 'at_risk', 'at_risk', :cause)"
)
OBSERVATIONS = PIPELINE_TABLES["observations"]


def reports(engine: Engine, **facts: float) -> pd.DataFrame:
    """METARs of the hour after the seeded one, made of the seeded hour's."""
    taken = read_partition(engine, OBSERVATIONS, [SEED_HOUR]).drop_duplicates("airport")
    taken = taken.assign(hour_utc=pd.Timestamp(OBSERVED), issued_at_utc=pd.Timestamp(OBSERVED + 0.9 * HOUR))
    return taken.assign(**facts).drop(columns=PARTITION_HOUR)


def lesson_ahead(engine: Engine, least_hours: float = 0) -> tuple[int, Any]:
    """Return a lesson of the seeded hour with its verdict, at a lead that is verified, and the lead."""
    snapshot = read_partition(engine, PIPELINE_TABLES["booking_snapshot"], [SEED_HOUR])
    verdicts = read_partition(engine, PIPELINE_TABLES["lesson_verdicts"], [SEED_HOUR])
    lessons = snapshot.merge(verdicts, on=["partition_hour", "booking_id"])
    starts = lessons["starts_at_utc"].dt.floor("h")
    long = lessons["ends_at_utc"] >= starts + least_hours * HOUR
    lead = next(lead for lead in (1, 3, 6, 12, 24) if (long & (starts == SEED_HOUR + lead * HOUR)).any())
    return lead, lessons[long & (starts == SEED_HOUR + lead * HOUR)].iloc[0]


def fair_hours(engine: Engine, lesson: Any) -> tuple[pd.DataFrame, datetime]:
    """Return METARs of every hour of a lesson, and the hour in which it has ended with its buffer."""
    begins = lesson["starts_at_utc"].floor("h").to_pydatetime()
    ended = (lesson["ends_at_utc"] + 0.5 * HOUR).ceil("h").to_pydatetime()
    hours = [begins - HOUR + n * HOUR for n in range(int((ended - begins) / HOUR) + 1)]
    fair = reports(engine, visibility_sm=10.0)
    return pd.concat([fair.assign(hour_utc=pd.Timestamp(hour)) for hour in hours], ignore_index=True), ended


def test_an_hour_is_verified_by_the_reports_of_both_hours_in_which_they_came(ticked_engine: Engine) -> None:
    fair = reports(ticked_engine, visibility_sm=10.0)
    early = reports(ticked_engine, visibility_sm=0.5).assign(**{PARTITION_HOUR: pd.Timestamp(OBSERVED)})
    settings = settings_for()
    alone = verify_forecasts(ticked_engine, fair, OBSERVED + HOUR, settings)
    write_partition(ticked_engine, OBSERVATIONS, early, [OBSERVED])

    both = verify_forecasts(ticked_engine, fair, OBSERVED + HOUR, settings)

    below = both[(both["element"] == "visibility") & (both["threshold"] == 1.0)]
    assert set(alone["lead_hours"]) == {1}
    assert set(both["source"]) >= {"TAF", "OpenWeatherMap"}
    assert set(below["outcome"]) <= {"hit", "miss", "missing"}
    assert set(alone["outcome"]) >= {"correct_negative"}


def test_the_same_hour_has_the_same_rows_again_and_its_table_takes_them(ticked_engine: Engine) -> None:
    table, hour = PIPELINE_TABLES["forecast_verification"], OBSERVED + HOUR
    verified = [
        verify_forecasts(ticked_engine, reports(ticked_engine).sample(frac=1, random_state=seed), hour, settings_for())
        for seed in range(2)
    ]

    assert_frame_equal(verified[0], verified[1])
    marked = verified[0].assign(**{PARTITION_HOUR: pd.Timestamp(hour)})
    stored = write_partition(ticked_engine, table, marked, [hour])
    assert_frame_equal(in_order(stored), in_order(read_partition(ticked_engine, table, [hour])))
    assert len(stored) == len(verified[0]) > 0


def test_lessons_that_ended_have_their_verdicts_beside_what_was_observed(ticked_engine: Engine) -> None:
    """A lesson that began an hour after the seeded hour, and ended with its buffer in a later one."""
    lead, lesson = lesson_ahead(ticked_engine)
    taken, ended = fair_hours(ticked_engine, lesson)

    verified = verify_verdicts(ticked_engine, taken, ended, settings_for())
    unseen = verify_verdicts(ticked_engine, taken.iloc[:0], ended, settings_for())

    table = PIPELINE_TABLES["verdict_verification"]
    write_partition(ticked_engine, table, verified.assign(**{PARTITION_HOUR: pd.Timestamp(ended)}), [ended])
    scored = score_verdicts(ticked_engine, ended - HOUR, ended)
    assert {one.missed_move_cost for one in scored} == {2.0}
    assert {one.missed_move_cost for one in score_verdicts(ticked_engine, ended - HOUR, ended, 5.0)} == {5.0}
    with ticked_engine.begin() as connection:
        connection.execute(text("UPDATE school.schools SET missed_move_cost = 7 WHERE name = :name"),
                           {"name": scored[0].school})  # fmt: skip
    dearer = score_verdicts(ticked_engine, ended - HOUR, ended)
    assert {one.missed_move_cost for one in dearer if one.school == scored[0].school} == {7.0}
    assert sum(one.missing + (one.firm.cases if one.firm else 0) for one in scored) == len(verified)
    assert score_verdicts(ticked_engine, ended, ended + HOUR) == []

    own = verified[verified["booking_id"] == lesson["booking_id"]]
    assert own["lead_hours"].tolist() == [lead]
    assert own["verdict"].tolist() == [lesson["verdict"]]
    assert verified["school_id"].notna().all()
    assert (verified["cause"].isna() == (verified["verdict"] == "ok")).all()
    assert (verified["cause"].isna() == verified["cause_airport"].isna()).all()
    assert set(verified["observed"]) <= {"ok", "watch", "unknown", "at_risk"}
    assert set(unseen["observed"]) <= {"unknown", "at_risk"}
    assert set(own["observed"]) != {"unknown"}


def test_the_observed_verdict_is_that_of_whole_hours_without_rules_that_metars_cannot_show(
    ticked_engine: Engine,
) -> None:
    _, lesson = lesson_ahead(ticked_engine)
    taken, ended = fair_hours(ticked_engine, lesson)
    before = verify_verdicts(ticked_engine, taken, ended, settings_for())
    with ticked_engine.begin() as connection:
        connection.execute(DAYLIGHT)

    in_the_dark = verify_verdicts(ticked_engine, taken, ended, settings_for())
    lose_history(ticked_engine, ended, taken)
    incomplete = verify_verdicts(ticked_engine, taken, ended, settings_for())

    assert_frame_equal(in_the_dark, before)
    assert set(before["observed"]) & {"ok", "watch"}
    assert incomplete["observed"].tolist() == [
        "at_risk" if one == "at_risk" else "unknown" for one in before["observed"]
    ]


def test_an_event_that_a_lost_speci_may_have_had_is_missing(ticked_engine: Engine) -> None:
    fair = reports(ticked_engine, visibility_sm=2.0)
    hour = OBSERVED + HOUR
    whole = verify_forecasts(ticked_engine, fair, hour, settings_for())
    lose_history(ticked_engine, hour, fair)

    lost = verify_forecasts(ticked_engine, fair, hour, settings_for())

    def cases(frame: pd.DataFrame, *outcomes: str) -> int:
        return int(frame.loc[frame["outcome"].isin(outcomes), "cases"].sum())

    assert cases(whole, "false_alarm", "correct_negative") > 0
    assert cases(lost, "false_alarm", "correct_negative") == 0
    assert cases(lost, "hit", "miss") == cases(whole, "hit", "miss") > 0
    assert lost["cases"].sum() == whole["cases"].sum()


def test_a_lesson_that_was_moved_counts_once_at_a_lead(ticked_engine: Engine) -> None:
    """It had the lead in the seeded hour, and an hour later, when it began an hour later, again."""
    lead, lesson = lesson_ahead(ticked_engine, least_hours=1.5)
    taken, ended = fair_hours(ticked_engine, lesson)
    for name, change in (("booking_snapshot", {"starts_at_utc": lesson["starts_at_utc"].floor("h") + HOUR}),
                         ("lesson_verdicts", {"verdict": "watch"})):  # fmt: skip
        table = PIPELINE_TABLES[name]
        later = read_partition(ticked_engine, table, [SEED_HOUR], table.c.booking_id == int(lesson["booking_id"]))
        later = later.assign(partition_hour=pd.Timestamp(OBSERVED), **change)
        write_partition(ticked_engine, table, later, [OBSERVED])

    verified = verify_verdicts(ticked_engine, taken, ended, settings_for())

    own = verified[verified["booking_id"] == lesson["booking_id"]]
    assert list(zip(own["lead_hours"], own["verdict"], strict=True)) == [(lead, "watch")]


def test_the_analysts_view_of_verdicts_has_the_pairs_that_python_counts(ticked_engine: Engine) -> None:
    """One verdict of each rule as its gravest breach, and one without, all of which the METARs are below."""
    causes = [*RULE_BOOK, None]
    with ticked_engine.begin() as connection:
        connection.execute(PAIR, [{"hour": OBSERVED, "booking": n, "cause": one} for n, one in enumerate(causes)])
        of_view = connection.execute(text("SELECT cause, observed FROM analytics.verdict_scores")).all()
    counted = verdict_counts(ticked_engine, SEED_HOUR, OBSERVED)

    assert {cause for cause, observed in of_view if observed == "unknown"} == UNOBSERVED_RULES
    assert len(of_view) == len(causes)
    assert {row["observed"]: row["lessons"] for row in counted} == Counter(observed for _, observed in of_view)


def lose_history(engine: Engine, hour: datetime, taken: pd.DataFrame) -> None:
    """Store that the METARs of the hour before did not come."""
    failed = {
        "provider": "aviation_weather_center", "product": "metar_history", "request": "metar", "outcome": "timeout",
        "stations": sorted(set(taken["airport"].astype("str"))), "fetched_at_utc": pd.Timestamp(hour),
        PARTITION_HOUR: pd.Timestamp(hour), "error": "timed out",
    }  # fmt: skip
    table = PIPELINE_TABLES["raw_weather"]
    frame = read_partition(engine, table, [hour])
    write_partition(engine, table, pd.DataFrame([failed]).reindex(columns=frame.columns).astype(frame.dtypes), [hour])


def test_the_analysts_view_has_the_scores_that_python_computes(ticked_engine: Engine) -> None:
    table, hour = PIPELINE_TABLES["forecast_verification"], OBSERVED + HOUR
    verified = verify_forecasts(ticked_engine, reports(ticked_engine, ceiling_ft=900.0), hour, settings_for())
    write_partition(ticked_engine, table, verified.assign(**{PARTITION_HOUR: pd.Timestamp(hour)}), [hour])
    airport = verified["airports"].iloc[0][0]

    scored = score_forecasts(ticked_engine, OBSERVED, hour, airport)
    with ticked_engine.connect() as connection:
        rows = connection.execute(VIEW, {"airport": airport}).mappings().all()

    names = ("source", "element", "threshold", "part", "lead_hours")
    of_view = {tuple(row[name] for name in names): row for row in rows}
    assert of_view.keys() == {tuple(getattr(one, name) for name in names) for one in scored}
    assert any(one.counts.misses for one in scored)
    for one in scored:
        row = of_view[tuple(getattr(one, name) for name in names)]
        pod, far = one.scores.pod, one.scores.far
        expected = (pod.value, pod.low, pod.high, far.value, far.low, far.high, one.scores.csi.value, one.scores.bias)
        found = [row[name] for name in ("pod", "pod_low", "pod_high", "far", "far_low", "far_high", "csi", "bias")]
        assert found == pytest.approx(list(expected))
        assert [row["csi_low"], row["csi_high"]] == pytest.approx([one.scores.csi.low, one.scores.csi.high])
        wrong = one.counts.hits, one.counts.misses, one.counts.false_alarms
        events = one.counts.hits + one.counts.misses
        assert [row["bias_low"], row["bias_high"]] == (pytest.approx(bias_interval(*wrong)) if events else [None, None])
        assert row["brier"] == pytest.approx(one.brier and one.brier.score)
    assert tuple(asdict(scored[0])) == JSON_FIELDS["verify"][1]


def test_months_are_scored_apart(ticked_engine: Engine) -> None:
    table, hour = PIPELINE_TABLES["forecast_verification"], OBSERVED + HOUR
    verified = verify_forecasts(ticked_engine, reports(ticked_engine, ceiling_ft=900.0), hour, settings_for())
    for days in (0, 1, 31):
        later = pd.Timedelta(days=days)
        moved = verified.assign(hour_utc=verified["hour_utc"] + later, partition_hour=pd.Timestamp(hour) + later)
        write_partition(ticked_engine, table, moved, [hour + days * 24 * HOUR])
    period = OBSERVED, OBSERVED + 40 * 24 * HOUR

    whole, apart = (score_forecasts(ticked_engine, *period, by_month=by_month) for by_month in (False, True))

    assert {one.month for one in whole} == {None}
    assert [one.month for one in apart] == [month for month in ("2026-11", "2026-12") for _ in whole]
    first, second = apart[: len(whole)], apart[len(whole) :]
    for one, two, both in zip(first, second, whole, strict=True):
        assert one.counts.pairs == 2 * two.counts.pairs
        assert one.counts.pairs + two.counts.pairs == both.counts.pairs
        assert one.brier == (two.brier and replace(two.brier, cases=2 * two.brier.cases))


def test_a_database_with_a_row_an_airport_is_upgraded_and_scores_as_before(ticked_engine: Engine) -> None:
    table = PIPELINE_TABLES["forecast_verification"]
    stored = []
    for hour, ceiling in ((OBSERVED + HOUR, 900.0), (OBSERVED + 3 * HOUR, 2_500.0)):
        taken = reports(ticked_engine, ceiling_ft=ceiling).assign(hour_utc=pd.Timestamp(hour - HOUR))
        verified = verify_forecasts(ticked_engine, taken, hour, settings_for())
        stored.append(write_partition(ticked_engine, table, verified.assign(partition_hour=pd.Timestamp(hour)), [hour]))
    now = views_of(ticked_engine)

    migrations.downgrade(ticked_engine, "0040")
    before = views_of(ticked_engine)
    with ticked_engine.connect() as connection:
        rows = connection.execute(text("SELECT count(*) FROM pipeline.forecast_verification")).scalar()
    migrations.upgrade(ticked_engine)

    assert views_of(ticked_engine) == now
    assert all(now.values())
    for name, rows_before in before.items():  # later versions have more columns, at the end
        assert rows_before == {row[: len(next(iter(rows_before)))] for row in now[name]}
    assert rows == sum(int(frame["airports"].str.len().sum()) for frame in stored)
    for frame in stored:
        again = read_partition(ticked_engine, table, [frame[PARTITION_HOUR].iloc[0].to_pydatetime()])
        assert_frame_equal(in_order(again), in_order(frame))


def views_of(engine: Engine) -> dict[str, set[tuple[object, ...]]]:
    """Return the rows of the views of forecasts."""
    names = ("forecast_scores", "forecast_reliability")
    with engine.connect() as connection:
        return {
            name: set(map(tuple, connection.execute(text(f"SELECT * FROM analytics.{name}")).all()))  # noqa: S608, ours
            for name in names
        }


def test_the_report_shows_events_with_twenty_cases_and_none_with_nineteen(ticked_engine: Engine) -> None:
    def stored(hits: int, misses: int, false_alarms: int) -> ForecastRecord:
        rows = [
            ("hit", hits, 100),
            ("miss", misses, 0),
            ("false_alarm", false_alarms, 100),
            ("correct_negative", 300, 0),
        ]
        frame = pd.DataFrame(rows, columns=["outcome", "cases", "probability"]).assign(
            partition_hour=pd.Timestamp(OBSERVED + HOUR), hour_utc=pd.Timestamp(OBSERVED), source="TAF", lead_hours=6,
            part="prevailing", element="ceiling", threshold=1_000.0,
        )  # fmt: skip
        frame["airports"] = [[f"K{number:03}" for number in range(cases)] for cases in frame["cases"]]
        write_partition(ticked_engine, PIPELINE_TABLES["forecast_verification"], frame, [OBSERVED + HOUR])
        return forecast_record(ticked_engine, OBSERVED + HOUR)

    enough, few = stored(15, 5, 5), stored(14, 5, 6)

    (skill,) = enough.skills
    assert (skill.source, skill.event, skill.lead_hours) == ("TAF", "ceiling below 1,000 ft", 6)
    assert (skill.scores.pod.value, skill.scores.pod.cases, skill.scores.far.value) == (0.75, 20, 0.25)
    (of_taf,) = enough.reliabilities
    assert [(one.percent, one.came_true, one.cases) for one in of_taf.bins] == [(0, 5, 305), (100, 15, 20)]
    assert few.skills == []
    assert forecast_record(ticked_engine, OBSERVED).skills == []
