"""Dispatchers and managers are erased: what they did stays, and names nobody."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from flightsched_pipelines.services.retention import erasure
from flightsched_pipelines.services.retention.erasure import ErasureRefusedError
from flightsched_pipelines.settings import Settings
from flightsched_pipelines_tests.conftest import SEED_HOUR, administer, settings_for
from flightsched_pipelines_tests.integration.retention.test_erasure import do

OFFICE, OWN = "dispatch@school.example", "mona.manager@home.example"
DANA = "Dana O'Reilly-Zquez"
SESSION = (
    "INSERT INTO school.dispatcher_sessions (digest, school_id, name, address, signed_in_at, expires_at) "
    "VALUES ({digest}, {school}, {name}, :office, now(), now() + interval '1 day')"
)
ORDER = (
    "INSERT INTO school.responses (key, action, role, reason, dispatcher, door, received_at, outcome, sentence) "
    "VALUES ({key}, 'hold', 'dispatcher', 'fog, says ' || :dana, {who} || ' <' || :office || '>', 'board', now(), "
    "'applied', 'Held.')"
)


@pytest.fixture
def settings(seeded_engine: Engine, tmp_path: Path, server_home: Path) -> Iterator[Settings]:
    """Settings of a school with a manager, and three dispatchers who share an address."""
    do(
        seeded_engine,
        "UPDATE school.schools SET dispatch_email = :office, manager_email = :own WHERE id = (SELECT min(id) FROM "
        "school.schools)",
        *(
            SESSION.format(digest=f"'{place}'", school="(SELECT min(id) FROM school.schools)", name=name)
            for place, name in enumerate([":dana", "upper(:dana)", "'Sam'"])
        ),
        ORDER.format(key="'a'", who=":dana"), ORDER.format(key="'b'", who="'Sam'"),
        ORDER.format(key="'c'", who="'Kim'"),
        dana=DANA, office=OFFICE, own=OWN,
    )  # fmt: skip
    url = seeded_engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    yield settings_for(database_url=url, flightsched_home=tmp_path / "home")
    administer(server_home, f"DROP DATABASE IF EXISTS {seeded_engine.url.database}_dagster WITH (FORCE)")


def everything(engine: Engine) -> str:
    """Return the text of every row that may name one of the staff."""
    tables = ("schools", "responses", "dispatcher_sessions", "sign_in_links", "outbox", "erasures")
    with engine.connect() as connection:
        return "\n".join(
            str(row)
            for name in tables
            for row in connection.execute(text(f"SELECT t::text FROM school.{name} AS t"))  # noqa: S608, ours
        )


def erase(engine: Engine, settings: Settings, named: str) -> erasure.Erasure:
    person = erasure.find_person(engine, named)
    planned = erasure.erase(engine, settings, person, SEED_HOUR, dry_run=True)
    assert erasure.kept_by_law(engine, person, SEED_HOUR) == []
    done = erasure.erase(engine, settings, person, SEED_HOUR, dry_run=False)
    assert done == planned
    return done


def test_what_dispatchers_did_stays_without_their_names(seeded_engine: Engine, settings: Settings) -> None:
    done = erase(seeded_engine, settings, DANA.lower())
    assert (done.role, done.changed["school.dispatcher_sessions"]) == ("dispatcher", 2)
    assert "zquez" not in everything(seeded_engine).lower()
    with pytest.raises(ErasureRefusedError, match="was erased at 2026-11-10"):
        erasure.find_person(seeded_engine, f"dispatcher-{done.person_id}")

    sam = erase(seeded_engine, settings, f"Sam <{OFFICE}>")
    assert any("the person's name and address may be somebody else's" in note for note in sam.notes)
    kim = erase(seeded_engine, settings, "Kim")
    assert kim.person_id == 0, "no sign-in of theirs is kept"
    with seeded_engine.connect() as connection:
        orders = connection.execute(text("SELECT key, dispatcher, reason FROM school.responses ORDER BY key")).all()
        open_sessions = connection.execute(
            text("SELECT count(*) FROM school.dispatcher_sessions WHERE ended_at IS NULL")
        )
        assert open_sessions.scalar_one() == 0
    assert [tuple(order) for order in orders] == [
        (key, f"erased-dispatcher-{one.person_id}", "fog, says (erased)")
        for key, one in zip("abc", (done, sam, kim), strict=True)
    ]
    assert OFFICE in everything(seeded_engine), "the office's address is nobody's alone"


def test_a_manager_is_erased_and_so_may_be_the_next(seeded_engine: Engine, settings: Settings) -> None:
    first = erase(seeded_engine, settings, OWN.upper())
    assert (first.role, first.changed) == ("manager", {"school.schools": 1})
    assert OWN not in everything(seeded_engine)
    do(
        seeded_engine,
        "UPDATE school.schools SET manager_email = 'next@home.example' WHERE id = :id",
        id=first.person_id,
    )
    assert erase(seeded_engine, settings, f"manager-{first.person_id}") == first


def test_an_office_is_no_person(seeded_engine: Engine, settings: Settings) -> None:
    for named in (OFFICE, "dispatcher-99999", "manager-99999", "Nobody Atall"):
        with pytest.raises(
            ErasureRefusedError, match=f"there is nobody '{named}'; give an address, a dispatcher's name"
        ):
            erasure.find_person(seeded_engine, named)
    assert settings.database_url is not None
