"""The migrations make the schema that the code declares, there and back."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.schema import CreateSchema

from flightsched_pipelines.database import migrations
from flightsched_pipelines.database.schema import PIPELINE_TABLES, SCHEMAS, metadata
from flightsched_pipelines.domain.rescheduling.availability import AVAILABILITY_COLUMNS
from flightsched_pipelines.domain.rescheduling.frames import PROPOSAL_COLUMNS
from flightsched_pipelines.domain.rescheduling.preferences import PREFERENCE_COLUMNS
from flightsched_pipelines.domain.rescheduling.ranking.apply_ranking import RANKED_COLUMNS
from flightsched_pipelines.domain.rescheduling.search.candidates import CANDIDATE_COLUMNS, UNPLACEABLE_COLUMNS
from flightsched_pipelines.domain.rescheduling.solver.assignment import RUN_COLUMNS
from flightsched_pipelines.domain.risk.bookings import BOOKING_COLUMNS, FORM_COLUMNS, VERDICT_COLUMNS
from flightsched_pipelines.domain.risk.breaches import BROKEN_COLUMNS
from flightsched_pipelines.domain.verification.columns import VERDICT_PAIR_COLUMNS, VERIFICATION_COLUMNS
from flightsched_pipelines.domain.weather.areas.area_columns import AREA_COLUMNS
from flightsched_pipelines.domain.weather.forecast_columns import FORECAST_COLUMNS


def test_a_migrated_database_is_what_the_code_declares(engine: Engine) -> None:
    with engine.connect() as connection:
        options = {"include_schemas": True, "compare_server_default": True}
        differences = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)

    assert differences == []


def conditions(connection: Connection) -> set[tuple[str, ...]]:
    """Return table, name and text of each condition; the order within a list of words means nothing."""
    query = (
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE contype = 'c' AND connamespace = 'school'::regnamespace"
    )
    return {
        (of, name, *sorted(re.findall(r"[^\s,()\[\]]+", condition)))
        for of, name, condition in connection.execute(text(query))
    }


def test_the_conditions_of_a_migrated_database_are_those_that_the_code_declares(engine: Engine) -> None:
    with engine.connect() as connection:
        migrated = conditions(connection)
    migrations.downgrade(engine, "base")
    with engine.begin() as connection:
        for schema in SCHEMAS:
            connection.execute(CreateSchema(schema, if_not_exists=True))
        metadata.create_all(connection)
        assert conditions(connection) == migrated


def test_the_way_back_leaves_nothing_and_the_way_up_works_again(engine: Engine) -> None:
    migrations.downgrade(engine, "base")

    assert not set(SCHEMAS) & set(inspect(engine).get_schema_names())
    assert migrations.status(engine).current is None
    with pytest.raises(migrations.SchemaError, match="flightsched db upgrade"):
        migrations.require_current(engine)

    migrations.upgrade(engine)
    migrations.require_current(engine)


def test_the_revisions_files_are_alembics_chain(engine: Engine) -> None:
    scripts = ScriptDirectory(str(migrations.REVISIONS.parent))
    chain = [script.revision for script in scripts.walk_revisions()]
    files = sorted(path.name.partition("_")[0] for path in migrations.REVISIONS.glob("[0-9]*.py"))
    assert chain == files[::-1]
    assert migrations.status(engine) == migrations.Status(chain[0], chain[0], is_later=False)


def test_a_schema_of_a_later_version_serves_this_one_and_is_left_alone(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    migrations.require_current(engine)
    assert migrations.status(engine).is_later
    with pytest.raises(
        migrations.SchemaError, match=r"at 9999, of a later version than this one.*run the later version"
    ):
        migrations.upgrade(engine)
    assert migrations.status(engine).current == "9999"


def test_upgrades_at_the_same_time_take_turns(engine: Engine) -> None:
    migrations.downgrade(engine, "base")

    with ThreadPoolExecutor(3) as hands:
        for done in [hands.submit(migrations.upgrade, engine) for _ in range(3)]:
            done.result()

    migrations.require_current(engine)


def test_every_column_says_what_it_means() -> None:
    silent = [str(column) for table in metadata.tables.values() for column in table.columns if not column.comment]

    assert silent == []


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("forecasts", FORECAST_COLUMNS),
        ("observations", FORECAST_COLUMNS),
        ("hazard_areas", AREA_COLUMNS),
        ("forecast_verification", VERIFICATION_COLUMNS),
        ("verdict_verification", VERDICT_PAIR_COLUMNS),
        ("booking_snapshot", {**BOOKING_COLUMNS, **PREFERENCE_COLUMNS, **FORM_COLUMNS}),
        ("availability_snapshot", AVAILABILITY_COLUMNS),
        ("lesson_verdicts", VERDICT_COLUMNS),
        ("reference_snapshot", dict.fromkeys(("part", "digest", "rows"), "")),
        ("at_risk_bookings", BROKEN_COLUMNS),
        ("reschedule_candidates", CANDIDATE_COLUMNS),
        ("unplaceable_bookings", UNPLACEABLE_COLUMNS),
        ("reschedule_plan", PROPOSAL_COLUMNS),
        ("solver_runs", RUN_COLUMNS),
        ("reschedule_proposals", RANKED_COLUMNS),
    ],
)
def test_a_table_has_the_columns_of_its_frame(table: str, columns: dict[str, str]) -> None:
    assert [column.name for column in PIPELINE_TABLES[table].columns] == ["partition_hour", *columns]
