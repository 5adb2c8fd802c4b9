"""A name, an address or a number is found in any form and any column, and no part of something longer is."""

import json

from sqlalchemy import Engine, text

from flightsched_pipelines.database.queries.retention.mentions import replace_mentions
from flightsched_pipelines.domain.retention.identifiers import ERASED, is_telling, mention_of
from flightsched_pipelines_tests.integration.retention.test_erasure import do

NASTY = [
    "O'Neil Ann", 'A "B" C', "a\\b c", "Łukasz Żak", "(x) [y]", "a.b c*d", "ann+1@x.com", "+1 (650) 555-0100",
    "日本 太郎", "$1 \\1 name", "tab\tname x", "%s {0} _x", "-Ann Lee-", "İstanbul Ünal",
]  # fmt: skip
"""Names, addresses and numbers that regular expressions, JSON, SQL and lists write in another way."""


def test_any_name_is_found_in_any_form_and_no_part_of_a_longer_one(engine: Engine) -> None:
    do(
        engine,
        "CREATE TABLE forms (a text, b jsonb, c json, d text[], e text)",
        "CREATE TABLE others (a text, b jsonb)",
    )
    for name in NASTY:
        assert is_telling(name)
        do(engine, "TRUNCATE forms, others")
        with engine.begin() as connection:
            lines = {"said": f"first\n{name}\tlast", "deep": json.dumps({"n": name})}
            connection.execute(
                text("INSERT INTO forms VALUES (:plain, CAST(:json AS jsonb), CAST(:json AS json), ARRAY['x', :plain], "
                     ":ascii)"),
                {"plain": f"<{name}>", "json": json.dumps(lines, ensure_ascii=False), "ascii": json.dumps(lines)},
            )  # fmt: skip
            longer = f"x{name}" if name[0].isalnum() else f"{name}9"
            if name[0].isascii() and (name[0].isalnum() or name[-1].isalnum()):
                connection.execute(text("INSERT INTO others VALUES (:one, NULL)"), {"one": longer})
            mention = mention_of([name])
            assert mention is not None
            changed = replace_mentions(connection, mention)
            assert changed == {"public.forms": 5}, name
            left = connection.execute(text("SELECT forms::text FROM forms")).scalar_one()
            assert left.count(ERASED) == 8, left
            assert set(connection.execute(text("SELECT a FROM others")).scalars()) <= {longer}


def test_capitals_do_not_hide_a_name_and_a_wildcard_of_like_finds_only_itself(engine: Engine) -> None:
    do(engine, "CREATE TABLE said (a text)", "INSERT INTO said VALUES ('ann LEE_1'), ('ANN lee_1'), ('Ann Leeb1')")
    mention = mention_of(["Ann Lee_1"])
    assert mention is not None
    with engine.begin() as connection:
        assert replace_mentions(connection, mention, dry_run=True) == {"public.said": 2}
        assert replace_mentions(connection, mention) == {"public.said": 2}
        left = connection.execute(text("SELECT a FROM said ORDER BY a")).scalars().all()
    assert left == [ERASED, ERASED, "Ann Leeb1"]


def test_a_single_word_or_a_short_number_is_not_searched_for() -> None:
    assert [one for one in ("run", "Ada", "Ada\u00a0L", "12345", "ada@x", "555 0173 1") if is_telling(one)] == [
        "Ada\u00a0L", "ada@x", "555 0173 1",
    ]  # fmt: skip
    assert mention_of([]) is None
