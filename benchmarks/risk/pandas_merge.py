"""The assessment on pandas: bookings exploded to places and hours, merged with the forecast, grouped.

Forecast rows become one row an airport and hour first, with the worst of the prevailing and of all groups side by
side; the minimums become one row a profile. The merge is made in chunks of bookings: as a whole it takes many
gigabytes.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.risk import data
from benchmarks.risk.data import BUFFER_MINUTES, FIRST_HOUR_UTC, World
from flightsched_pipelines.domain.risk.rules import ALTITUDES_FT
from flightsched_pipelines.domain.weather.conditions import CONVECTIVE, FREEZING, HAZARDS, WIND_SHEAR
from flightsched_pipelines.domain.weather.reports.words.weather_codes import read_weather

CHUNK = 100_000
"""Number of bookings merged at once."""

load = data.load

_FIRST = pd.Timestamp(FIRST_HOUR_UTC)
_HOUR = pd.Timedelta(hours=1)
_BUFFER = pd.Timedelta(minutes=BUFFER_MINUTES)
_PROFILE = ["school_id", "training_level", "solo", "lesson_kind", "night"]
_NO_SCHOOL = -1
_AT_LEAST = ("visibility", "ceiling")
_AT_MOST = ("wind", "gust", "gust_spread", "crosswind")
_HAZARDS = ("thunderstorm", "wind_shear", "icing", "aircraft_crosswind")
_APPROACH = {"visibility": "approach_visibility_sm", "ceiling": "approach_ceiling_ft"}
_OK, _WATCH, _UNKNOWN, _AT_RISK = range(4)


def assess(world: World) -> NDArray[np.uint8]:
    """The verdict of each booking as its number, in the order of the bookings."""
    lit = _lit(world)
    limits = _limits(lit, world.minimums)
    held = lit.join(limits, on="profile").reset_index(names="position")
    cells = _cells(world)
    chunks = [held.iloc[begin : begin + CHUNK] for begin in range(0, len(held), CHUNK)]
    worst = np.concatenate([_worst_hour(chunk, cells) for chunk in chunks])
    light = held["light"]
    dark = np.select(
        [light < held["daylight_block"], light.isna() | ~held["judged"], light < held["daylight_warn"]],
        [_AT_RISK, _UNKNOWN, _WATCH],
        _OK,
    )
    return np.maximum(worst, dark).astype(np.uint8)


def _lit(world: World) -> pd.DataFrame:
    """Bookings with their hours, the light that is left in minutes, and the number of their profile."""
    bookings = world.bookings
    starts, ends = bookings["starts_at_utc"], bookings["ends_at_utc"]
    route = bookings["route"]
    destination = route.str[-1].fillna(bookings["departure"])
    here, there = (_suns(world, ident, starts) for ident in (bookings["departure"], destination))
    light = (starts - here["sunrise_utc"]).where(starts < here["sunrise_utc"], there["sunset_utc"] - ends)
    light = light.where(here["sunrise_utc"].notna() & there["sunset_utc"].notna())
    by_day = (starts >= here["dawn_utc"]) & (ends <= here["dusk_utc"])
    past = (starts < _FIRST) | (ends <= starts)
    first = ((starts - _BUFFER - _FIRST) // _HOUR).clip(lower=0).mask(past, -1)
    last = -((_FIRST - ends - _BUFFER) // _HOUR) - 1
    lit = pd.DataFrame(
        {
            "school_id": bookings["school_id"].fillna(_NO_SCHOOL).astype(np.int64),
            "training_level": bookings["training_level"],
            "solo": bookings["solo"],
            "lesson_kind": bookings["lesson_kind"],
            "night": ~by_day,
            "departure": bookings["departure"],
            "route": route,
            "aircraft_crosswind_kt": bookings["aircraft_crosswind_kt"],
            "first": first,
            "last": np.maximum(first, last),
            "light": light.dt.total_seconds() / 60,
        }
    ).reset_index(drop=True)
    lit["profile"] = lit.groupby(_PROFILE).ngroup()
    return lit


def _suns(world: World, ident: pd.Series, starts: pd.Series) -> pd.DataFrame:
    """The sun over an airport on the solar day of each booking's start."""
    airports = world.airports.set_index("airport")
    minutes = (4 * airports["longitude_deg"].fillna(0)).round()
    offset = pd.to_timedelta(ident.map(minutes).fillna(0), unit="min")
    day = (starts + offset).dt.tz_localize(None).dt.normalize()
    suns = world.suns.assign(day=pd.to_datetime(world.suns["solar_date"]).astype(day.dtype))
    suns = suns.drop(columns="solar_date")
    wanted = pd.DataFrame({"airport": ident, "day": day})
    return wanted.merge(suns, on=["airport", "day"], how="left").set_axis(ident.index)


def _limits(lit: pd.DataFrame, minimums: pd.DataFrame) -> pd.DataFrame:
    """A row a profile: the strictest limit a rule and effect, ``_watch`` of both effects, and its unlimited rules."""
    profiles = lit.drop_duplicates("profile")[["profile", *_PROFILE]]
    toward = minimums["comparison"].map({">": np.inf, "<": -np.inf}).to_numpy(dtype=np.float64)
    limit = minimums["limit_value"].to_numpy()
    rules = minimums.assign(limit=np.where(np.isnan(toward), limit, np.nextafter(limit, toward)))
    rules = rules[[*_PROFILE, "authority", "rule", "effect", "limit"]]
    general, own_rules = rules[rules["school_id"].isna()], rules[rules["school_id"].notna()]
    pairs = pd.concat(
        [
            profiles.merge(general.drop(columns="school_id"), how="cross", suffixes=("", "_of")),
            profiles.merge(own_rules.astype({"school_id": np.int64}), on="school_id", suffixes=("", "_of")),
        ],
        ignore_index=True,
    )
    applies = np.ones(len(pairs), dtype=bool)
    for name in _PROFILE[1:]:
        wanted = pairs[f"{name}_of"]
        applies &= (wanted.isna() | (wanted == pairs[name]).fillna(value=False)).to_numpy(dtype=bool)
    applying = pairs[applies]
    of_school = (applying["authority"] == "school") & (applying["effect"] == "block")
    is_own = of_school.groupby([applying["profile"], applying["rule"]]).transform("any")
    counting = applying[(applying["authority"] != "default") | ~is_own]
    blocking, warning = (counting[counting["effect"] == effect] for effect in ("block", "warn"))
    parts = [
        _strictest(blocking, _AT_LEAST, "max", "block"),
        _strictest(blocking, _AT_MOST, "min", "block"),
        _strictest(counting, _AT_LEAST, "max", "watch"),
        _strictest(counting, _AT_MOST, "min", "watch"),
        _strictest(blocking, ("daylight",), "max", "block"),
        _strictest(warning, ("daylight",), "max", "warn"),
    ]
    limits = pd.concat([profiles.set_index("profile")[[]], *parts], axis=1)
    for rule in _HAZARDS:
        for suffix, rows in (("block", blocking), ("watch", counting)):
            limits[f"{rule}_{suffix}"] = limits.index.isin(rows.loc[rows["rule"] == rule, "profile"])
    return limits.assign(judged=limits.index.isin(blocking["profile"]))


def _strictest(rows: pd.DataFrame, rules: tuple[str, ...], stricter: str, suffix: str) -> pd.DataFrame:
    chosen = rows[rows["rule"].isin(rules)]
    wide = chosen.pivot_table(index="profile", columns="rule", values="limit", aggfunc=stricter)
    return wide.reindex(columns=list(rules)).add_suffix(f"_{suffix}")


def _cells(world: World) -> pd.DataFrame:
    """One row an airport and hour: ``_lasting`` is the worst of the prevailing groups, ``_any`` of all."""
    forecasts = world.forecasts
    counts = forecasts["governs"] & (forecasts["hour_utc"] >= _FIRST)
    rows = forecasts[counts & forecasts["airport"].isin(world.airports["airport"])]
    speed = rows["wind_speed_kt"]
    gust = rows["wind_gust_kt"].fillna(speed).clip(lower=speed)
    codes = rows["hazards"].map(frozenset)
    falls = {word: _falls(word) for word in rows["weather"].unique()}
    base = rows["ceiling_ft"].mask(rows["weather"].map(falls).astype(bool), 0.0)
    temperature = rows["temperature_c"]
    freezing = codes.map(lambda found: not found.isdisjoint(FREEZING))
    prevailing = rows["layer"] == "prevailing"
    known = frozenset(HAZARDS)
    lacking = (rows["missing"].map(len) > 0) | speed.isna() | rows["visibility_sm"].isna()
    read = pd.DataFrame(
        {
            "visibility": rows["visibility_sm"],
            "ceiling": rows["ceiling_ft"],
            "wind": speed,
            "gust": gust,
            "gust_spread": gust - speed,
            "crosswind": (gust * _share_across(world, rows)).where(speed.notna()),
            "thunderstorm": codes.map(lambda found: not found.isdisjoint(CONVECTIVE)),
            "wind_shear": codes.map(lambda found: not found.isdisjoint(WIND_SHEAR)),
            **{
                f"icing_{kind}": freezing
                | (base <= altitude) & (temperature - 0.002 * altitude <= 0) & (temperature - 0.002 * base >= -20)
                for kind, altitude in ALTITUDES_FT.items()
            },
        }
    )
    key = [rows["airport"], ((rows["hour_utc"] - _FIRST) // _HOUR).rename("hour")]
    worse = {name: "min" if name in _AT_LEAST else "max" for name in read}
    any_group = read.groupby(key).agg(worse).add_suffix("_any")
    lasting_key = [one[prevailing] for one in key]
    lasting = read[prevailing].groupby(lasting_key).agg(worse).add_suffix("_lasting")
    cells = any_group.join(lasting)
    lacks = (lacking | codes.map(lambda found: not found <= known)).groupby(key).any()
    cells["complete"] = cells.index.isin(lasting.index) & ~lacks.reindex(cells.index)
    flags = [f"{name}_{suffix}" for name in read.columns[6:] for suffix in ("lasting", "any")]
    cells[flags] = cells[flags].fillna(value=False).astype(bool)
    approach = world.airports.set_index("airport")[list(_APPROACH.values())]
    return cells.join(approach, on="airport").reset_index()


def _falls(word: str) -> bool:
    read = read_weather(word)
    return read.precipitation or not read.legible


def _share_across(world: World, rows: pd.DataFrame) -> NDArray[np.float64]:
    """The share of each row's wind that is across the runway end with the best headwind; 1 if none is known."""
    ends = world.runways.loc[~world.runways["closed"], ["airport", "heading_true_deg"]]
    winds = rows[["airport", "wind_direction_deg"]].dropna().drop_duplicates()
    pairs = winds.merge(ends, on="airport")
    angle = np.radians(pairs["wind_direction_deg"] - pairs["heading_true_deg"])
    pairs = pairs.assign(ahead=np.cos(angle), share=np.sin(angle).abs())
    best = pairs.loc[pairs.groupby(["airport", "wind_direction_deg"])["ahead"].idxmax()]
    shares = best[["airport", "wind_direction_deg", "share"]]
    return rows.merge(shares, on=["airport", "wind_direction_deg"], how="left")["share"].fillna(1.0).to_numpy()


def _worst_hour(held: pd.DataFrame, cells: pd.DataFrame) -> NDArray[np.int64]:
    """The worst hour of each of some bookings."""
    departures = held[["position", "departure"]].rename(columns={"departure": "airport"})
    on_route = held[["position", "route"]].explode("route").dropna().rename(columns={"route": "airport"})
    places = pd.concat([departures, on_route]).drop_duplicates()
    narrow = held.drop(columns=["departure", "route", *_PROFILE[:1], "night", "light", "profile"])
    places = places.merge(narrow, on="position")
    lengths = (places["last"] - places["first"] + 1).to_numpy()
    hours = places.loc[places.index.repeat(lengths)]
    hours["hour"] = hours["first"] + hours.groupby(level=0).cumcount()
    return _severity(hours.merge(cells, on=["airport", "hour"], how="left")).groupby("position").max().to_numpy()


def _severity(hours: pd.DataFrame) -> pd.Series:
    """The severity of each hour at a place."""
    solo = hours["solo"].to_numpy()
    instrument = (hours["training_level"] == "instrument_rated").to_numpy()

    def grave(name: str) -> NDArray[np.generic]:
        """The groups that count in full: for solo flights every group, for others the prevailing ones."""
        return np.where(solo, hours[f"{name}_any"], hours[f"{name}_lasting"])

    def holds(name: str) -> NDArray[np.bool_]:
        return (hours[name] == True).to_numpy(dtype=bool)  # noqa: E712, it may be missing

    at_risk, watch = np.zeros(len(hours), dtype=bool), np.zeros(len(hours), dtype=bool)
    for rule in _AT_LEAST:
        approach = np.where(instrument, hours[_APPROACH[rule]], np.nan)
        at_risk |= grave(rule) < np.fmax(hours[f"{rule}_block"], approach)
        watch |= (hours[f"{rule}_any"] < np.fmax(hours[f"{rule}_watch"], approach)).to_numpy()
    for rule in _AT_MOST:
        at_risk |= grave(rule) > hours[f"{rule}_block"].to_numpy()
        watch |= (hours[f"{rule}_any"] > hours[f"{rule}_watch"]).to_numpy()
    own = hours["aircraft_crosswind_kt"].to_numpy()
    kind = hours["lesson_kind"]
    icing = np.select(
        [kind == "pattern", kind == "local"], [holds("icing_pattern_any"), holds("icing_local_any")],
        holds("icing_cross_country_any"),
    )  # fmt: skip
    thunderstorm, shear = holds("thunderstorm_any"), holds("wind_shear_any")
    hazards = {
        "thunderstorm": (thunderstorm, thunderstorm),
        "icing": (icing, icing),
        "wind_shear": (np.where(solo, shear, holds("wind_shear_lasting")), shear),
        "aircraft_crosswind": (grave("crosswind") > own, hours["crosswind_any"].to_numpy() > own),
    }
    for rule, (full, slight) in hazards.items():
        at_risk |= full & hours[f"{rule}_block"].to_numpy()
        watch |= slight & hours[f"{rule}_watch"].to_numpy()
    severity = np.select([at_risk, ~holds("complete"), watch], [_AT_RISK, _UNKNOWN, _WATCH], _OK)
    return pd.Series(severity, index=hours["position"])
