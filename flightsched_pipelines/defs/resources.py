"""Resources of the assets: plain objects (an engine, a weather source, settings), made when a run begins."""

from collections.abc import Generator
from contextlib import contextmanager

import dagster as dg
from sqlalchemy import Engine

from flightsched_pipelines.clients.openai_ranker import OpenAIRanker
from flightsched_pipelines.clients.weather.weather_source import WeatherSource, weather_source
from flightsched_pipelines.database.engine import connect, require_tables
from flightsched_pipelines.services.hourly.ranking import ranker_of
from flightsched_pipelines.services.hourly.shards import Shards
from flightsched_pipelines.settings import Settings


class SettingsResource(dg.ConfigurableResource[Settings]):
    """The environment's settings, read when the run begins."""

    def create_resource(self, context: dg.InitResourceContext) -> Settings:  # noqa: ARG002, Dagster's signature
        """Read them."""
        return Settings()


class EngineResource(dg.ConfigurableResource[Engine]):
    """A connection pool to the application's database for the length of a run."""

    settings: dg.ResourceDependency[Settings]

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Generator[Engine]:  # noqa: ARG002, as above
        """Connect, and give every connection back when the run ends."""
        engine = connect(self.settings)
        try:
            require_tables(engine)
            yield engine
        finally:
            engine.dispose()


class ShardsResource(dg.ConfigurableResource[Shards]):
    """The processes among which the work on schools is divided, for the length of a run."""

    settings: dg.ResourceDependency[Settings]

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Generator[Shards]:  # noqa: ARG002, as above
        """Have as many as ``SCHOOL_SHARDS``, and end them when the run ends."""
        shards = Shards(self.settings.school_shards)
        try:
            yield shards
        finally:
            shards.close()


class WeatherSourceResource(dg.ConfigurableResource[WeatherSource]):
    """Return the weather source: live, simulated or recorded."""

    settings: dg.ResourceDependency[Settings]

    def create_resource(self, context: dg.InitResourceContext) -> WeatherSource:  # noqa: ARG002, as above
        """Choose by ``WEATHER_SOURCE``."""
        return weather_source(self.settings)


class RankerResource(dg.ConfigurableResource[OpenAIRanker | None]):
    """The LLM that ranks; nobody without ``OPENAI_API_KEY``."""

    settings: dg.ResourceDependency[Settings]

    def create_resource(self, context: dg.InitResourceContext) -> OpenAIRanker | None:  # noqa: ARG002, as above
        """Take key, model and limits from the settings."""
        return ranker_of(self.settings)
