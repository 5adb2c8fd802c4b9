"""Alembic's environment: it runs on the connection that is passed in."""

from alembic import context

from flightsched_pipelines.database.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, include_schemas=True, compare_server_default=True)
with context.begin_transaction():
    context.run_migrations()
