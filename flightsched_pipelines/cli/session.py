"""Open the database of a command."""

from sqlalchemy import Engine

from flightsched_pipelines.cli.console import print_progress
from flightsched_pipelines.database import embedded, migrations
from flightsched_pipelines.database.engine import connect
from flightsched_pipelines.settings import Settings


def open_session() -> tuple[Settings, Engine]:
    """Return the settings, and a database with the newest schema."""
    settings = Settings()
    engine = connect(settings)
    migrations.require_current(engine)
    return settings, engine


def open_database(settings: Settings) -> Engine:
    """Return a database with the newest schema: the embedded one is upgraded, others must be current."""
    if settings.database_url is None:
        print_progress("starting the embedded database ...")
        embedded.start(settings.flightsched_home)
        engine = connect(settings)
        migrations.upgrade(engine)
        return engine
    engine = connect(settings)
    migrations.require_current(engine)
    return engine
