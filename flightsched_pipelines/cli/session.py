"""The database that a command works on."""

from sqlalchemy import Engine

from flightsched_pipelines.cli.console import print_progress
from flightsched_pipelines.database import embedded, migrations
from flightsched_pipelines.database.engine import connect
from flightsched_pipelines.settings import Settings


def open_session() -> tuple[Settings, Engine]:
    """The settings, and a database whose schema is the newest."""
    settings = Settings()
    engine = connect(settings)
    migrations.require_current(engine)
    return settings, engine


def open_database(settings: Settings) -> Engine:
    """A connection to a database whose schema is current: the embedded one is brought there, others must be."""
    if settings.database_url is None:
        print_progress("starting the embedded database ...")
        embedded.start(settings.flightsched_home)
        engine = connect(settings)
        migrations.upgrade(engine)
        return engine
    engine = connect(settings)
    migrations.require_current(engine)
    return engine
