"""A PostgreSQL of a benchmark's own."""

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from flightsched_pipelines.database import embedded, migrations
from flightsched_pipelines.database.engine import connect
from flightsched_pipelines.settings import Settings


@contextmanager
def migrated_database() -> Generator[tuple[Engine, Settings]]:
    """Yield connections to a migrated, empty database, and the settings that name it; it is removed afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(flightsched_home=Path(folder), weather_source="simulated")
        embedded.start(settings.flightsched_home)
        engine = connect(settings)
        try:
            migrations.upgrade(engine)
            yield engine, settings
        finally:
            engine.dispose()
            embedded.stop(settings.flightsched_home)
