"""PostgreSQL: the schema, its migrations, connections, frames in and out, and the seed.

Belongs here: every line of SQL in this project, as SQLAlchemy Core.
Does not: judgement about weather or bookings; Dagster.
"""
