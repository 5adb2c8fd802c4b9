"""Compare the verdict that a TAF gives with the one that guidance would: where they differ, the forecast is uncertain.

Guidance never governs in a TAF's place, so this changes no verdict: it is told beside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flightsched_pipelines.domain.risk.bookings import VERDICTS
from flightsched_pipelines.domain.risk.breach_text import breach_brief, breach_of
from flightsched_pipelines.domain.weather.conditions import ELEMENTS
from flightsched_pipelines.domain.weather.guidance.bulletin import GUIDANCE_SOURCES
from flightsched_pipelines.domain.weather.guidance.governing_guidance import stands_beside

_HOUR = ["airport", "hour_utc"]

SEEN_COLUMNS = (*_HOUR, "source", "layer", "change", "missing", "governs")
"""The columns of a forecast that show where guidance could govern in place of a TAF."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A lesson of which TAF and guidance give different verdicts."""

    booking_id: int
    reference: str
    words: str


def seen_by_guidance(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Return the forecast as if guidance governed in place of TAFs, in the hours that both reach."""
    source, governs = forecasts["source"], forecasts["governs"].to_numpy(dtype=bool)
    is_guidance = (source.isin(GUIDANCE_SOURCES) & ~stands_beside(forecasts)).to_numpy(dtype=bool)
    is_taf = (source == "TAF").to_numpy(dtype=bool)
    hours = _airport_hours(forecasts)
    instead = hours[is_guidance & _is_readable(forecasts).to_numpy(dtype=bool)]
    here = np.isin(hours, np.intersect1d(instead, hours[governs & is_taf]))
    return forecasts.assign(governs=governs & ~(here & is_taf) | here & is_guidance)


def seen_by_both(lessons: pd.DataFrame, forecasts: pd.DataFrame, buffer_minutes: int) -> pd.DataFrame:
    """Return the lessons that guidance would assess by other weather: a TAF governs any of it, and guidance reaches it.

    A lesson's weather is that of its assessment: at its departure and on its route, its buffer before and after
    included.
    """
    view = seen_by_guidance(forecasts)
    changed = (
        forecasts.loc[forecasts["governs"] & ~view["governs"], _HOUR].drop_duplicates().astype({"airport": object})
    )
    buffer = pd.Timedelta(minutes=buffer_minutes)
    visited = zip(lessons["departure"], lessons["route"], strict=True)
    places = pd.DataFrame(
        {
            "lesson": np.arange(len(lessons)),
            "airport": pd.Series([[departure, *route] for departure, route in visited], dtype=object),
            "first": (lessons["starts_at_utc"] - buffer).dt.floor("h").array,
            "end": (lessons["ends_at_utc"] + buffer).array,
        }
    )
    hours = places.explode("airport").merge(changed, on="airport")
    within = (hours["hour_utc"] >= hours["first"]) & (hours["hour_utc"] < hours["end"])
    return lessons[np.isin(np.arange(len(lessons)), hours.loc[within, "lesson"])]


def disagreements(
    lessons: pd.DataFrame,
    verdicts: Sequence[str],
    guidance_verdicts: Sequence[str],
    breaches: Mapping[int, Sequence[Mapping[Any, Any]]],
    guidance_breaches: Mapping[int, Sequence[Mapping[Any, Any]]],
) -> list[Disagreement]:
    """Return the lessons whose verdicts differ; unknown ones disagree with nothing.

    Args:
        lessons: with booking_id and reference.
        verdicts: of each lesson, by the sources that govern.
        guidance_verdicts: the same as guidance sees it.
        breaches: rows of each lesson by booking_id, the gravest first.
        guidance_breaches: the same as guidance sees it.
    """
    found: list[Disagreement] = []
    names = zip(lessons["booking_id"], lessons["reference"], verdicts, guidance_verdicts, strict=True)
    for booking_id, reference, verdict, other in names:
        if "unknown" in {verdict, other} or verdict == other:
            continue
        key = int(booking_id)
        is_worse = VERDICTS.index(verdict) > VERDICTS.index(other)
        rows = breaches.get(key, ()) if is_worse else guidance_breaches.get(key, ())
        brief = breach_brief(breach_of(dict(rows[0]))) if rows else "weather below the minimums"
        brief = brief[:1].lower() + brief[1:]
        words = (
            f"The TAF governs and has {brief}; {_GUIDANCE} has {_LESS[verdict]}."
            if is_worse
            else f"The TAF governs; {_GUIDANCE} has {brief}."
        )
        found.append(Disagreement(key, str(reference), f"The forecasts disagree. {words}"))
    return found


_GUIDANCE = "guidance (National Blend of Models)"
_LESS = {"at_risk": "nothing that would put the lesson on hold", "watch": "nothing to watch"}
"""Words for the view of guidance where the verdict by the TAF is the worse one."""


def _airport_hours(rows: pd.DataFrame) -> NDArray[np.int64]:
    """Return a number for each row, the same for the same airport and hour."""
    airport, hour = (pd.factorize(rows[name])[0].astype(np.int64) for name in _HOUR)
    return airport * len(rows) + hour


def _is_readable(forecasts: pd.DataFrame) -> "pd.Series[bool]":
    prevails = forecasts["layer"] == "prevailing"
    return prevails & (forecasts["missing"].str.len() < len(ELEMENTS))
