"""The assessment on Polars, lazily: bookings exploded to places and hours, joined with the forecast, grouped.

Forecast rows become one row an airport and hour first, with the worst of the prevailing and of all groups side by
side; the minimums become one row a profile.
"""

from functools import reduce

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.risk.data import BUFFER_MINUTES, FIRST_HOUR_UTC
from benchmarks.risk.tables import read_tables
from flightsched_pipelines.domain.risk.rules import ALTITUDES_FT
from flightsched_pipelines.domain.weather.conditions import CONVECTIVE, FREEZING, HAZARDS, WIND_SHEAR
from flightsched_pipelines.domain.weather.reports.words.weather_codes import read_weather

Tables = dict[str, pl.DataFrame]

load = read_tables

_FIRST = FIRST_HOUR_UTC.replace(tzinfo=None)
_HOUR = 3_600_000_000
_PROFILE = ("school_id", "training_level", "solo", "lesson_kind", "night")
_SUN_TIMES = ("dawn_utc", "sunrise_utc", "sunset_utc", "dusk_utc")
_AT_LEAST = ("visibility", "ceiling")
_AT_MOST = ("wind", "gust", "gust_spread", "crosswind")
_HAZARDS = ("thunderstorm", "wind_shear", *(f"icing_{kind}" for kind in ALTITUDES_FT))


def assess(tables: Tables) -> NDArray[np.uint8]:
    """The verdict of each booking as its number, in the order of the bookings."""
    lit = _lit(tables).collect()
    held = lit.lazy().join(
        _limits(lit, tables["minimums"]).lazy(), on=list(_PROFILE), how="left", nulls_equal=True, maintain_order="left"
    )
    hours = (
        held.with_columns(airport=pl.concat_list("departure", "route"), hour=pl.int_ranges("first", "last"))
        .drop("departure", "route", "destination", "first", "last")
        .explode("airport")
        .explode("hour")
        .join(_cells(tables).collect().lazy(), on=["airport", "hour"], how="left")
    )
    worst = hours.select("booking_id", severity=_severity()).group_by("booking_id").agg(pl.max("severity"))
    dark = (
        pl.when(pl.col("light") < pl.col("daylight_block"))
        .then(3)
        .when(pl.col("light").is_null() | pl.col("judged").is_null())
        .then(2)
        .when(pl.col("light") < pl.col("daylight_warn"))
        .then(1)
        .otherwise(0)
        .cast(pl.UInt8)
    )
    of_booking = held.select("booking_id", dark=dark).join(worst, on="booking_id", how="left", maintain_order="left")
    return of_booking.select(pl.max_horizontal("severity", "dark")).collect().to_series().to_numpy()


def _lit(tables: Tables) -> pl.LazyFrame:
    """Bookings with their hours (``last`` excluded), the light that is left in minutes, and whether it is night."""
    airports, suns = tables["airports"].lazy(), tables["suns"].lazy()
    offset = (4 * pl.col("longitude_deg").fill_null(0)).round().cast(pl.Int64)
    solar = airports.select("airport", offset=pl.duration(minutes=offset))
    starts, ends = pl.col("starts_at_utc"), pl.col("ends_at_utc")
    buffer = pl.duration(minutes=BUFFER_MINUTES)
    since = (starts - buffer - _FIRST).dt.total_microseconds() // _HOUR
    past = (starts < _FIRST) | (ends <= starts)
    until = -((_FIRST - ends - buffer).dt.total_microseconds() // _HOUR)
    first = pl.when(past).then(-1).otherwise(pl.max_horizontal(since, 0))
    placed = (
        tables["bookings"].lazy().with_columns(destination=pl.col("route").list.last().fill_null(pl.col("departure")))
    )
    for place in ("departure", "destination"):
        placed = (
            placed.join(solar, left_on=place, right_on="airport", how="left", maintain_order="left")
            .with_columns(day=(starts + pl.col("offset").fill_null(pl.duration(minutes=0))).dt.date())
            .join(
                suns.rename({name: f"{place}_{name}" for name in _SUN_TIMES}),
                left_on=[place, "day"], right_on=["airport", "solar_date"], how="left", maintain_order="left",
            )
            .drop("offset", "day")
        )  # fmt: skip
    sunrise, sunset = pl.col("departure_sunrise_utc"), pl.col("destination_sunset_utc")
    light = pl.when(starts < sunrise).then(starts - sunrise).otherwise(sunset - ends)
    known = sunrise.is_not_null() & sunset.is_not_null()
    night = (starts < pl.col("departure_dawn_utc")) | (ends > pl.col("departure_dusk_utc"))
    return placed.select(
        "booking_id", "school_id", "training_level", "solo", "lesson_kind", "departure", "route", "destination",
        "aircraft_crosswind_kt",
        first=first,
        last=pl.max_horizontal(until, first + 1),
        light=pl.when(known).then(light.dt.total_microseconds() / 60e6),
        night=night.fill_null(value=True),
    )  # fmt: skip


def _limits(lit: pl.DataFrame, minimums: pl.DataFrame) -> pl.DataFrame:
    """A row a profile: the strictest limit a rule and effect, ``_watch`` of both effects, and its unlimited rules."""
    profiles = lit.select(_PROFILE).unique()
    limit = minimums["limit_value"].to_numpy()
    toward = minimums["comparison"].replace_strict({">": np.inf, "<": -np.inf}, default=None).to_numpy()
    strict = np.where(np.isnan(toward), limit, np.nextafter(limit, toward))
    rules = minimums.with_columns(limit=pl.Series(strict, nan_to_null=True))
    rules = rules.select(*_PROFILE, "rule", "effect", "authority", "limit")
    general, own_rules = rules.filter(pl.col("school_id").is_null()), rules.filter(pl.col("school_id").is_not_null())
    pairs = pl.concat(
        [
            profiles.join(general.drop("school_id"), how="cross", suffix="_of"),
            profiles.join(own_rules, on="school_id", suffix="_of"),
        ]
    )
    applying = pairs.filter(
        *(pl.col(f"{name}_of").is_null() | (pl.col(f"{name}_of") == pl.col(name)) for name in _PROFILE[1:])
    )
    own = ((pl.col("authority") == "school") & (pl.col("effect") == "block")).any().over([*_PROFILE, "rule"])
    counting = applying.filter((pl.col("authority") != "default") | ~own)

    def of(rule: str, effect: str | None = None) -> pl.Expr:
        chosen = pl.col("rule") == rule
        return pl.col("limit").filter(chosen if effect is None else chosen & (pl.col("effect") == effect))

    def has(rule: str, effect: str | None = None) -> pl.Expr:
        chosen = pl.col("rule") == rule
        return (chosen if effect is None else chosen & (pl.col("effect") == effect)).any()

    hazards = ("thunderstorm", "wind_shear", "icing", "aircraft_crosswind")
    return counting.group_by(_PROFILE).agg(
        pl.when((pl.col("effect") == "block").any()).then(statement=True).alias("judged"),
        of("daylight", "block").max().alias("daylight_block"),
        of("daylight", "warn").max().alias("daylight_warn"),
        *(of(rule, "block").max().alias(f"{rule}_block") for rule in _AT_LEAST),
        *(of(rule).max().alias(f"{rule}_watch") for rule in _AT_LEAST),
        *(of(rule, "block").min().alias(f"{rule}_block") for rule in _AT_MOST),
        *(of(rule).min().alias(f"{rule}_watch") for rule in _AT_MOST),
        *(has(rule, "block").alias(f"{rule}_block") for rule in hazards),
        *(has(rule).alias(f"{rule}_watch") for rule in hazards),
    )


def _cells(tables: Tables) -> pl.LazyFrame:
    """One row an airport and hour: ``_lasting`` is the worst of the prevailing groups, ``_any`` of all."""
    forecasts = tables["forecasts"].lazy()
    words = tables["forecasts"]["weather"].unique().to_list()
    read = [read_weather(word) for word in words]
    falls = pl.LazyFrame({"weather": words, "falls": [one.precipitation or not one.legible for one in read]})
    speed, gust = pl.col("wind_speed_kt"), pl.max_horizontal("wind_gust_kt", "wind_speed_kt")
    base = pl.when("falls").then(0.0).otherwise(pl.col("ceiling_ft"))
    temperature = pl.col("temperature_c")

    def says(codes: frozenset[str]) -> pl.Expr:
        return pl.col("hazards").list.set_intersection(sorted(codes)).list.len() > 0

    def icing(altitude_ft: float) -> pl.Expr:
        moist = (base <= altitude_ft) & (temperature - 0.002 * altitude_ft <= 0) & (temperature - 0.002 * base >= -20)
        return says(FREEZING) | moist.fill_null(value=False)

    unknown_code = pl.col("hazards").list.set_difference(list(HAZARDS)).list.len() > 0
    lacks = (pl.col("missing").list.len() > 0) | speed.is_null() | pl.col("visibility_sm").is_null()
    rows = (
        forecasts.filter(pl.col("governs") & (pl.col("hour_utc") >= _FIRST))
        .join(tables["airports"].lazy().select("airport"), on="airport", how="semi")
        .join(falls, on="weather", how="left")
        .join(_across(tables), on=["airport", "wind_direction_deg"], how="left")
        .select(
            "airport",
            hour=(pl.col("hour_utc") - _FIRST).dt.total_hours(),
            prevailing=pl.col("layer") == "prevailing",
            lacking=lacks | unknown_code,
            visibility="visibility_sm",
            ceiling="ceiling_ft",
            wind=speed,
            gust=gust,
            gust_spread=gust - speed,
            crosswind=pl.when(speed.is_not_null()).then(gust * pl.col("share").fill_null(1.0)),
            thunderstorm=says(CONVECTIVE),
            wind_shear=says(WIND_SHEAR),
            **{f"icing_{kind}": icing(altitude_ft) for kind, altitude_ft in ALTITUDES_FT.items()},
        )
    )  # fmt: skip
    worst = {"min": _AT_LEAST, "max": (*_AT_MOST, *_HAZARDS)}
    cells = rows.group_by("airport", "hour").agg(
        (pl.col("prevailing").any() & ~pl.col("lacking").any()).alias("complete"),
        *(
            getattr(pl.col(name).filter(chosen), worse)().alias(f"{name}{suffix}")
            for worse, names in worst.items()
            for name in names
            for suffix, chosen in (("_lasting", pl.col("prevailing")), ("_any", pl.lit(value=True)))
        ),
    )
    approach = tables["airports"].lazy().select("airport", "approach_visibility_sm", "approach_ceiling_ft")
    return cells.join(approach, on="airport", how="left")


def _across(tables: Tables) -> pl.LazyFrame:
    """The share of a wind that is across the runway end with the best headwind, an airport and direction a row."""
    ends = tables["runways"].lazy().filter(~pl.col("closed")).select("airport", "heading_true_deg")
    angle = (pl.col("wind_direction_deg") - pl.col("heading_true_deg")).radians()
    return (
        tables["forecasts"].lazy()
        .select("airport", "wind_direction_deg")
        .drop_nulls()
        .unique()
        .join(ends, on="airport")
        .group_by("airport", "wind_direction_deg")
        .agg(share=angle.sin().abs().get(angle.cos().arg_max()))
    )  # fmt: skip


def _severity() -> pl.Expr:
    """The severity of an hour at a place."""
    kind = pl.col("lesson_kind")
    instrument = pl.col("training_level") == "instrument_rated"
    at_risk: list[pl.Expr] = []
    watch: list[pl.Expr] = []
    for rule, approach in zip(_AT_LEAST, ("approach_visibility_sm", "approach_ceiling_ft"), strict=True):
        minimum = pl.when(instrument).then(pl.col(approach))
        at_risk.append(_grave(rule) < pl.max_horizontal(f"{rule}_block", minimum))
        watch.append(pl.col(f"{rule}_any") < pl.max_horizontal(f"{rule}_watch", minimum))
    for rule in _AT_MOST:
        at_risk.append(_grave(rule) > pl.col(f"{rule}_block"))
        watch.append(pl.col(f"{rule}_any") > pl.col(f"{rule}_watch"))
    own = pl.col("aircraft_crosswind_kt")
    icing = (
        pl.when(kind == "pattern").then("icing_pattern_any").when(kind == "local").then("icing_local_any")
        .otherwise("icing_cross_country_any")
    )  # fmt: skip
    hazards = {
        "thunderstorm": (pl.col("thunderstorm_any"), pl.col("thunderstorm_any")),
        "icing": (icing, icing),
        "wind_shear": (_grave("wind_shear"), pl.col("wind_shear_any")),
        "aircraft_crosswind": (_grave("crosswind") > own, pl.col("crosswind_any") > own),
    }
    for rule, (grave, slight) in hazards.items():
        at_risk.append(grave & pl.col(f"{rule}_block"))
        watch.append(slight & pl.col(f"{rule}_watch"))
    return (
        pl.when(_any_of(at_risk)).then(3)
        .when(pl.col("complete").is_null() | ~pl.col("complete")).then(2)
        .when(_any_of(watch)).then(1)
        .otherwise(0).cast(pl.UInt8)
    )  # fmt: skip


def _grave(rule: str) -> pl.Expr:
    """The groups that count in full: for solo flights every group, for others the prevailing ones."""
    return pl.when("solo").then(f"{rule}_any").otherwise(f"{rule}_lasting")


def _any_of(conditions: list[pl.Expr]) -> pl.Expr:
    return reduce(lambda one, other: one | other, (condition.fill_null(value=False) for condition in conditions))
