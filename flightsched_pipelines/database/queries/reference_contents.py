"""Contents that hours share: stored once under their digest, however many hours depend on them."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Engine, select
from sqlalchemy.dialects.postgresql import insert as upsert

from flightsched_pipelines.database.frames import require_kept
from flightsched_pipelines.database.schema import PIPELINE_TABLES, reference_contents


def store(engine: Engine, texts: Mapping[str, str]) -> None:
    """Store contents by their digests; existing ones are left unchanged."""
    rows = [{"digest": digest, "content": text} for digest, text in sorted(texts.items())]
    with engine.begin() as connection:
        connection.execute(upsert(reference_contents).on_conflict_do_nothing(), rows)


def of_hour(engine: Engine, hour_utc: datetime) -> dict[str, str]:
    """Return the content of each part that an hour depends on; empty if it stored none."""
    snapshot = PIPELINE_TABLES["reference_snapshot"].c
    query = (
        select(snapshot.part, reference_contents.c.content)
        .join(reference_contents, reference_contents.c.digest == snapshot.digest)
        .where(snapshot.partition_hour == hour_utc)
    )
    with engine.connect() as connection:
        require_kept(connection, ["reference_snapshot"], [hour_utc])
        return {row.part: row.content for row in connection.execute(query)}
