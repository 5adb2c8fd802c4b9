"""The settings of weather sources: addresses, keys, and how far and how long a report counts."""

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings

from flightsched_pipelines.setting_types import OptionalWebAddress, Secret, WeatherSource, WebAddress


class WeatherSettings(BaseSettings):
    """Settings of weather; `Settings` has them and all others."""

    weather_source: WeatherSource = Field(
        default="simulated",
        description="live | simulated | recorded:DIR (a folder of saved responses in the providers' own JSON).",
    )
    aviation_weather_url: WebAddress = Field(
        default="https://aviationweather.gov/api/data", description="Base of NOAA's Aviation Weather Center data API."
    )
    aviation_weather_cache_url: OptionalWebAddress = Field(
        default="https://aviationweather.gov/data/cache",
        description="Base of its cache files, taken for more than 400 stations; off for requests of 400 each.",
    )
    open_weather_map_url: WebAddress = Field(
        default="https://api.openweathermap.org/data/3.0", description="Base of OpenWeatherMap's One Call 3.0 API."
    )
    openweathermap_api_key: Secret | None = Field(
        default=None, description="Key for OpenWeatherMap; unset, forecasts end where TAFs end."
    )
    weather_timeout_seconds: Annotated[float, Field(gt=0, le=600)] = Field(
        default=20, description="Time limit of one request."
    )
    weather_contact: str = Field(
        default="ops@example.com", description="Contact named in the User-Agent, as the Aviation Weather Center asks."
    )
    taf_max_distance_nm: Annotated[float, Field(ge=0)] = Field(
        default=30, description="Maximum distance to a substitute TAF, in nautical miles."
    )
    taf_max_age_hours: Annotated[float, Field(ge=6, le=30)] = Field(
        default=8,
        description="An older TAF has missed its replacement, due every 6 h: its fair weather is not relied on.",
    )
    observation_max_age_minutes: Annotated[float, Field(gt=0, le=1440)] = Field(
        default=90, description="Older METARs are ignored."
    )
    guidance_url: OptionalWebAddress = Field(
        default="https://noaa-nbm-grib2-pds.s3.amazonaws.com",
        description="Base of the bulletins NBH and NBS of the National Blend of Models: NOAA's open-data bucket, or "
        "https://nomads.ncep.noaa.gov/pub/data/nccf/com/blend/prod; off for none.",
    )
    guidance_max_distance_nm: Annotated[float, Field(ge=0)] = Field(
        default=30, description="Maximum distance to a substitute station of the National Blend of Models, in NM."
    )
    guidance_max_age_hours: Annotated[float, Field(ge=2, le=7)] = Field(
        default=7, description="An older cycle of the National Blend of Models is not relied on."
    )
    guidance_least_percent: Annotated[float, Field(ge=1, le=100)] = Field(
        default=30,
        description="Guidance of at least this probability of thunder, freezing rain or ice pellets counts as a "
        "temporary group.",
    )
