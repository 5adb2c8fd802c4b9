"""Read METARs of the Aviation Weather Center (``/api/data/metar?format=json``)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from flightsched_pipelines.domain.weather.conditions import ForecastGroup
from flightsched_pipelines.domain.weather.issue_times import metar_issue
from flightsched_pipelines.domain.weather.reports.decoded_report import decoded_elements, layers_of, spelled
from flightsched_pipelines.domain.weather.reports.heading import is_cancelled, is_report_of, issued_at
from flightsched_pipelines.domain.weather.reports.json_fields import FieldError, epoch, station_of, text
from flightsched_pipelines.domain.weather.reports.metar_text import is_cut_off, metar_elements, metar_words
from flightsched_pipelines.domain.weather.reports.report_elements import (
    NOTHING_LEGIBLE,
    ReportElements,
    conditions_of,
    folded,
    reconciled,
    settled,
)
from flightsched_pipelines.domain.weather.reports.words.meanings import meanings_of
from flightsched_pipelines.durations import HOUR, hour_of

SAME_TIME = timedelta(minutes=15)


def read_metar(report: Mapping[str, Any]) -> ForecastGroup:
    """Read one METAR; it applies to the UTC hour in which it was taken (``obsTime``; ``reportTime`` is rounded).

    Raises:
        FieldError: it has no station, or no legible time.
    """
    station = station_of(report)
    observed = epoch(report.get("obsTime"))
    if observed is None:
        raise FieldError(f"METAR of {station}: obsTime is {report.get('obsTime')!r}, not a time in epoch seconds")
    raw = text(report.get("rawOb"))
    if raw is None or not is_report_of(raw, station):
        # The decoded fields drop CB, TCU and TSNO: without the text, no thunderstorm in them means nothing.
        said = replace(decoded_elements(report), thunderstorm_sensor_out=True)
    elif is_cancelled(raw):
        said = NOTHING_LEGIBLE
    else:
        written = issued_at(raw, observed)
        if written is not None and abs(written - observed) > SAME_TIME:
            raise FieldError(f"METAR of {station}: obsTime is {observed:%d %H:%M}Z, in its text {written:%d %H:%M}Z")
        said = _both_accounts(report, raw, station)
    hour = hour_of(observed)
    return ForecastGroup(
        source="METAR",
        station=station,
        layer="prevailing",
        change="METAR",
        probability=None,
        from_utc=hour,
        to_utc=hour + HOUR,
        issued_at_utc=observed,
        conditions=conditions_of(said, has_temperature=True),
        issue=metar_issue(report),
    )


def _both_accounts(report: Mapping[str, Any], raw: str, station: str) -> ReportElements:
    words, remarks = metar_words(raw, station)
    given = meanings_of(words)
    decoded = settled(decoded_elements(report), lambda: given)
    said = reconciled(decoded, settled(metar_elements(words, remarks), lambda: spelled(report)))
    # The fields do not distinguish CB and TCU: a layer only in them may be one, or come after the text ends.
    lost = any(not any(word.startswith(folded(layer)) for word in given) for layer in layers_of(report))
    return replace(said, thunderstorm_sensor_out=True) if lost or is_cut_off(words) else said
