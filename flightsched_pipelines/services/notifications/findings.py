"""Read an hour's findings for the dispatch: by booking, from the stored rows."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from flightsched_pipelines.database.engine import Source
from flightsched_pipelines.database.frames import read_partition
from flightsched_pipelines.database.schema import PIPELINE_TABLES
from flightsched_pipelines.domain.cases.lifecycle import Slot
from flightsched_pipelines.domain.cases.snapshot import Offer
from flightsched_pipelines.domain.rescheduling.search.feasible_starts import NO_SLOT_LEFT
from flightsched_pipelines.domain.risk.bookings import severity
from flightsched_pipelines.domain.risk.breach_order import share_missed
from flightsched_pipelines.domain.risk.breach_text import Breach, breach_of
from flightsched_pipelines.domain.risk.rules import NOT_FLOWN
from flightsched_pipelines.services.slots import slots_of

MAX_BREACHES = 5
STORED = (
    "lesson_verdicts", "at_risk_bookings", "reschedule_proposals", "reschedule_candidates", "unplaceable_bookings",
)  # fmt: skip
"""The tables of an hour that notifications are made of."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The results of an hour for one booking; ``missed`` is how far each blocking rule's limit is, as a share of it."""

    verdict: str
    breaches: Sequence[Breach]
    offers: Sequence[Offer]
    open_slots: frozenset[Slot]
    no_offer_because: str | None
    missed: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Findings:
    """An hour's findings by booking, and its stored verdicts."""

    by_booking: Mapping[int, Finding]
    verdicts: Mapping[int, str]

    def verdict(self, booking_id: int) -> str | None:
        """Return ok, watch, unknown or at_risk; ``None`` for a booking that the hour did not assess.

        A lesson without a breach is ok only if its verdict is stored. If two differ, the worse counts.
        """
        found = self.by_booking.get(booking_id)
        known = [self.verdicts.get(booking_id), found.verdict if found else None]
        return max((verdict for verdict in known if verdict is not None), key=severity, default=None)

    def but_for(self, changed: Collection[int]) -> "Findings":
        """Drop the lessons that have changed since: the hour's findings are about what they were."""
        by_booking = {key: finding for key, finding in self.by_booking.items() if key not in changed}
        verdicts = {key: verdict for key, verdict in self.verdicts.items() if key not in changed}
        return Findings(by_booking, verdicts)


def findings_of(source: Source, hour_utc: datetime) -> Findings:
    """Return an hour's stored rows, by booking."""
    return findings_in({name: read_partition(source, PIPELINE_TABLES[name], [hour_utc]) for name in STORED})


def findings_in(stored: Mapping[str, pd.DataFrame]) -> Findings:
    """Return the rows of an hour's tables (``STORED``), by booking."""
    candidates, reasons = stored["reschedule_candidates"], stored["unplaceable_bookings"]
    unplaceable: dict[int, str] = dict.fromkeys(candidates["booking_id"], NO_SLOT_LEFT)
    unplaceable |= dict(zip(reasons["booking_id"], reasons["reason"], strict=True))
    proposals = stored["reschedule_proposals"]
    offers = _offers(proposals)
    moving = set(proposals.loc[proposals["verdict"] != NOT_FLOWN, "booking_id"])
    slots: dict[int, set[Slot]] = {}
    for booking_id, slot in _slots(candidates):
        slots.setdefault(booking_id, set()).add(slot)
    by_booking: dict[int, Finding] = {}
    for booking_id, of_booking in groupby(_breaches(stored["at_risk_bookings"]), key=itemgetter("booking_id")):
        rows_ = list(of_booking)
        by_booking[booking_id] = Finding(
            verdict=rows_[0]["verdict"],
            breaches=_told(rows_),
            offers=offers.get(booking_id, []),
            open_slots=frozenset(slots.get(booking_id, ())),
            no_offer_because=None if booking_id in moving else unplaceable.get(booking_id),
            missed=_missed(rows_),
        )
    assessed = stored["lesson_verdicts"]
    verdicts = dict(zip(assessed["booking_id"].tolist(), assessed["verdict"].tolist(), strict=True))
    return Findings(by_booking, verdicts)


def breaches_of_cases(
    connection: Connection, opened: Collection[tuple[int, datetime]]
) -> dict[tuple[int, datetime], list[Breach]]:
    """Return the gravest breaches of bookings, each in the hour that opened its case; none where nothing is stored."""
    broken = PIPELINE_TABLES["at_risk_bookings"]
    hours = sorted({hour for _, hour in opened})
    found = read_partition(connection, broken, hours, broken.c.booking_id.in_({booking_id for booking_id, _ in opened}))
    rows: dict[tuple[int, datetime], list[Mapping[Any, Any]]] = {}
    for row in _breaches(found):
        rows.setdefault((int(row["booking_id"]), row["partition_hour"].to_pydatetime()), []).append(row)
    return {key: _told(rows[key]) for key in opened if key in rows}


def missed_at(connection: Connection, booking_id: int, hour_utc: datetime) -> dict[str, float]:
    """By how much an hour found each blocking rule of one booking missed, as a share of its limit."""
    broken = PIPELINE_TABLES["at_risk_bookings"]
    found = read_partition(connection, broken, [hour_utc], broken.c.booking_id == booking_id)
    return _missed(_breaches(found))


def _breaches(broken: pd.DataFrame) -> list[dict[Any, Any]]:
    """Return an hour's breaches by booking, the gravest first, each with the share of its limit that is missed."""
    told = broken.assign(share_missed=share_missed(broken))
    return told.sort_values(["booking_id", "breach_rank"]).to_dict("records")


def _slots(frame: pd.DataFrame) -> list[tuple[int, Slot]]:
    return [(int(booking_id), slot) for booking_id, slot in zip(frame["booking_id"], slots_of(frame), strict=True)]


def _offers(proposals: pd.DataFrame) -> dict[int, list[Offer]]:
    proposals = proposals.sort_values(["booking_id", "rank"])
    found: dict[int, list[Offer]] = {}
    words = zip(_slots(proposals), proposals["reason"], proposals["ranked_by"], strict=True)
    for (booking_id, slot), reason, ranked_by in words:
        found.setdefault(booking_id, []).append(Offer(slot, reason, ranked_by))
    return found


def _missed(broken: Sequence[Mapping[Any, Any]]) -> dict[str, float]:
    """By how much of its limit each blocking rule is missed, at its worst; infinite for hazards."""
    worst: dict[str, float] = {}
    for row in broken:
        if row["effect"] != "warn":
            worst[row["rule"]] = max(worst.get(row["rule"], -math.inf), row["share_missed"])
    return worst


def _told(broken: Sequence[Mapping[Any, Any]]) -> list[Breach]:
    """Return the gravest breaches, each rule's at its worst; those that only warn where nothing blocks."""
    worst: dict[str, Mapping[Any, Any]] = {}
    for row in [row for row in broken if row["effect"] != "warn"] or broken:
        worst.setdefault(row["rule"], row)
    return [breach_of(row) for row in islice(worst.values(), MAX_BREACHES)]
