"""Tokens of the live stream at the terminal: made, listed, revoked, and shown once."""

import json

from sqlalchemy import Engine, text

from flightsched_pipelines.cli.reference import JSON_FIELDS
from flightsched_pipelines.services.live.tokens import listener_of
from flightsched_pipelines_tests.integration.cli.conftest import Type

SCHOOL = ("--school", "palo alto flight school")


def test_a_token_is_made_listed_and_revoked(flightsched: Type, seeded: Engine) -> None:
    assert "No tokens yet" in flightsched("token", "list").out
    made = json.loads(flightsched("token", "make", "wall display", *SCHOOL, "--json").out)
    assert tuple(made) == JSON_FIELDS["token make"][1]
    with seeded.connect() as connection:
        address = connection.execute(text("SELECT email FROM school.students WHERE id = 1")).scalar_one()
        stored = str(connection.execute(text("SELECT * FROM school.api_tokens")).all())
    assert made["token"] not in stored

    shown = flightsched("token", "make", "my phone", *SCHOOL, "--person", address.upper()).out
    own = listener_of(seeded, shown.split()[-1])
    assert own is not None
    assert own.audience.person == "student-1"
    listed = json.loads(flightsched("token", "list", "--json").out)
    assert tuple(listed[0]) == JSON_FIELDS["token list"][1]
    assert [one["role"] for one in listed] == [None, "student"]
    assert made["token"] not in flightsched("token", "list").out
    assert "wall display" in flightsched("token", "list").out

    assert "is revoked" in flightsched("token", "revoke", str(made["token_id"])).out
    assert listener_of(seeded, made["token"]) is None
    assert "no valid token" in flightsched("token", "revoke", str(made["token_id"])).err


WRONG = (
    (("make", "x", "--school", "nowhere"), "there is no school named 'nowhere'; the schools are: "),
    (("make", " ", *SCHOOL), "the name is missing"),
    (("make", "x" * 201, *SCHOOL), "the name has 201 characters"),
    (("make", "x", *SCHOOL, "--person", "nobody@example.com"), "nobody of palo alto flight school has the address"),
    (("revoke", "9" * 22), "there is no valid token 9999"),
    (("revoke", "--", "-1"), "there is no valid token -1"),
)


def test_a_wrong_command_is_told_in_one_sentence(flightsched: Type, seeded: Engine) -> None:
    for typed, told in WRONG:
        refused = flightsched("token", *typed)
        assert (refused.code, told in " ".join(refused.err.split())) == (2, True), (typed, refused.err)
    assert listed(seeded) == []


def listed(engine: Engine) -> list[object]:
    """Return the stored tokens."""
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT id FROM school.api_tokens")).scalars())
