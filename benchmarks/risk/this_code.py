"""The platform's own assessment, as a contender."""

import numpy as np
from numpy.typing import NDArray

from benchmarks.risk import data
from benchmarks.risk.data import BUFFER_MINUTES, FIRST_HOUR_UTC, World
from flightsched_pipelines.risk import assess as platform
from flightsched_pipelines.risk.bookings import VERDICTS

load = data.load


def assess(world: World) -> platform.Assessment:
    """The verdicts in words, as the platform gives them."""
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
