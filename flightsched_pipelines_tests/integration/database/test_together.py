"""Statements sent as one return what each returns by itself, and change what each changes."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as holds_for
from hypothesis import strategies as st
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Double,
    Integer,
    MetaData,
    Table,
    Text,
    Time,
    insert,
    null,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import ProgrammingError

from flightsched_pipelines.database.given_rows import among, as_parameter, given, insert_given, is_one_of
from flightsched_pipelines.database.together import Together
from flightsched_pipelines_tests.conftest import clone, connected
from flightsched_pipelines_tests.examples import examples

COLUMNS = (
    Column("number", Integer), Column("key", BigInteger), Column("share", Double), Column("is_so", Boolean),
    Column("words", Text), Column("list_of", ARRAY(Text)), Column("at", DateTime(timezone=True)), Column("day", Date),
    Column("clock", Time), Column("body", JSONB),
)  # fmt: skip
KINDS = Table("kinds", MetaData(), *COLUMNS, prefixes=["TEMPORARY"])
WRITABLE = [column.name for column in COLUMNS if column.name not in {"day", "clock"}]

letters = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
instants = st.datetimes(datetime(1900, 1, 1), datetime(9998, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001, Hypothesis adds the zone
rows = st.fixed_dictionaries(
    {
        "number": st.none() | st.integers(-(2**31), 2**31 - 1),
        "key": st.none() | st.integers(-(2**63), 2**63 - 1),
        "share": st.none() | st.floats(),
        "is_so": st.none() | st.booleans(),
        "words": st.none() | letters,
        "list_of": st.none() | st.lists(letters, max_size=3),
        "at": st.none() | instants,
        "day": st.none() | st.dates(),
        "clock": st.none() | st.times(),
        "body": st.none() | st.dictionaries(letters, st.integers(-9, 9) | letters, max_size=2),
    }
)


@pytest.fixture(scope="module")
def connection(server_home: Path, templates: dict[str, str]) -> Iterator[Connection]:
    """A connection with a temporary table of every kind of column."""
    for url in clone(server_home, templates["migrated"]):
        for engine in connected(url):
            with engine.connect() as connection:
                KINDS.create(connection)
                yield connection


def _alike(one: object, other: object) -> bool:
    return one == other or all(isinstance(value, float) and math.isnan(value) for value in (one, other))


@examples(200, "a statement each, in one connection")
@holds_for(st.lists(rows, max_size=3))
def test_rows_are_read_as_the_driver_reads_them(connection: Connection, some: list[dict[str, Any]]) -> None:
    connection.execute(KINDS.delete())
    for row in some:
        connection.execute(insert(KINDS), row)
    query = select(KINDS)
    each = connection.execute(query).all()
    [found] = Together(rows=query).run(connection, {}).values()
    assert len(found) == len(each)
    for one, other in zip(found, each, strict=True):
        assert one._fields == tuple(column.name for column in COLUMNS)
        assert all(map(_alike, one, other)), (one, other)
        assert [type(value) for value in one] == [type(value) for value in other]


@examples(200, "a statement each, in one connection")
@holds_for(st.lists(rows, max_size=3))
def test_given_rows_are_stored_as_the_driver_stores_them(connection: Connection, some: list[dict[str, Any]]) -> None:
    finite = [{name: row[name] for name in WRITABLE} | {"share": None, "number": n} for n, row in enumerate(some)]
    connection.execute(KINDS.delete())
    connection.execute(insert_given("new", KINDS, WRITABLE), {"new": as_parameter(finite)})
    stored = select(*(KINDS.c[name] for name in WRITABLE)).order_by(KINDS.c.number)
    assert list(map(dict, connection.execute(stored).mappings())) == finite


def test_changes_are_made_whether_or_not_they_return_rows(connection: Connection) -> None:
    connection.execute(KINDS.delete())
    connection.execute(insert(KINDS), [{"number": 1, "words": "a"}, {"number": 2, "words": "b"}])
    new = given("new", number=Integer, words=Text)
    renamed = update(KINDS).where(KINDS.c.number == new.c.number).values(words=new.c.words)
    both = Together(
        renamed=renamed.returning(KINDS.c.number),
        marked=update(KINDS).where(among(KINDS.c.number, "marked")).values(is_so=True),
        before=select(KINDS.c.words).order_by(KINDS.c.words),
    )
    values = {"new": as_parameter([{"number": 1, "words": "c"}]), "marked": [2]}
    found = both.run(connection, values)
    assert [row.number for row in found["renamed"]] == [1]
    assert [row.words for row in found["before"]] == ["a", "b"], "all see what was there before"
    after = select(KINDS.c.number, KINDS.c.words, KINDS.c.is_so).order_by(KINDS.c.number)
    assert connection.execute(after).all() == [(1, "c", None), (2, "b", True)]


def test_what_could_be_misread_is_refused() -> None:
    with pytest.raises(ValueError, match="two columns of 'twice' have the same name"):
        Together(twice=union_all(*[select(KINDS.c.number, KINDS.c.number)] * 2))
    with pytest.raises(TypeError, match="cast it"):
        Together(untyped=select(null().label("nothing")))
    with pytest.raises(TypeError, match="timedelta cannot be part of a given row"):
        as_parameter([{"wait": timedelta(1)}])


def test_a_parameter_that_is_not_given_is_an_error_and_no_null(connection: Connection) -> None:
    both = Together(these=select(KINDS.c.number).where(among(KINDS.c.number, "these")))
    with connection.begin_nested(), pytest.raises(ProgrammingError, match="these"):
        both.run(connection, {})


def test_a_list_that_would_change_the_statements_text_is_refused() -> None:
    assert Together(some=select(KINDS.c.number).where(is_one_of(KINDS.c.words, ("a", "it's"))))
    with pytest.raises(ValueError, match="is_one_of"):
        Together(some=select(KINDS.c.number).where(KINDS.c.words.in_(["a", "b"])))


def test_words_that_are_spelled_out_are_found_whatever_their_letters(connection: Connection) -> None:
    words = ["it's", 'a "quote"', "50%", "back\\slash", ":name"]
    connection.execute(KINDS.delete())
    connection.execute(insert(KINDS), [{"number": n, "words": word} for n, word in enumerate(words)])
    query = select(KINDS.c.number).where(is_one_of(KINDS.c.words, words)).order_by(KINDS.c.number)
    expected = list(range(len(words)))
    assert [row.number for row in connection.execute(query)] == expected
    assert [row.number for row in Together(some=query).run(connection, {})["some"]] == expected
