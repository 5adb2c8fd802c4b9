"""Read TAFs of the Aviation Weather Center (``/api/data/taf?format=json``), resolved group by group.

FM replaces everything. BECMG changes what it lists: within its transition both old and new apply, afterwards the new.
TEMPO and PROB are temporary, and inherit what they do not list. The decoded groups and those of the raw text describe
one forecast: a group in only one of them is laid over the others and replaces nothing. So is a group whose kind or time
cannot be read: it applies to the end, and from the beginning if its time cannot be read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from flightsched_pipelines.domain.weather.conditions import Element, ForecastGroup
from flightsched_pipelines.domain.weather.issue_times import taf_issue
from flightsched_pipelines.domain.weather.reports.decoded_report import decoded_elements, spelled
from flightsched_pipelines.domain.weather.reports.heading import is_cancelled, is_report_of
from flightsched_pipelines.domain.weather.reports.json_fields import (
    BEGINNING,
    FieldError,
    epoch,
    iso_time,
    objects,
    station_of,
    text,
)
from flightsched_pipelines.domain.weather.reports.report_elements import (
    NOTHING_LEGIBLE,
    ReportElements,
    apply_becoming,
    conditions_of,
    folded,
    only,
    reconciled,
    settled,
    together,
)
from flightsched_pipelines.domain.weather.reports.taf_text import Change, TextGroup, taf_groups
from flightsched_pipelines.domain.weather.reports.words.meanings import meanings_of
from flightsched_pipelines.durations import HOUR

MAX_VALIDITY = timedelta(hours=30)
SAME_TIME = timedelta(minutes=59)

_CHANGES: Mapping[str, Change] = MappingProxyType({"FM": "FM", "BECMG": "BECMG", "TEMPO": "TEMPO", "PROB": "PROB"})


@dataclass(frozen=True, slots=True)
class _Account:
    """One group from the fields, the text, or both; ``sure`` if nothing contradicts its presence and time.

    ``from_utc`` is ``None`` if its time cannot be read. ``fields`` are the decoded ones, if it has any. ``doubtful``
    elements are listed by only one of both sources: what was before them may still apply. An FM begins with
    ``from_utc``, and what was before has ended by ``replaces_utc``, if that is another time.
    """

    change: Change
    probability: int | None
    from_utc: datetime | None
    to_utc: datetime | None
    said: ReportElements
    sure: bool
    fields: Mapping[str, Any]
    doubtful: frozenset[Element] = frozenset()
    replaces_utc: datetime | None = None

    @property
    def temporary(self) -> bool:
        return self.change in {"TEMPO", "PROB"}

    @property
    def laid_over(self) -> bool:
        """Return whether it applies on top of whatever prevails beneath it, and replaces nothing."""
        return self.temporary or self.change == "UNREAD" or (self.from_utc is None and self.change != "BASE")


@dataclass(frozen=True, slots=True)
class _Segment:
    """Prevailing conditions from one time to another."""

    change: Change
    from_utc: datetime
    to_utc: datetime
    said: ReportElements


def read_taf(report: Mapping[str, Any]) -> list[ForecastGroup]:
    """Read one TAF into groups, each with all its elements; temporary ones split where the prevailing changes.

    Raises:
        FieldError: it has no station, or no legible validity.
    """
    station = station_of(report)
    decoded = _decoded_groups(report)
    reference = _reference_time(report, decoded)
    if reference is None:
        raise FieldError(f"TAF of {station}: no time in it can be read, so its validity is unknown")
    words = text(report.get("rawTAF"))
    words = words if words and is_report_of(words, station) else ""
    raw = taf_groups(words, station, reference)
    begins, ends, doubtful = _validity(report, raw, station)
    accounts = [] if is_cancelled(words) else _reconciled(decoded, raw)
    segments = _prevailing([account for account in accounts if not account.laid_over], begins, ends)
    unreadable = doubtful + _unclaimed(accounts, begins, ends)
    if not raw and len(decoded) < len(objects(report.get("fcsts")) or []):
        unreadable.append((begins, ends))  # a group without a time may be anywhere
    issued = iso_time(report.get("issueTime")) or iso_time(report.get("bulletinTime")) or begins
    spans = [(begins, ends), *doubtful]
    issue = taf_issue(report, min(since for since, _ in spans), max(until for _, until in spans))

    groups = [
        ForecastGroup(
            "TAF", station, "prevailing", s.change, None, s.from_utc, s.to_utc, issued, conditions_of(s.said), issue
        )
        for s in segments
    ]
    for account in accounts:
        if account.laid_over:
            kind = "temporary" if account.temporary else "prevailing", account.change, account.probability
            groups += [
                ForecastGroup("TAF", station, *kind, since, until, issued, conditions_of(said), issue)
                for since, until, said in _laid_over(account, segments, begins, ends)
            ]
    return groups + [
        ForecastGroup("TAF", station, "prevailing", "BASE", None, *span, issued, issue=issue) for span in unreadable
    ]


def _decoded_groups(report: Mapping[str, Any]) -> list[_Account]:
    """The groups of ``fcsts``; one whose times are illegible cannot be placed, and is left to the raw text."""
    accounts: list[_Account] = []
    for fields in objects(report.get("fcsts")) or []:
        since, until = epoch(fields.get("timeFrom")), epoch(fields.get("timeTo"))
        change = _change_of(fields.get("fcstChange"))
        if since is None:
            continue
        if change == "BECMG":
            until = epoch(fields.get("timeBec")) or until
        chance = fields.get("probability")
        probability = chance if isinstance(chance, int) and change in {"PROB", "TEMPO"} else None
        said = decoded_elements(fields) if change is not None else NOTHING_LEGIBLE
        accounts.append(_Account(change or "UNREAD", probability, since, until, said, change is not None, fields))
    return accounts


def _change_of(value: object) -> Change | None:
    if value is None or value == "":
        return "BASE"
    return _CHANGES.get(value) if isinstance(value, str) else None


def _reference_time(report: Mapping[str, Any], decoded: Sequence[_Account]) -> datetime | None:
    times = [
        epoch(report.get("validTimeFrom")),
        iso_time(report.get("issueTime")),
        iso_time(report.get("bulletinTime")),
    ]
    times += [account.from_utc for account in decoded] + [epoch(report.get("validTimeTo"))]
    return next((time for time in times if time is not None), None)


def _validity(
    report: Mapping[str, Any], raw: Sequence[TextGroup], station: str
) -> tuple[datetime, datetime, list[tuple[datetime, datetime]]]:
    """The TAF's validity by both sources, and the times that only one of them includes."""
    base = next((group for group in raw if group.change == "BASE"), None)
    begins = [time for time in (epoch(report.get("validTimeFrom")), base.from_utc if base else None) if time]
    ends = [time for time in (epoch(report.get("validTimeTo")), base.to_utc if base else None) if time]
    if not begins or not ends or min(ends) <= max(begins):
        raise FieldError(f"TAF of {station}: its validity cannot be read (validTimeFrom, validTimeTo)")
    since = max(begins)
    until, latest = (min(end, since + MAX_VALIDITY) for end in (min(ends), max(ends)))
    return since, until, [span for span in ((min(begins), since), (until, latest)) if span[0] < span[1]]


def _unclaimed(accounts: Sequence[_Account], begins: datetime, ends: datetime) -> list[tuple[datetime, datetime]]:
    """The times within the validity that no prevailing group covers: a group was lost."""
    gaps: list[tuple[datetime, datetime]] = []
    claimed_until = begins
    for account in accounts:
        if account.laid_over:
            continue
        if account.from_utc is not None and account.from_utc > claimed_until:
            gaps.append((claimed_until, min(account.from_utc, ends)))
        until = ends if account.change == "BECMG" else account.to_utc or ends
        claimed_until = max(claimed_until, until)
    return [*gaps, (claimed_until, ends)] if claimed_until < ends else gaps


def _reconciled(decoded: Sequence[_Account], raw: Sequence[TextGroup]) -> list[_Account]:
    """Merge both sources' groups into one list, by time; a group in only one of the two is not sure."""
    alone = not raw or not decoded
    unmatched = list(raw)
    accounts: list[_Account] = []
    for account in decoded:
        other = next((group for group in unmatched if _same(account, group)), None)
        if other is None:
            accounts.append(replace(account, sure=alone and account.sure))
            continue
        unmatched.remove(other)
        accounts.append(_of_both(account, other))
    accounts += [
        _Account(group.change, group.probability, group.from_utc, group.to_utc, group.said, alone, {})
        for group in unmatched
    ]
    return sorted(accounts, key=lambda account: (account.from_utc or BEGINNING, account.change != "BASE"))


def _of_both(account: _Account, raw: TextGroup) -> _Account:
    """A group in both sources: by the text, or by the fields where its opening cannot be read.

    If their times differ, it begins at the earlier and ends at the later, and so does what it replaces.
    """
    settled_text = settled(raw.said, lambda: spelled(account.fields) | _openings(account))
    said = reconciled(settled(account.said, lambda: meanings_of(raw.words)), settled_text)
    illegible = raw.change == "UNREAD" or raw.from_utc is None
    change, chance = (account.change, account.probability) if illegible else (raw.change, raw.probability)
    begins = [time for time in (raw.from_utc, account.from_utc) if time is not None]
    ends = [time for time in (raw.to_utc, account.to_utc) if time is not None]
    return _Account(
        change,
        chance,
        from_utc=min(begins, default=None),
        to_utc=max(ends, default=None),
        said=said,
        sure=True,
        fields=account.fields,
        doubtful=account.said.named ^ raw.said.named,
        replaces_utc=max(begins, default=None) if change == "FM" else None,
    )


def _same(account: _Account, raw: TextGroup) -> bool:
    if account.change == raw.change == "BASE":
        return True
    if raw.change == "UNREAD" or raw.from_utc is None:
        return raw.opening in _openings(account)
    temporary = {"TEMPO", "PROB"}
    if account.change != raw.change and not {account.change, raw.change} <= temporary:
        return False
    if account.from_utc is None or abs(account.from_utc - raw.from_utc) > SAME_TIME:
        return False
    return raw.to_utc is None or account.to_utc is None or abs(account.to_utc - raw.to_utc) <= SAME_TIME


def _openings(account: _Account) -> frozenset[str]:
    """The folded words with which the text of a group may begin."""
    since, until = account.from_utc, account.to_utc
    if since is None or until is None:
        return frozenset()
    if account.change == "FM":
        return frozenset({folded(f"FM{since:%d%H%M}")})
    ends = (f"{until:%d%H}", f"{until - HOUR:%d}24") if until.hour == 0 else (f"{until:%d%H}",)
    chance = f"PROB{account.probability}"
    kinds = ("BECMG",) if account.change == "BECMG" else ("TEMPO", "INTER", chance, f"{chance} TEMPO")
    periods = [f"{since:%d%H}/{end}" for end in ends]
    return frozenset(folded(word) for period in periods for word in (period, *(f"{kind} {period}" for kind in kinds)))


def _prevailing(accounts: Sequence[_Account], begins: datetime, ends: datetime) -> list[_Segment]:
    """The prevailing segments of ``[begins, ends)``; they overlap during a transition, or where one is in doubt."""
    segments: list[_Segment] = []
    current = ReportElements()
    for account in accounts:
        since = begins if account.change == "BASE" or account.from_utc is None else max(account.from_utc, begins)
        if since >= ends:
            continue
        said = account.said
        if account.change == "BECMG":
            said = together((apply_becoming(current, said), only(current, account.doubtful)))
        gives_way = account.replaces_utc or since if account.change == "FM" else account.to_utc or ends
        if account.sure and account.change in {"FM", "BECMG"}:
            segments = [_until(segment, gives_way) for segment in segments if segment.from_utc < gives_way]
        segments.append(_Segment(account.change, since, ends, said))
        current = said
    return [segment for segment in segments if segment.from_utc < segment.to_utc]


def _until(segment: _Segment, time: datetime) -> _Segment:
    return _Segment(segment.change, segment.from_utc, min(segment.to_utc, time), segment.said)


def _laid_over(
    account: _Account, segments: Sequence[_Segment], begins: datetime, ends: datetime
) -> list[tuple[datetime, datetime, ReportElements]]:
    """A group's own time, split where the prevailing conditions change; to the end if its kind is unknown."""
    since = max(account.from_utc or begins, begins)
    until = min(account.to_utc or ends, ends) if account.temporary else ends
    if since >= until:
        return []
    beneath = [segment for segment in segments if segment.from_utc < until and segment.to_utc > since]
    if not beneath:
        return [(since, until, account.said)]
    return [(max(since, s.from_utc), min(until, s.to_utc), apply_becoming(s.said, account.said)) for s in beneath]
