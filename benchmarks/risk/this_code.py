"""The platform's own assessment, as a contender."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import Table

from benchmarks.risk import data
from benchmarks.risk.data import BUFFER_MINUTES, FIRST_HOUR_UTC, World
from flightsched_pipelines.database.schema import Kind, booking_snapshot, forecasts
from flightsched_pipelines.domain.risk import assess as platform
from flightsched_pipelines.domain.risk.bookings import VERDICTS


def load(folder: Path) -> World:
    """The frames as they are read from their tables: text of few kinds as categories."""
    world = data.load(folder)
    return replace(
        world, bookings=_as_read(world.bookings, booking_snapshot), forecasts=_as_read(world.forecasts, forecasts)
    )


def _as_read(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    kinds = [column.name for column in table.columns if isinstance(column.type, Kind) and column.name in frame]
    return frame.astype(dict.fromkeys(kinds, "category"))


def assess(world: World) -> platform.Assessment:
    """Return the verdicts in words, as the platform does."""
    return platform.assess(
        world.bookings,
        world.forecasts,
        world.minimums,
        world.airports,
        world.runways,
        world.suns,
        first_hour_utc=FIRST_HOUR_UTC,
        buffer_minutes=BUFFER_MINUTES,
    )


def numbers(assessment: platform.Assessment) -> NDArray[np.uint8]:
    """The verdicts as numbers, from the words."""
    number = {word: place for place, word in enumerate(VERDICTS)}
    return assessment.verdicts.map(number).to_numpy(dtype=np.uint8)
