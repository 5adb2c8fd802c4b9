"""Assess an hour's lessons a second time, as guidance sees their weather, and find where it disagrees with the TAF."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import Engine

from flightsched_pipelines.domain.risk.assess import Assessment
from flightsched_pipelines.domain.risk.guidance_view import (
    Disagreement,
    disagreements,
    seen_by_both,
    seen_by_guidance,
)
from flightsched_pipelines.services.hourly import hourly_steps
from flightsched_pipelines.settings import Settings


def guidance_disagreements(
    engine: Engine, lessons: pd.DataFrame, forecasts: pd.DataFrame, hour_utc: datetime, settings: Settings
) -> list[Disagreement]:
    """Return the lessons of which guidance and TAF give different verdicts."""
    then = hourly_steps.settings_at(engine, hour_utc, settings)
    compared = seen_by_both(lessons, forecasts, then.booking_buffer_minutes)
    if compared.empty:
        return []
    views = (forecasts, seen_by_guidance(forecasts))
    told, seen = (hourly_steps.assess_lessons(engine, compared, view, hour_utc, settings) for view in views)
    apart = np.flatnonzero(told.severities != seen.severities)
    return disagreements(compared, _verdicts(told), _verdicts(seen), _breaches(told, apart), _breaches(seen, apart))


def with_uncertainty(
    engine: Engine,
    verdicts: pd.DataFrame,
    lessons: pd.DataFrame,
    forecasts: pd.DataFrame,
    hour_utc: datetime,
    settings: Settings,
) -> pd.DataFrame:
    """Return an hour's verdicts (``VERDICT_COLUMNS``) with a sentence on those that guidance would give otherwise."""
    apart = guidance_disagreements(engine, lessons, forecasts, hour_utc, settings)
    words = {one.booking_id: one.words for one in apart}
    told = [words.get(booking_id) for booking_id in verdicts["booking_id"].tolist()]
    return verdicts.assign(uncertainty=pd.array(told, dtype="str"))


def _verdicts(assessment: Assessment) -> list[str]:
    return assessment.verdicts.astype("str").tolist()


def _breaches(assessment: Assessment, positions: NDArray[np.int64]) -> Mapping[int, Sequence[Mapping[Any, Any]]]:
    found: dict[int, list[Mapping[Any, Any]]] = {}
    for row in assessment.broken_at(positions).sort_values("breach_rank").to_dict("records"):
        found.setdefault(int(row["booking_id"]), []).append(row)
    return found
