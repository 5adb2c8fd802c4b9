"""An hour in the Dagster UI: in order, with references, and with both clocks."""

from datetime import UTC, datetime

import dagster as dg
import pandas as pd

from flightsched_pipelines.defs import asset_metadata
from flightsched_pipelines.defs.monitoring.check_results import check_result
from flightsched_pipelines.domain.monitoring.check_definition import Measurement
from flightsched_pipelines_tests.conftest import settings_for

STARTS = pd.Timestamp(datetime(2026, 11, 27, 18, 30, tzinfo=UTC))
VERDICTS = pd.DataFrame({"verdict": ["at_risk", "ok", "ok", "unknown"]})
AT_RISK = pd.DataFrame({"booking_id": [7, 8], "verdict": ["at_risk", "at_risk"]})


def test_a_start_is_shown_in_the_zone_of_the_departure_and_in_utc() -> None:
    bookings = pd.DataFrame({"starts_at_utc": [STARTS], "time_zone": ["America/Denver"]})
    assert list(asset_metadata.with_local_start(bookings)["starts"]) == ["Fri 27 Nov 11:30 MST (18:30 UTC)"]


def test_an_hour_says_in_one_sentence_what_was_assessed_and_what_was_proposed() -> None:
    assert asset_metadata.assessed_sentence(VERDICTS) == "4 lessons assessed: 1 at_risk, 1 unknown, 0 watch, 2 ok."
    one = pd.DataFrame({"booking_id": [7, 7, 7], "ranked_by": ["planner"] * 3, "verdict": ["ok", "ok", "watch"]})
    sentence = asset_metadata.proposed_sentence(one, AT_RISK)
    assert sentence == "2 lessons at risk: 1 with alternatives (3 in all), 1 without; ranked by planner."
    none = asset_metadata.proposed_sentence(one.head(0), AT_RISK.head(1))
    assert none == "1 lesson at risk: 0 with alternatives (0 in all), 1 without."
    kept = asset_metadata.proposed_sentence(one.head(1).assign(verdict="not_flown"), AT_RISK.head(1))
    assert kept == ("1 lesson at risk: 0 with alternatives (0 in all), 1 without; 1 slot may be kept without flying.")


def test_only_what_was_measured_becomes_a_plot_and_the_runbook_is_a_link() -> None:
    """The UI makes a plot of every number."""
    settings = settings_for(pages_url="http://127.0.0.1:3001/")
    result = check_result("outbox_is_young", Measurement(3.0, 12, "messages"), settings, "reschedule_proposals")
    numbers = {
        name
        for name, value in (result.metadata or {}).items()
        if isinstance(value, dg.IntMetadataValue | dg.FloatMetadataValue | int | float)
    }
    assert numbers == {"value"}
    link = (result.metadata or {})["runbook"]
    assert isinstance(link, dg.UrlMetadataValue)
    assert (link.value or "").startswith("http://127.0.0.1:3001/docs/how-to/runbook.md#")


def test_the_picture_comes_first_and_the_reason_beside_the_reference() -> None:
    hour = pd.Timestamp(datetime(2026, 11, 26, 3, tzinfo=UTC))
    broken = pd.DataFrame(
        {"partition_hour": [hour], "booking_id": [7], "verdict": ["at_risk"], "rule": ["ceiling"], "breach_rank": [1],
         "effect": ["block"], "value": [200.0], "at_least": [False], "limit_value": [1500.0], "unit": ["ft"],
         "hazard": [None], "airport": ["KAPA"], "hour_utc": [STARTS], "margin": [-1300.0], "layer": ["prevailing"],
         "authority": ["school"], "reference": ["TAF"]}
    )  # fmt: skip
    bookings = pd.DataFrame(
        {"partition_hour": [hour], "booking_id": [7], "reference": ["APA-1001"], "starts_at_utc": [STARTS],
         "time_zone": ["America/Denver"]}
    )  # fmt: skip
    shown = asset_metadata.risk_metadata(VERDICTS, broken, bookings)
    assert list(shown)[:2] == ["risk_by_airport_and_hour", "highest_risk_lessons"]
    table = shown["highest_risk_lessons"]
    assert isinstance(table, dg.TableMetadataValue)
    (row,) = (record.data for record in table.records)
    assert list(row)[:2] == ["reference", "gravest_breach"]
    assert row["reference"] == "APA-1001"
    assert str(row["gravest_breach"]).startswith("ceiling 200 ft, minimum 1,500 ft at KAPA")
