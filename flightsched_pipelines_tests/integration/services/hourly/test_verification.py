"""Stored forecasts are compared with the METARs of the hour that followed, and again with the same result."""

from dataclasses import asdict
from datetime import timedelta

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from sqlalchemy import Engine, text

from flightsched_pipelines.cli.reference import JSON_FIELDS
from flightsched_pipelines.database import migrations
from flightsched_pipelines.database.frames import PARTITION_HOUR, read_partition, write_partition
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.reporting.verification.models import ForecastRecord
from flightsched_pipelines.services.hourly.verification import verify_forecasts, verify_verdicts
from flightsched_pipelines.services.monitoring.forecast_record import forecast_record
from flightsched_pipelines.services.verification import score_forecasts, score_verdicts
from flightsched_pipelines_tests.conftest import SEED_HOUR, settings_for

HOUR = timedelta(hours=1)
OBSERVED = SEED_HOUR + HOUR
VIEW = text("SELECT * FROM analytics.forecast_scores WHERE airport = :airport")
OBSERVATIONS = PIPELINE_TABLES["observations"]


def reports(engine: Engine, **facts: float) -> pd.DataFrame:
    """METARs of the hour after the seeded one, made of the seeded hour's."""
    taken = read_partition(engine, OBSERVATIONS, [SEED_HOUR]).drop_duplicates("airport")
    taken = taken.assign(hour_utc=pd.Timestamp(OBSERVED), issued_at_utc=pd.Timestamp(OBSERVED + 0.9 * HOUR))
    return taken.assign(**facts).drop(columns=PARTITION_HOUR)


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
    assert_frame_equal(stored, read_partition(ticked_engine, table, [hour]))
    assert len(stored) == len(verified[0]) > 0


def test_lessons_that_ended_have_their_verdicts_beside_what_was_observed(ticked_engine: Engine) -> None:
    """A lesson that began an hour after the seeded hour, and ended with its buffer in a later one."""
    snapshot = read_partition(ticked_engine, PIPELINE_TABLES["booking_snapshot"], [SEED_HOUR])
    verdicts = read_partition(ticked_engine, PIPELINE_TABLES["lesson_verdicts"], [SEED_HOUR])
    lessons = snapshot.merge(verdicts, on=["partition_hour", "booking_id"])
    starts = lessons["starts_at_utc"].dt.floor("h")
    lead = next(lead for lead in (1, 3, 6, 12, 24) if (starts == SEED_HOUR + lead * HOUR).any())
    lesson = lessons[starts == SEED_HOUR + lead * HOUR].iloc[0]
    begins = lesson["starts_at_utc"].floor("h").to_pydatetime()
    ended = (lesson["ends_at_utc"] + 0.5 * HOUR).ceil("h").to_pydatetime()
    hours = [begins - HOUR + n * HOUR for n in range(int((ended - begins) / HOUR) + 1)]
    fair = reports(ticked_engine, visibility_sm=10.0)
    taken = pd.concat([fair.assign(hour_utc=pd.Timestamp(hour)) for hour in hours], ignore_index=True)

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
        assert row["brier"] == pytest.approx(one.brier and one.brier.score)
    assert tuple(asdict(scored[0])) == JSON_FIELDS["verify"][1]


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

    assert before == views_of(ticked_engine) == now
    assert all(now.values())
    assert rows == sum(int(frame["airports"].str.len().sum()) for frame in stored)
    for frame in stored:
        again = read_partition(ticked_engine, table, [frame[PARTITION_HOUR].iloc[0].to_pydatetime()])
        key = [name for name in frame.columns if name != "airports"]
        assert_frame_equal(again.sort_values(key, ignore_index=True), frame.sort_values(key, ignore_index=True))


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
