"""What can be wrong with a choice of weather source."""


class WeatherSourceError(ValueError):
    """The source of weather that was chosen cannot be used; the message says what, where and what to do."""
