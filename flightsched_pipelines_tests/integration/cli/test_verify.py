"""``flightsched verify`` and ``suggestions`` print the record, and bad input has one clear sentence."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import Engine, text

from flightsched_pipelines.cli.hourly import verify
from flightsched_pipelines.cli.reference import JSON_FIELDS
from flightsched_pipelines.database.frames import write_partition
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.services import verification_backfill
from flightsched_pipelines_tests.conftest import SEED_HOUR, clone, connected
from flightsched_pipelines_tests.integration.cli.conftest import Type

HOUR = timedelta(hours=1)
PERIOD = ("--since", f"{SEED_HOUR:%Y-%m-%dT%H:%MZ}", "--until", f"{SEED_HOUR + 50 * HOUR:%Y-%m-%dT%H:%MZ}")
OF_DAY = [("hit", 100, 30), ("miss", 0, 10), ("miss", 50, 4), ("false_alarm", 100, 90), ("correct_negative", 0, 40),
          ("correct_negative", 50, 1)]  # fmt: skip
"""Hours of one airport: the outcome of the prevailing forecast, its probability, and how many hours."""


@pytest.fixture(scope="module")
def recorded(server_home: Path, templates: dict[str, str]) -> Iterator[str]:
    """A database with a record: 175 airport hours of one airport's ceilings, and 15 verdicts, three of areas."""
    for url in clone(server_home, templates["seeded"]):
        for engine in connected(url):
            (airport, school) = _names(engine)
            for number in range(7):
                _store(engine, number, airport)
            with engine.begin() as connection:
                connection.execute(
                    text(
                        "INSERT INTO pipeline.verdict_verification (partition_hour, booking_id, training_level, "
                        "lead_hours, verdict, observed, school_id, cause) "
                        "SELECT :hour, n, 'student_pilot', 6, 'at_risk', "
                        "CASE WHEN n <= 8 THEN 'at_risk' WHEN n = 12 THEN 'unknown' ELSE 'ok' END, :school, "
                        "CASE WHEN n > 12 THEN 'icing_area' ELSE 'ceiling' END FROM generate_series(1, 15) AS n"
                    ),
                    {"hour": SEED_HOUR + HOUR, "school": school},
                )
        yield url


def _names(engine: Engine) -> tuple[str, int]:
    with engine.connect() as connection:
        query = "SELECT departure, school_id FROM school.bookings ORDER BY 1, 2 LIMIT 1"
        return tuple(connection.execute(text(query)).one())


def _store(engine: Engine, number: int, airport: str) -> None:
    """Store 25 hours' outcomes in one, each as an airport of its own name beside the real one: hour by hour."""
    hour = SEED_HOUR + (number + 1) * HOUR
    frame = pd.DataFrame(OF_DAY, columns=["outcome", "probability", "cases"]).assign(
        partition_hour=pd.Timestamp(hour), hour_utc=pd.Timestamp(hour - HOUR), source="TAF", lead_hours=6,
        part="prevailing", element="ceiling", threshold=1_000.0,
    )  # fmt: skip
    frame["airports"] = [[airport] * cases for cases in frame["cases"]]
    write_partition(engine, PIPELINE_TABLES["forecast_verification"], frame, [hour])


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, recorded: str, tmp_path: Path, flightsched: Type) -> Type:
    """Return commands on the database with a record."""
    monkeypatch.setenv("DATABASE_URL", recorded)
    monkeypatch.setenv("FLIGHTSCHED_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    return flightsched


def test_forecasts_are_scored_with_their_counts_beside_the_national_marks(typed: Type) -> None:
    shown = typed("verify", *PERIOD)

    assert shown.code == 0
    (row,) = (line for line in shown.out.splitlines() if "TAF" in line and "ceiling" in line)
    # 210 hits, 98 misses, 630 false alarms: POD 210 of 308, FAR 630 of 840, CSI 210 of 938.
    for figure in ("ceiling below 1,000 ft", "6 h", "1225", "0.68 (0.63 to 0.73, of 308)",
                   "0.75 (0.72 to 0.78, of 840)", "0.22 (0.20 to 0.25, of 938)", "2.73"):  # fmt: skip
        assert figure in row
    assert "national TAFs reach a POD of 56 to 63 % and an FAR of 39 to 46 % at 1,000 ft and 3 SM" in shown.out


def test_the_same_as_json_and_at_one_airport(typed: Type) -> None:
    (everywhere,) = json.loads(typed("verify", *PERIOD, "--json").out)

    assert tuple(everywhere) == JSON_FIELDS["verify"][1]
    counts = {"hits": 210, "misses": 98, "false_alarms": 630, "correct_negatives": 287, "missing": 0}
    assert everywhere["counts"] == counts
    (half,) = json.loads(typed("verify", "--since", PERIOD[1], "--until", f"{SEED_HOUR + HOUR:%Y-%m-%dT%H:%MZ}",
                               "--json").out)  # fmt: skip
    assert half["counts"] == {name: count // 7 for name, count in counts.items()}


def test_verdicts_are_scored_by_school_with_its_cost(typed: Type) -> None:
    shown = typed("verify", "--verdicts", *PERIOD)
    assert "came true 8 of 11 times" in shown.out
    assert "2 needless ones" in shown.out

    (scored,) = json.loads(typed("verify", "--verdicts", *PERIOD, "--missed-move-cost", "4", "--json").out)
    assert (scored["at_risk"], scored["came_true"], scored["missing"], scored["missed_move_cost"]) == (11, 8, 4, 4)
    # Three needless moves, two levels too high each, at a fifth: 3 * 2 / 5 / 11.
    assert scored["firm"]["score"] == pytest.approx(6 / 55)
    assert f"`{'`, `'.join(scored)}`" in JSON_FIELDS["verify"][0]


def test_suggestions_are_of_each_schools_airports(typed: Type) -> None:
    shown = typed("suggestions", *PERIOD)
    assert shown.code == 0
    assert "came true" in shown.out
    assert "28 of 35 (64 % to 90 %)" in shown.out
    assert "Nothing is applied" in shown.out

    found = json.loads(typed("suggestions", *PERIOD, "--json").out)
    assert tuple(found[0]) == JSON_FIELDS["suggestions"][1]
    (with_record, *_) = (one for one in found if one["temporary"])
    (temporary,), (bias,) = with_record["temporary"], with_record["biases"]
    assert (temporary["least_percent"], temporary["missed_avoided"], temporary["needless_added"]) == (50, 28, 7)
    assert (temporary["gain"], temporary["advice"]) == (49.0, "act")
    assert (bias["observed"], bias["forecast"], bias["gain"], bias["advice"]) == (308, 840, 210.0, "leave")
    assert json.loads(typed("suggestions", *PERIOD, "--lead", "24", "--json").out)[0]["temporary"] == []


def test_the_analysts_view_has_what_is_suggested(recorded: str) -> None:
    query = text("SELECT probability, cases, missed_avoided, needless_added FROM analytics.temporary_groups")
    found: list[tuple[int, ...]] = []
    for engine in connected(recorded):
        with engine.connect() as connection:
            found += [tuple(row) for row in connection.execute(query)]

    assert found == [(50, 35, 28, 7)]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("verify", "--since", "2027-01-11", "--until", "2027-01-10"),
         "--since must be before --until; got 2027-01-11T00:00Z and 2027-01-10T00:00Z"),
        (("verify", "--since", "last week"), "--since is 'last week'; give a day or a time, such as 2027-01-11T09:00Z"),
        (("verify", "--until", "0001-01-01"), "--until is '0001-01-01'; give a day or a time"),
        (("verify", "--since", "9999-12-31T23:00-12:00"), "--since is '9999-12-31T23:00-12:00'; give a day"),
        (("verify", "--airport", "XXXX"), "--airport is 'XXXX', which no school uses; give an ICAO ident"),
        (("verify", "--airport", "\x1b[31m"), "--airport is"),
        (("verify", "--verdicts", "--airport", "KPAO"), "--verdicts and --airport exclude each other"),
        (("verify", "--verdicts", "--by-month"), "--by-month is of forecasts; leave out --verdicts"),
        (("verify", "--backfill", "--by-month"), "--backfill takes all of the last 15 days; leave the"),
        (("verify", "--verdicts", "--missed-move-cost", "0"), "--missed-move-cost"),
        (("verify", "--missed-move-cost", "4"), "--missed-move-cost is of --verdicts; give both, or leave it out"),
        (("verify", "--backfill", "--missed-move-cost", "4"), "--backfill takes all of the last 15 days; leave the"),
        (("verify", "--backfill", "--airport", "KPAO"), "--backfill takes all of the last 15 days; leave the other"),
        (("suggestions", "--lead", "5"), "--lead is 5; give one of 1, 3, 6, 12, 24, 48 hours"),
        (("suggestions", "--since", "2027-01-11", "--until", "2027-01-11"), "--since must be before --until"),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence(typed: Type, arguments: tuple[str, ...], sentence: str) -> None:
    told = typed(*arguments)

    assert told.code == 2
    assert sentence in told.err
    assert told.out == ""
    assert len(told.err.strip().splitlines()) == 1 or "missed-move-cost" in sentence


def test_without_a_record_that_is_said(typed: Type) -> None:
    none = ("--since", "2020-01-01", "--until", "2020-02-01")

    assert "No forecast of these hours was compared with observations" in typed("verify", *none).out
    assert "No verdict of these hours was compared with observations" in typed("verify", "--verdicts", *none).out
    assert json.loads(typed("verify", *none, "--json").out) == []
    assert "No event has 20 cases at its airports yet." in typed("suggestions", *none).out


def test_a_school_that_starts_today_verifies_the_tafs_of_the_past(
    monkeypatch: pytest.MonkeyPatch, seeded: Engine, flightsched: Type
) -> None:
    monkeypatch.setattr(verification_backfill, "HISTORY_HOURS", 10)
    monkeypatch.setenv("WEATHER_SOURCE", "simulated")
    now, backfill = datetime.now(UTC), verify.backfill  # of both commands: the hour may end between them
    monkeypatch.setattr(verify, "backfill", lambda engine, source, _, settings: backfill(engine, source, now, settings))

    done = json.loads(flightsched("verify", "--backfill", "--json").out)
    again = flightsched("verify", "--backfill")

    assert f"`{'`, `'.join(done)}`" in JSON_FIELDS["verify"][0]
    assert (done["hours"], done["already"], done["incomplete"]) == (6, 0, 0)
    assert done["pairs"] > 0
    assert "0 hours verified by TAFs and METARs, 0 pairs; 6 had a record\n" in again.out
    assert "Guidance, One Call and verdicts of the past cannot be had" in again.out
    found = json.loads(flightsched("verify", "--json").out)
    assert {one["source"] for one in found} == {"TAF", "nearest TAF"}
    assert {one["month"] for one in found} == {None}
    assert all(one["month"] for one in json.loads(flightsched("verify", "--by-month", "--json").out))
    with seeded.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM pipeline.partitions")).scalar() == 0
