"""Erase a person on request, everywhere: rows of their own, and every text that names them, in both databases.

Lessons, cases and their audit trail stay, of a person whom nothing names any more. Dagster's database comes first, then
the application's in one transaction: an interruption leaves the person findable, and the next time does all of it.
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from psycopg import errors
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import OperationalError

from flightsched_pipelines.clients.delivery.mail import remove_mails
from flightsched_pipelines.database.engine import dagster_url, ensure_dagster_database
from flightsched_pipelines.database.queries.retention import mentions, people, staff
from flightsched_pipelines.database.queries.retention.person import Person
from flightsched_pipelines.domain.retention.identifiers import ERASED, Mention, is_telling, mention_of
from flightsched_pipelines.errors import PlainError
from flightsched_pipelines.settings import Settings
from flightsched_pipelines.text import one_line

LAW = timedelta(days=3 * 366)
"""For three years an instructor keeps a record of the students endorsed for solo flight (14 CFR 61.189)."""

LONGEST_WAIT = timedelta(seconds=10)
"""The longest wait for a row that another process holds."""

LONGEST_STATEMENT = timedelta(minutes=15)
"""The longest search of one column of one table."""

NOT_SEARCHED = ("school.schools", "school.airports")
"""Tables of names that are a school's or a field's own, though a person may have the same."""


class ErasureRefusedError(PlainError, ValueError):
    """A person who cannot be erased now; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Endorsement:
    """A solo endorsement that the law wants kept: the student, what for, and its days."""

    student: str
    aircraft_type: str
    valid_from: str
    valid_until: str


@dataclass(frozen=True, slots=True)
class Erasure:
    """An erasure, or its dry run: the person's role and number, the rows changed by table, and what is left to do."""

    role: str
    person_id: int
    changed: dict[str, int]
    notes: list[str] = field(default_factory=list[str])


def find_person(engine: Engine, named: str) -> Person:
    """Return the person with an address, a dispatcher's name, or named as student-12, dispatcher-7 or manager-1.

    Raises:
        ErasureRefusedError: there is none, more than one, or it was erased before.
    """
    role, _, number = named.rpartition("-")
    with engine.connect() as connection:
        if role in {"student", "instructor", "dispatcher", "manager"} and number.isdecimal() and len(number) < 19:
            found = _numbered(connection, role, int(number))
        else:
            found = (
                people.find(connection, None, named)
                or staff.find_manager(connection, named)
                or staff.find_dispatcher(connection, named)
            )
        if not found:
            raise ErasureRefusedError(
                f"there is nobody '{named}'; give an address, a dispatcher's name as given at sign-in, or a number "
                "such as student-12"
            )
        if len(found) > 1:
            listed = ", ".join(f"{one.role}-{one.id}" for one in found)
            raise ErasureRefusedError(f"{len(found)} people are named '{named}'; give one of {listed}")
        if found[0].role != "manager" and (at := people.erased_at(connection, found[0])) is not None:
            raise ErasureRefusedError(f"{role}-{number} was erased at {at:%Y-%m-%d %H:%M}Z; nothing is left to erase")
    return found[0]


def _numbered(connection: Connection, role: str, number: int) -> Sequence[Person]:
    if role == "dispatcher":
        return staff.find_dispatcher(connection, number)
    if role == "manager":
        return staff.find_manager(connection, number)
    return people.find(connection, "student" if role == "student" else "instructor", number)


def kept_by_law(engine: Engine, person: Person, now_utc: datetime) -> Sequence[Endorsement]:
    """Return the records of a person that must be kept by law, and so apart from the database."""
    if person.is_staff:
        return []
    with engine.connect() as connection:
        return [
            Endorsement(person.name, str(one["aircraft_type"]), str(one["valid_from"]), str(one["valid_until"]))
            for one in people.endorsements(connection, person, now_utc - LAW)
        ]


def erase(engine: Engine, settings: Settings, person: Person, now_utc: datetime, *, dry_run: bool) -> Erasure:
    """Erase a person; of a dry run all is done, and undone.

    Raises:
        ErasureRefusedError: lessons are ahead, cases open, or others hold the rows; the person can still be found.
    """
    with engine.connect() as connection:
        if not person.is_staff and (lessons := people.in_the_way(connection, person, now_utc)):
            listed = ", ".join(lessons[:5]) + (", ..." if len(lessons) > 5 else "")
            raise ErasureRefusedError(
                f"{person.role}-{person.id} has lessons ahead or open cases ({listed}); cancel them, then erase"
            )
        shared = people.shared(connection, person)
    named = [one for one in (person.name, person.email, person.phone) if one]
    telling = [one for one in named if is_telling(one) and one not in shared]
    mention = mention_of(telling)
    with _nothing_by_halves(person):
        changed = _erase_from_dagster(settings, mention, dry_run=dry_run)
        if mails := remove_mails(settings.flightsched_home / "mail", telling, dry_run=dry_run):
            changed["mails in the folder"] = mails
        with engine.connect() as connection, connection.begin() as transaction:
            _limit(connection)
            changed = _added(changed, _erase_own(connection, person, named, now_utc))
            changed = _added(changed, _replace(connection, mention, dry_run=dry_run))
            people.note(connection, person, changed, now_utc)
            if dry_run:
                transaction.rollback()
    return Erasure(person.role, person.id, changed, _notes(named, shared))


def _erase_own(connection: Connection, person: Person, named: Sequence[str], now_utc: datetime) -> dict[str, int]:
    """Erase what is the person's own, and what names them near it."""
    if person.is_staff:
        return staff.erase_rows(connection, person, now_utc)
    people.lock(connection, person)
    near = mention_of([*named, *filter(is_telling, map(one_line, people.words_of(connection, person)))])
    changed = people.erase_rows(connection, person, now_utc)
    return changed if near is None else _added(changed, people.replace_near(connection, person, near, ERASED))


def _limit(connection: Connection) -> None:
    """Have a transaction end rather than wait for others, or have others wait for it, without an end."""
    connection.execute(text(f"SET LOCAL lock_timeout = {round(LONGEST_WAIT / timedelta(milliseconds=1))}"))
    connection.execute(text(f"SET LOCAL statement_timeout = {round(LONGEST_STATEMENT / timedelta(milliseconds=1))}"))


@contextmanager
def _nothing_by_halves(person: Person) -> Generator[None]:
    who = f"{person.role}-{person.id}"
    try:
        yield
    except OperationalError as error:
        if isinstance(error.orig, (errors.LockNotAvailable, errors.DeadlockDetected)):
            reason = f"another process held rows that name them for more than {LONGEST_WAIT.seconds} seconds"
        elif isinstance(error.orig, errors.QueryCanceled):
            reason = f"the search of one table took more than {LONGEST_STATEMENT.seconds // 60} minutes"
        else:
            raise
        raise ErasureRefusedError(f"{who} is not erased: {reason}; repeat the command when less is going on") from None


def _erase_from_dagster(settings: Settings, mention: Mention | None, *, dry_run: bool) -> dict[str, int]:
    ensure_dagster_database(settings)
    dagsters = create_engine(dagster_url(settings))
    try:
        with dagsters.begin() as connection:
            _limit(connection)
            changed = _replace(connection, mention, dry_run=dry_run)
    finally:
        dagsters.dispose()
    return {f"dagster.{name.removeprefix('public.')}": rows for name, rows in changed.items()}


def _replace(connection: Connection, mention: Mention | None, *, dry_run: bool) -> dict[str, int]:
    if mention is None:
        return {}
    return mentions.replace_mentions(connection, mention, but=NOT_SEARCHED, dry_run=dry_run)


def _added(first: dict[str, int], second: dict[str, int]) -> dict[str, int]:
    return {name: first.get(name, 0) + second.get(name, 0) for name in sorted(first.keys() | second.keys())}


def _notes(named: Sequence[str], shared: set[str]) -> list[str]:
    kinds = ("name", "address", "number")
    not_searched = [kind for kind, one in zip(kinds, named, strict=False) if one in shared or not is_telling(one)]
    notes = [
        "backups that were made before still have the person: delete them when they have served their time",
        "the school's own scheduler and its feed may have the person, who comes back with their next file",
    ]
    if not_searched:
        notes.append(
            f"the person's {' and '.join(not_searched)} may be somebody else's, and was not searched for in texts"
        )
    return notes
