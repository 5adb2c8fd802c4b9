"""A migration that makes an index on a table of before says what that holds up (docs/decisions/0062)."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MIGRATIONS = sorted((ROOT / "flightsched_pipelines" / "database" / "migrations" / "versions").glob("[0-9]*.py"))
LANDED = {
    "0006_answers": "lessons of a school, thousands",
    "0008_standby": "cases, thousands",
    "0020_imports": "people, aircraft and lessons, thousands",
    "0029_dispatch_board": "none: its own two tables, in a loop",
    "0042_verdicts_by_cause": "a row a lesson and lead time of the verified hours",
    "0051_gravest_breaches": "breaches, millions a year: it is left out where somebody made it before, concurrently",
}
"""Migrations from before the rule, and the rows of their tables."""

IN_SQL = re.compile(r"\bCREATE (?:UNIQUE )?INDEX ")


def locking_indexes(source: str) -> Iterator[str]:
    """Yield each table of before on which a migration makes an index; ``SQL`` where it is in words of SQL."""
    module = ast.parse(source)
    constants = {
        target.id: node.value.value
        for node in module.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    calls = [node for node in ast.walk(module) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]

    def named(call: ast.Call, place: int) -> str:
        word = call.args[place]
        return str(constants.get(word.id) if isinstance(word, ast.Name) else getattr(word, "value", None))

    made = {named(call, 0) for call in calls if ast.unparse(call.func) == "op.create_table"}
    upgrade = next(node for node in module.body if isinstance(node, ast.FunctionDef) and node.name == "upgrade")
    in_upgrade = {id(node) for node in ast.walk(upgrade)}
    for call in calls:
        if id(call) in in_upgrade and ast.unparse(call.func) == "op.create_index":
            table = named(call, 1)
            if table not in made:
                yield table
    if IN_SQL.search(source):
        yield "SQL"


def reason(source: str) -> str:
    """Return what a migration states as ``LOCKS``: why its indexes may hold up who writes."""
    found = re.search(r'^LOCKS = "(.+)"$', source, re.MULTILINE)
    return found[1] if found else ""


@pytest.mark.parametrize("file", MIGRATIONS, ids=lambda file: file.stem)
def test_an_index_on_a_table_of_before_says_what_it_holds_up(file: Path) -> None:
    source = file.read_text(encoding="utf-8")
    tables = list(locking_indexes(source))
    assert not tables or file.stem in LANDED or len(reason(source).split()) > 3, (
        f"{file.name} makes an index on {tables}, to which nobody can write meanwhile: state as LOCKS how many rows it "
        "has, and for how long"
    )


def test_the_rule_finds_what_it_is_about() -> None:
    head = "def upgrade():\n    "
    assert list(locking_indexes(head + "op.create_index('i', 'outbox', ['a'])")) == ["outbox"]
    assert list(locking_indexes(head + "op.execute('CREATE UNIQUE INDEX i ON school.outbox (a)')")) == ["SQL"]
    own = "op.create_table('t'); op.create_index('i', 't', ['a'])"
    assert list(locking_indexes(head + own)) == []
    assert not set(LANDED) - {file.stem for file in MIGRATIONS}
