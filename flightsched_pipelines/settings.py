"""Every environment variable this platform reads: its name, meaning, default and whether it is a secret.

Read by the floors that touch the world; the pure floors get values.
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings from the environment (or a ``.env`` file), each with a default that works with nothing set."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)

    database_url: SecretStr | None = Field(
        default=None, description="PostgreSQL URL; unset, an embedded server is started under FLIGHTSCHED_HOME."
    )
    flightsched_home: Path = Field(
        default=Path(".flightsched"), description="Folder for the embedded database and Dagster's local files."
    )
    database_pool_size: Annotated[int, Field(ge=1, le=100)] = Field(
        default=5, description="Connections kept open by each process."
    )
    database_statement_timeout_seconds: Annotated[float, Field(gt=0)] = Field(
        default=60, description="A statement that runs longer is cancelled."
    )
    database_connect_attempts: Annotated[int, Field(ge=1, le=20)] = Field(
        default=6, description="Attempts to connect, with back-off, before giving up."
    )

    weather_source: str = Field(
        default="simulated",
        description="live | simulated | recorded:DIR (a folder of stored answers in the providers' own JSON).",
    )
    aviation_weather_url: str = Field(
        default="https://aviationweather.gov/api/data", description="Base of NOAA's Aviation Weather Center data API."
    )
    open_weather_map_url: str = Field(
        default="https://api.openweathermap.org/data/3.0", description="Base of OpenWeatherMap's One Call 3.0 API."
    )
    openweathermap_api_key: SecretStr | None = Field(
        default=None, description="Key for OpenWeatherMap; unset, forecasts end where TAFs end."
    )
    weather_timeout_seconds: Annotated[float, Field(gt=0)] = Field(default=20, description="Time limit of one request.")
    weather_contact: str = Field(
        default="ops@example.com", description="Contact named in the User-Agent, as the Aviation Weather Center asks."
    )
    taf_max_distance_nm: Annotated[float, Field(ge=0)] = Field(
        default=30, description="How far away a TAF may speak for a field that has none, in nautical miles."
    )
    observation_max_age_minutes: Annotated[float, Field(gt=0)] = Field(
        default=90, description="An older METAR does not speak for the running hour."
    )

    lookahead_hours: Annotated[int, Field(ge=1, le=168)] = Field(
        default=72, description="How far ahead bookings are held against the forecast."
    )
    booking_buffer_minutes: Annotated[int, Field(ge=0, le=180)] = Field(
        default=30, description="Weather this long before and after a lesson counts too."
    )
    reschedule_horizon_days: Annotated[int, Field(ge=1, le=60)] = Field(
        default=14, description="How far ahead other times are looked for."
    )
    reschedule_earliest_hours: Annotated[int, Field(ge=0)] = Field(
        default=6, description="Notice that people get before a new time."
    )

    solver_effort: Annotated[float, Field(ge=0, le=600)] = Field(
        default=20,
        description="Bound of the solver's work in an hour, its deterministic seconds; 0 leaves it to the greedy rule.",
    )

    openai_api_key: SecretStr | None = Field(
        default=None, description="Key for OpenAI; unset, the planner ranks the alternatives."
    )
    openai_base_url: str | None = Field(default=None, description="Another server that speaks the Responses API.")
    openai_model: str = Field(default="gpt-4.1-mini", description="Model that ranks and explains.")
    openai_input_usd: Annotated[float, Field(ge=0)] = Field(
        default=0.40, description="The model's price, US dollars for a million tokens of input."
    )
    openai_cached_usd: Annotated[float, Field(ge=0)] = Field(
        default=0.10, description="The model's price, US dollars for a million tokens of cached input."
    )
    openai_output_usd: Annotated[float, Field(ge=0)] = Field(
        default=1.60, description="The model's price, US dollars for a million tokens of output."
    )
    openai_daily_budget_usd: Annotated[float, Field(ge=0)] = Field(
        default=5, description="What the LLM may cost in a UTC day; past it the planner ranks."
    )
    openai_requests_at_once: Annotated[int, Field(ge=1, le=500)] = Field(
        default=50, description="Requests that are out at the same time."
    )
    openai_timeout_seconds: Annotated[float, Field(gt=0)] = Field(
        default=30, description="Time limit of one request; it is tried three times."
    )
    openai_deadline_seconds: Annotated[float, Field(gt=0)] = Field(
        default=300, description="Time limit for all requests of an hour; what is left then, the planner ranks."
    )

    @field_validator("weather_source")
    @classmethod
    def _known_source(cls, source: str) -> str:
        if source in {"live", "simulated"} or (source.startswith("recorded:") and len(source) > len("recorded:")):
            return source
        raise ValueError(f"WEATHER_SOURCE is '{source}'; set it to live, simulated or recorded:DIR")
