"""One-time links and sessions of dispatchers, as rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, ColumnElement, Connection, func, insert, select, update

from flightsched_pipelines.database.schema import airports, dispatcher_sessions, schools, sign_in_links


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """A dispatcher who has signed in: for which school, and until when. Personal.

    ``name`` is what was given at sign-in; whoever gave it reads the mail of ``address``.
    """

    session_id: int
    school_id: int
    school: str
    time_zone: str
    name: str
    address: str
    expires_at: datetime

    @property
    def signature(self) -> str:
        """Return who this is, as orders are recorded."""
        return f"{self.name} <{self.address}>"


def schools_with_address(connection: Connection, address: str) -> Sequence[int]:
    """Return the schools whose dispatchers have this address, in capitals or not; locks them until the end."""
    s = schools.c
    query = select(s.id).where(func.lower(func.btrim(s.dispatch_email)) == address.lower()).order_by(s.id)
    return list(connection.execute(query.with_for_update(key_share=True)).scalars())


def links_since(connection: Connection, school_id: int, since_utc: datetime) -> int:
    """Return the number of links that a school was sent since a time."""
    k = sign_in_links.c
    query = select(func.count()).where(k.school_id == school_id, k.created_at > since_utc)
    return int(connection.execute(query).scalar_one())


def insert_link(connection: Connection, school_id: int, address: str, now_utc: datetime, expires_utc: datetime) -> int:
    """Add a link; return its id."""
    row = {"school_id": school_id, "address": address, "created_at": now_utc, "expires_at": expires_utc}
    return int(connection.execute(insert(sign_in_links).values(row).returning(sign_in_links.c.id)).scalar_one())


def school_of_link(connection: Connection, link_id: int, now_utc: datetime) -> str | None:
    """Return the name of the school of a link that still works."""
    k = sign_in_links.c
    query = (
        select(schools.c.name)
        .join(sign_in_links, k.school_id == schools.c.id)
        .where(k.id == link_id, k.used_at.is_(None), k.expires_at > now_utc, _is_its_schools(k.address))
    )
    return connection.execute(query).scalar()


def use_link(connection: Connection, link_id: int, now_utc: datetime) -> tuple[int, str] | None:
    """Use up a link, and return its school and address; ``None`` if it was used before or has expired.

    Nor does it work if the address is not the school's any more.
    """
    k = sign_in_links.c
    used = (
        update(sign_in_links)
        .where(
            k.id == link_id, k.used_at.is_(None), k.expires_at > now_utc, schools.c.id == k.school_id,
            _is_its_schools(k.address),
        )
        .values(used_at=now_utc)
        .returning(k.school_id, k.address)
    )  # fmt: skip
    row = connection.execute(used).one_or_none()
    return None if row is None else (row.school_id, row.address)


def insert_session(
    connection: Connection, digest: str, school_id: int, name: str, address: str, now_utc: datetime,
    expires_utc: datetime,
) -> None:  # fmt: skip
    """Add a session."""
    row = {
        "digest": digest, "school_id": school_id, "name": name, "address": address, "signed_in_at": now_utc,
        "expires_at": expires_utc,
    }  # fmt: skip
    connection.execute(insert(dispatcher_sessions).values(row))


def open_session(connection: Connection, digest: str, now_utc: datetime) -> Dispatcher | None:
    """Return whose session a cookie is, if it has not ended, and its address is still the school's."""
    d, s = dispatcher_sessions.c, schools.c
    query = (
        select(d.id, d.school_id, s.name.label("school"), airports.c.time_zone, d.name, d.address, d.expires_at)
        .join(schools, s.id == d.school_id)
        .join(airports, airports.c.ident == s.base_airport)
        .where(d.digest == digest, d.ended_at.is_(None), d.expires_at > now_utc, _is_its_schools(d.address))
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else Dispatcher(*row)


def end_session(connection: Connection, digest: str, now_utc: datetime) -> None:
    """End the session of a cookie."""
    d = dispatcher_sessions.c
    ended = update(dispatcher_sessions).where(d.digest == digest, d.ended_at.is_(None)).values(ended_at=now_utc)
    connection.execute(ended)


def _is_its_schools(address: Column[str]) -> ColumnElement[bool]:
    """Return whether an address is that of the joined school's dispatchers."""
    return func.lower(func.btrim(schools.c.dispatch_email)) == func.lower(address)
