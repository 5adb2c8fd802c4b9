"""Text for dispatchers about weather that has been missing for hours, and about its end."""

from flightsched_pipelines.formatting import format_time, plural
from flightsched_pipelines.messages.models import Digest, MissingWeather


def title(digest: Digest) -> str:
    """Return the message's title."""
    missing = _missing(digest)
    if missing.over:
        return f"the forecast for {digest.school} is back"
    return f"{plural(len(missing.lessons), 'lesson')} at {digest.school} cannot be assessed, the forecast is missing"


def opening(digest: Digest) -> str:
    """Return the first paragraph: since when, and the consequences; or that it is over."""
    missing = _missing(digest)
    since = format_time(missing.since_utc, digest.time_zone)
    if missing.over:
        where = f" for {', '.join(missing.airports)}" if missing.airports else ""
        return f"The forecast{where} that was missing since {since} is back. Lessons are assessed again, hour by hour."
    return (
        f"Since {since} lessons cannot be compared with the school's minimums: {missing.why}. No message says that "
        "they are below or above them, and no lesson moves to a time whose forecast is missing. You will be notified "
        "once more, if a forecast comes before these lessons begin."
    )


def _missing(digest: Digest) -> MissingWeather:
    if digest.missing is None:
        raise ValueError("the digest is not about missing weather")
    return digest.missing
