"""A report's facts, made up."""

from datetime import UTC, date, datetime, timedelta

from flightsched_pipelines.domain.verification.scores import Contingency, ProbabilityBin, binary_scores
from flightsched_pipelines.reporting.metrics import METRICS
from flightsched_pipelines.reporting.models import AlertPeriod, Funnel, Latency, Loss, Report, RiskMap, VerdictCounts
from flightsched_pipelines.reporting.verification.models import EventReliability, EventSkill, ForecastRecord

HOUR = timedelta(hours=1)
NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
AIRPORTS = ("KAPA", "KBJC", "KCOS", "KLVK", "KMRY", "KPAO", "KSJC", "KSTS")


def _curve(n: int, key: str) -> float:
    seed = (n * 7 + len(key) * 13) % 11
    if "percent" in key:
        return 0.0 if n % 17 else 2.5
    if "error" in key or "dead" in key or "throttles" in key:
        return float(n % 23 == 0)
    return 8 + seed + (25 if n == 31 and "duration" in key else 0)


def busy(hour_utc: datetime = NOON) -> Report:
    """Return a report of an hour in which everything has something to show."""
    hours = [hour_utc + n * HOUR for n in range(72)]
    worst = {
        (airport, hour): ("at_risk", "watch", "unknown")[(row + n // 5) % 3]
        for row, airport in enumerate(AIRPORTS)
        for n, hour in enumerate(hours)
        if (n + row * 3) % 24 in range(8 + row)
    }
    past = [hour_utc - n * HOUR for n in reversed(range(48))]
    return Report(
        hour_utc=hour_utc,
        made_at_utc=hour_utc + timedelta(minutes=20),
        environment="production",
        weather_source="simulated",
        lessons=112,
        risk=RiskMap(AIRPORTS, hours, worst),
        verdicts=[VerdictCounts(hour, 20 + (n * 3) % 17, n % 6, 14 + n % 9) for n, hour in enumerate(past)],
        funnel=Funnel(
            days=7, detected=184, proposed=171, accepted=122, confirmed=117, moved=116, kept=3, cleared=28, expired=12,
            declined=6, cancelled=4, still_open=15,
        ),
        losses=[
            Loss("visibility", 70, 98.5, 14.0), Loss("crosswind", 41, 61.0, 9.5), Loss("ceiling", 33, 44.0, 6.0),
            Loss("thunderstorm", 22, 18.0, 7.5), Loss("daylight", 3, 4.5, 0),
        ],
        latencies=[
            Latency("detection … message sent", 171, 1.2, 9.4), Latency("detection … confirmation", 117, 96.0, 540.0),
            Latency("detection … moved", 0, None, None),
        ],
        series={key: [(hour, _curve(n, key)) for n, hour in enumerate(past) if n != 20] for key in METRICS},
        cost_by_day_usd=[(date(2026, 11, 4) + timedelta(days=n), 0.31 + 0.83 * n) for n in range(7)],
        budget_usd=5.0,
        alerts=[
            AlertPeriod("weather", "error", hour_utc - 130 * HOUR, hour_utc - 121 * HOUR, "3 failed, limit 25 %"),
            AlertPeriod("llm", "warn", hour_utc - 70 * HOUR, hour_utc - 64 * HOUR, "Throttles: 7, limit 5"),
            AlertPeriod("weather", "warn", hour_utc - 40 * HOUR, hour_utc - 39 * HOUR, "Not covered: 2, limit 0"),
            AlertPeriod("delivery", "error", hour_utc - 3 * HOUR, None, "Messages undelivered: 12 %, limit 5"),
        ],
        forecasts=forecasts(),
    )  # fmt: skip


def forecasts() -> ForecastRecord:
    """Return verified forecasts of three sources: TAFs best at first, One Call forecasting too much."""
    events = ("ceiling below 1,000 ft", "visibility below 3 SM")
    kinds = [
        (source, event, lead, Contingency(hits - 4 * lead // 3, 60 + lead, false_alarms + lead, 4_000))
        for event in events
        for source, hits, false_alarms in (("NBH", 120, 70), ("OpenWeatherMap", 90, 150), ("TAF", 140, 60))
        for lead in (1, 3, 6, 12, 24)
    ]
    scored = binary_scores([table for *_, table in kinds])
    bins = [ProbabilityBin(0, 4_200, 90), ProbabilityBin(30, 160, 33), ProbabilityBin(50, 110, 31),
            ProbabilityBin(100, 260, 150)]  # fmt: skip
    few = [ProbabilityBin(0, 4_300, 150), ProbabilityBin(100, 180, 84)]
    return ForecastRecord(
        30,
        [EventSkill(*kind[:3], scores) for kind, scores in zip(kinds, scored, strict=True)],
        [EventReliability(source, event, 6, of) for event in events for source, of in (("TAF", bins), ("NBH", few))],
    )


def empty(hour_utc: datetime = NOON) -> Report:
    """Return the report of the first hour of a new school: nothing has happened yet."""
    return Report(
        hour_utc=hour_utc, made_at_utc=hour_utc + timedelta(minutes=20), environment="development",
        weather_source="simulated", lessons=0, risk=RiskMap((), [hour_utc + n * HOUR for n in range(72)], {}),
        verdicts=(), funnel=Funnel(7, *[0] * 11), losses=(), latencies=(), series={},
        cost_by_day_usd=(), budget_usd=None, alerts=(), forecasts=ForecastRecord(30),
    )  # fmt: skip
