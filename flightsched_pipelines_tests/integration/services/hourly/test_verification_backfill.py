"""A school that starts today has its TAFs of 15 days verified: as they were known, once, and nothing else."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import Engine, text

from flightsched_pipelines.clients.weather.recorded_weather import RecordedWeather
from flightsched_pipelines.clients.weather.simulation.source import SimulatedWeather
from flightsched_pipelines.database.frames import first_written, read_partition, write_partition
from flightsched_pipelines.database.queries.schedule import bookings as schedule
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.domain.weather.observed_reports import every_metar
from flightsched_pipelines.domain.weather.provider_responses import ProviderResponse
from flightsched_pipelines.domain.weather.source_selection import hourly_rows
from flightsched_pipelines.formatting import format_utc
from flightsched_pipelines.services import verification_backfill
from flightsched_pipelines.services.hourly.verification import verify_forecasts
from flightsched_pipelines.services.verification_backfill import Backfill, BackfillError, backfill
from flightsched_pipelines_tests.conftest import SEED_HOUR, settings_for

HOUR = timedelta(hours=1)
NOW = SEED_HOUR + timedelta(minutes=30)
HOURS_BACK = 14
TABLE = PIPELINE_TABLES["forecast_verification"]


class Broken(SimulatedWeather):
    """Simulated weather in which some responses fail."""

    def __init__(self, lost_taf: datetime | None = None, *, no_metars: bool = False) -> None:
        self.lost_taf, self.no_metars = lost_taf, no_metars

    def fetch_metars(self, airports: pd.DataFrame, hours: int, until_utc: datetime) -> Iterator[ProviderResponse]:
        """Fail if there are to be none."""
        for answer in super().fetch_metars(airports, hours, until_utc):
            yield replace(answer, outcome="timeout", error="no response", body=None) if self.no_metars else answer

    def fetch_past_tafs(
        self, airports: pd.DataFrame, times_utc: Iterable[datetime]
    ) -> Iterator[tuple[datetime, list[ProviderResponse]]]:
        """Fail at the lost time."""
        for at_utc, answers in super().fetch_past_tafs(airports, times_utc):
            lost = at_utc == self.lost_taf
            yield at_utc, [replace(one, outcome="timeout", body=None) for one in answers] if lost else answers


@pytest.fixture(autouse=True)
def _few_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Go back 14 hours in place of 15 days: the leads to 12 h, and the same code."""
    monkeypatch.setattr(verification_backfill, "HISTORY_HOURS", HOURS_BACK)


def outcomes(engine: Engine) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text("SELECT * FROM pipeline.forecast_verification"))]


def test_hours_are_verified_once_and_do_not_count_as_run(seeded_engine: Engine) -> None:
    done = backfill(seeded_engine, SimulatedWeather(), NOW, settings_for())
    stored = outcomes(seeded_engine)
    again = backfill(seeded_engine, SimulatedWeather(), NOW, settings_for())

    assert done == Backfill(hours=HOURS_BACK - 4, already=0, incomplete=0, pairs=done.pairs)
    assert done.pairs > 0
    assert again == Backfill(0, HOURS_BACK - 4, 0, 0)
    assert outcomes(seeded_engine) == stored
    with seeded_engine.connect() as connection:
        assert first_written(connection) is None
        kept = connection.execute(text("SELECT count(*) FROM pipeline.raw_weather")).scalar()
    assert kept == 0


EACH = """
    SELECT airport, hour_utc, lead_hours, part, element, threshold, outcome, probability
    FROM pipeline.forecast_verification, unnest(airports) AS airport
    WHERE source IN ('TAF', 'nearest TAF') ORDER BY 1, 2, 3, 4, 5, 6
"""


def each(engine: Engine) -> list[tuple[object, ...]]:
    """Return the outcomes, a row an airport."""
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(EACH))]


def test_a_school_that_joins_has_its_airports_verified_beside_the_others(seeded_engine: Engine) -> None:
    """An hour has each airport's outcomes once, in whatever order the schools came, and however often it is tried."""
    new, observing = "KPAO", "UPDATE school.airports SET issues_metar = :whether WHERE ident = :ident"
    with seeded_engine.begin() as connection:
        connection.execute(text(observing), {"ident": new, "whether": False})
    before = backfill(seeded_engine, SimulatedWeather(), NOW, settings_for())
    known = each(seeded_engine)
    with seeded_engine.begin() as connection:
        connection.execute(text(observing), {"ident": new, "whether": True})
    joined = backfill(seeded_engine, SimulatedWeather(), NOW, settings_for())
    again = backfill(seeded_engine, SimulatedWeather(), NOW, settings_for())

    assert (joined.hours, joined.already) == (before.hours, 0)
    assert (again.hours, again.already, again.pairs) == (0, before.hours, 0)
    assert [row for row in each(seeded_engine) if row[0] != new] == known
    together = each(seeded_engine)
    assert len({row[:6] for row in together}) == len(together)
    with seeded_engine.begin() as connection:
        connection.execute(text("TRUNCATE pipeline.forecast_verification"))
    assert before.pairs + joined.pairs == backfill(seeded_engine, SimulatedWeather(), NOW, settings_for()).pairs
    assert each(seeded_engine) == together


def test_an_hour_of_a_run_keeps_its_rows_and_counts_the_new_ones(seeded_engine: Engine) -> None:
    hour = SEED_HOUR - 5 * HOUR
    backfill(seeded_engine, SimulatedWeather(), NOW, settings_for())
    ran = read_partition(seeded_engine, TABLE, [hour])
    lists = [[airport for airport in of if airport != "KPAO"] for of in ran["airports"]]
    ran = ran.assign(source="NBH", airports=pd.Series(lists, dtype=object), cases=[len(of) for of in lists])
    write_partition(seeded_engine, TABLE, ran, [hour])
    done = backfill(seeded_engine, SimulatedWeather(), NOW, settings_for())

    stored = read_partition(seeded_engine, TABLE, [hour])
    assert done.hours == 1
    assert (stored["source"] == "NBH").sum() == len(ran)
    assert {ident for of in stored.loc[stored["source"] != "NBH", "airports"] for ident in of} == {"KPAO"}
    with seeded_engine.connect() as connection:
        noted = connection.execute(text("SELECT rows FROM pipeline.partitions WHERE name = 'forecast_verification'"))
        assert noted.scalars().all() == [len(stored)]


@pytest.mark.parametrize("minute", [0, 59])
def test_nothing_older_than_the_center_keeps_is_requested(seeded_engine: Engine, minute: int) -> None:
    class Asked(Broken):
        begins: datetime

        def fetch_metars(self, airports: pd.DataFrame, hours: int, until_utc: datetime) -> Iterator[ProviderResponse]:
            self.begins = until_utc - (hours + 1) * HOUR  # as in `history_request`
            return super().fetch_metars(airports, hours, until_utc)

    source, now = Asked(no_metars=True), SEED_HOUR + timedelta(minutes=minute)
    with pytest.raises(BackfillError):
        backfill(seeded_engine, source, now, settings_for())
    assert source.begins >= now - HOURS_BACK * HOUR


def test_a_report_that_cannot_be_read_is_named_and_leaves_its_hour_missing(seeded_engine: Engine) -> None:
    class Garbled(SimulatedWeather):
        def fetch_metars(self, airports: pd.DataFrame, hours: int, until_utc: datetime) -> Iterator[ProviderResponse]:
            for answer in super().fetch_metars(airports, hours, until_utc):
                reports = json.loads(answer.body or "[]")
                for report in reports:
                    if report["icaoId"] == "KPAO" and report["obsTime"] // 3600 == at.timestamp() // 3600:
                        report["obsTime"] = None
                yield replace(answer, body=json.dumps(reports))

    at = SEED_HOUR - 5 * HOUR
    done = backfill(seeded_engine, Garbled(), NOW, settings_for())
    assert done.unreadable == (f"KPAO {format_utc(at)}",)
    assert {row[6] for row in each(seeded_engine) if row[:2] == ("KPAO", at)} == {"missing"}


def test_the_outcomes_are_those_that_running_hours_would_have_had_of_tafs(
    seeded_engine: Engine, ticked_engine: Engine
) -> None:
    """The hour after the seeded one, verified by the stored forecasts of a run, and by the history."""
    backfill(seeded_engine, SimulatedWeather(), NOW + 3 * HOUR, settings_for())
    hour = SEED_HOUR + 2 * HOUR
    past = read_partition(seeded_engine, TABLE, [hour])
    past = past[past["lead_hours"] == 1].drop(columns="partition_hour")
    airports = schedule.airports(ticked_engine)
    observations = hourly_rows(every_metar(SimulatedWeather().fetch_metars(airports, 4, hour + HOUR)))
    ran = verify_forecasts(ticked_engine, observations, hour, settings_for())
    ran = ran[(ran["lead_hours"] == 1) & ran["source"].isin(["TAF", "nearest TAF"])]

    key = ["part", "element", "threshold", "probability", "outcome", "airports"]
    found, expected = (
        sorted(str([row[name] for name in key]) for row in frame.to_dict("records")) for frame in (past, ran)
    )
    assert found == expected
    assert found


def test_hours_whose_tafs_did_not_come_are_left_for_the_next_time(seeded_engine: Engine) -> None:
    lost = SEED_HOUR - 10 * HOUR
    done = backfill(seeded_engine, Broken(lost), NOW, settings_for())
    # It is the forecast 1, 3 and 6 hours before the hours observed then, which are verified an hour later.
    assert done.incomplete == 3
    later = backfill(seeded_engine, SimulatedWeather(), NOW, settings_for())
    assert (later.hours, later.incomplete, later.already) == (3, 0, done.hours)


def test_a_taf_that_was_issued_later_was_not_known(seeded_engine: Engine) -> None:
    class Late(SimulatedWeather):
        def fetch_past_tafs(
            self, airports: pd.DataFrame, times_utc: Iterable[datetime]
        ) -> Iterator[tuple[datetime, list[ProviderResponse]]]:
            for at_utc in times_utc:
                for _, answers in super().fetch_past_tafs(airports, [at_utc + 12 * HOUR]):
                    yield at_utc, answers

    assert backfill(seeded_engine, Late(), NOW, settings_for()).pairs == 0


def test_without_metars_nothing_is_stored_and_the_reason_is_said(seeded_engine: Engine) -> None:
    with pytest.raises(BackfillError, match="the METARs of the past did not come: no response; nothing was stored"):
        backfill(seeded_engine, Broken(no_metars=True), NOW, settings_for())
    assert outcomes(seeded_engine) == []


def test_recorded_weather_has_no_past_and_says_so(seeded_engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "metar.json").write_text("[]")

    with pytest.raises(BackfillError, match="this source of weather has no METARs of the past; nothing was stored"):
        backfill(seeded_engine, RecordedWeather(tmp_path), NOW, settings_for())
