"""What can be wrong with a choice of weather source."""

from flightsched_pipelines.errors import PlainError


class WeatherSourceError(PlainError, ValueError):
    """The source of weather that was chosen cannot be used; the message says what, where and what to do."""
