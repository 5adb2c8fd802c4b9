"""Determine whether the platform can serve requests, and whether a fault is an outage that ends by itself."""

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from flightsched_pipelines.database import migrations
from flightsched_pipelines.database.engine import DatabaseUnavailableError, is_transient


def not_ready_because(engine: Engine) -> str | None:
    """Return why requests cannot be served now, in a sentence without secrets; ``None`` if they can."""
    try:
        migrations.require_current(engine)
    except migrations.SchemaError as error:
        return str(error)
    except (SQLAlchemyError, DatabaseUnavailableError):
        return "the database cannot be reached"
    except Exception as error:  # psycopg's own too, while a connection is made; every other fault is raised
        if is_transient(error):
            return "the database cannot be reached"
        raise
    return None


def is_outage(error: BaseException) -> bool:
    """Return whether a fault is the database's, and may be over in a moment."""
    return isinstance(error, DatabaseUnavailableError) or is_transient(error)
