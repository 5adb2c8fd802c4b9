"""List the hazard areas that bookings meet as breaches: product, area and times."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from flightsched_pipelines.domain.risk.arrays.encoding import MICROS_PER_HOUR, micros
from flightsched_pipelines.domain.risk.arrays.forecast_grid import LAYERS, PREVAILING
from flightsched_pipelines.domain.risk.limits.effective_limits import BLOCK, MEASURES, WARN
from flightsched_pipelines.domain.risk.rules import EFFECTS
from flightsched_pipelines.domain.risk.verdicts import AT_RISK, WATCH, AssessmentInput, ruled_hits
from flightsched_pipelines.domain.weather.areas.altitudes import band_words
from flightsched_pipelines.domain.weather.areas.products import FACTS, AreaProduct, is_area_product


def area_breaches(case: AssessmentInput, positions: NDArray[np.int64]) -> pd.DataFrame:
    """Return the areas that bookings meet and that a minimum is about, one row a booking and area.

    The snapshots of one G-AIRMET are one area, from the first that a booking meets to the last.
    """
    parts = [_with_effect(case, positions, effect) for effect in (BLOCK, WARN)]
    found = pd.concat(parts, ignore_index=True).sort_values("group_from_utc", kind="stable")
    same = found.groupby(["position", "rule", "effect", "name"])
    found["group_to_utc"] = same["group_to_utc"].transform("max")
    first = found.drop_duplicates(["position", "rule", "effect", "name"])
    blocking_first = first.sort_values("severity", ascending=False, kind="stable")
    return blocking_first.drop_duplicates(["position", "rule", "name"]).drop(columns="name")


def _with_effect(case: AssessmentInput, positions: NDArray[np.int64], effect: int) -> pd.DataFrame:
    chosen = ruled_hits(case, effect)
    chosen = chosen[np.isin(case.hits.position[chosen], positions)]
    position, area, measure = (one[chosen] for one in (case.hits.position, case.hits.area, case.hits.measure))
    areas = case.areas.take(area).reset_index(drop=True)
    rows = case.minimums.take(case.limits.rows[effect, case.trips.profile[position], measure])
    first = np.maximum(micros(areas["from_utc"]), case.trips.starts[position]) // MICROS_PER_HOUR * MICROS_PER_HOUR
    return pd.DataFrame(
        {
            "position": position,
            "name": areas["name"],
            "rule": np.array(MEASURES, dtype=object)[measure],
            "effect": EFFECTS[effect],
            "severity": AT_RISK if effect == BLOCK else WATCH,
            "unit": "",
            "hazard": [_words(*facts) for facts in zip(areas["name"], areas["base_ft"], areas["top_ft"], strict=True)],
            "airport": case.bookings["departure"].astype("str").to_numpy(dtype=object)[position],
            "hour_utc": pd.to_datetime(first, unit="us", utc=True),
            "layer": LAYERS[PREVAILING],
            "source": [_title(product) for product in areas["product"]],
            "group_from_utc": areas["from_utc"],
            "group_to_utc": areas["to_utc"],
            "reference": rows["reference"].to_numpy(dtype=object),
            "authority": rows["authority"].to_numpy(dtype=object),
        }
    )


def _words(name: str, base_ft: float, top_ft: float) -> str:
    return f"{name}, {band_words(base_ft, None if pd.isna(top_ft) else top_ft)}"


def _title(product: str | AreaProduct) -> str:
    return FACTS[product].title if is_area_product(product) else product
