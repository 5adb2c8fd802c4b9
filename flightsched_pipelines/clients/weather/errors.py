"""Errors of the choice of weather source."""

from flightsched_pipelines.errors import PlainError


class WeatherSourceError(PlainError, ValueError):
    """The chosen weather source cannot be used; the message says what, where and what to do."""
