"""PostgreSQL: engine, embedded server, schema, migrations, seed, frames, and queries by feature.

The only room that writes SQL, as SQLAlchemy Core. No decisions: a query returns rows, or records what it is given.
"""
