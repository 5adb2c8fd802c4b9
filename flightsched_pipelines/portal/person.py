"""A person's own page: what waits for them, their lessons, and the settings that they change themselves."""

import re
from datetime import datetime, time

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from flightsched_pipelines import formatting
from flightsched_pipelines.errors import PlainError
from flightsched_pipelines.messages import headlines, page_texts
from flightsched_pipelines.portal.forms import (
    BadFieldError,
    Fields,
    StaleFormError,
    day_of,
    first,
    open_seal,
    read_fields,
    seal,
)
from flightsched_pipelines.portal.respond import STALE, no_such_link, too_old
from flightsched_pipelines.portal.site import Site, page, site_of
from flightsched_pipelines.services.calendar_feeds import replace_own_feed
from flightsched_pipelines.services.notifications.links import (
    BadLinkError,
    ExpiredLinkError,
    PersonLink,
    read_person_link,
)
from flightsched_pipelines.services.notifications.own_settings import (
    ContactSettings,
    Preferences,
    change_contact,
    change_preferences,
)
from flightsched_pipelines.services.pages.person_page import person_page

CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
HOURS = re.compile(r"[0-9]{1,3}")

TICKED = ("email", "sms", "digest")
REPLACED = "This address was replaced or revoked since. Make a new one below."
SAVED = {"contact": "Your channels and quiet hours are saved.", "preferences": "Your preferences are saved."}


async def own_page(request: Request) -> Response:
    """Show the page of a link's person, or store the settings of its form."""
    token: str = request.path_params["token"]
    if request.method == "POST":
        fields = await read_fields(request)
        return await run_in_threadpool(_save, site_of(request), token, fields)
    return await run_in_threadpool(_show, site_of(request), token, request.query_params.get("saved", ""))


ROUTES = [Route("/me/{token}", own_page, methods=["GET", "POST"])]


def _show(site: Site, token: str, saved: str) -> Response:
    now_utc = site.clock()
    link = _read(token, now_utc, site)
    return link if isinstance(link, Response) else _page_of(site, token, link, now_utc, saved=SAVED.get(saved))


def _save(site: Site, token: str, fields: Fields) -> Response:
    now_utc = site.clock()
    link = _read(token, now_utc, site)
    if isinstance(link, Response):
        return link
    try:
        key = open_seal(first(fields, "seal"), token, now_utc, site.settings)
    except StaleFormError:
        return _page_of(site, token, link, now_utc, problem=STALE, given=fields, status_code=400)
    if first(fields, "action") == "calendar":
        return _new_address(site, token, link, key, now_utc)
    try:
        kind = _change(site, link, fields, now_utc)
    except (BadFieldError, PlainError) as error:
        problem = f"{str(error)[:1].upper()}{str(error)[1:]}. Nothing was changed."
        return _page_of(site, token, link, now_utc, problem=problem, given=fields, status_code=422)
    return RedirectResponse(f"/me/{token}?saved={kind}", 303)


def _new_address(site: Site, token: str, link: PersonLink, key: str, now_utc: datetime) -> Response:
    """Show a new address of the person's calendar; it is stored nowhere, so it is shown on this page alone."""
    if person_page(site.engine, link, now_utc, site.settings) is None:
        return no_such_link()
    address = replace_own_feed(site.engine, link, key, now_utc, site.settings)
    if address is None:
        return _page_of(site, token, link, now_utc, problem=REPLACED, status_code=409)
    return _page_of(site, token, link, now_utc, address=address)


def _change(site: Site, link: PersonLink, fields: Fields, now_utc: datetime) -> str:
    """Store what a form says; return its kind."""
    kind = first(fields, "action")
    if kind not in SAVED:
        raise BadFieldError("the form says nothing that can be done here; use its buttons")
    if kind == "contact":
        change_contact(site.engine, link, _contact(fields), now_utc)
    else:
        change_preferences(site.engine, link, _preferences(fields), now_utc)
    return kind


def _page_of(
    site: Site,
    token: str,
    link: PersonLink,
    now_utc: datetime,
    *,
    saved: str | None = None,
    problem: str | None = None,
    given: Fields | None = None,
    address: str | None = None,
    status_code: int = 200,
) -> Response:
    found = person_page(site.engine, link, now_utc, site.settings)
    if found is None:
        return no_such_link()
    kind = first(given or {}, "action")
    facts = {
        "found": found,
        "role": link.role,
        "waiting": [case for case in found.cases if case.waits],
        "others": [case for case in found.cases if not case.waits],
        "verdict": page_texts.verdict_words,
        "trend_words": page_texts.trend_words,
        "trend_hours": page_texts.trend_hours,
        "when_of": headlines.when_of,
        "assessed": found.assessed_utc and formatting.format_time(found.assessed_utc, found.reader.time_zone),
        "contact": given if given and kind == "contact" else _contact_fields(found.contact),
        "preferences": given if given and kind == "preferences" else _preference_fields(found.preferences),
        "seal": seal(token, now_utc, site.settings),
        "saved": saved,
        "problem": problem,
        "open": kind,
        "address": address,
    }
    return page("person", facts, status_code)


def _read(token: str, now_utc: datetime, site: Site) -> PersonLink | Response:
    try:
        return read_person_link(token, now_utc, site.settings)
    except ExpiredLinkError:
        return too_old()
    except BadLinkError:
        return no_such_link()


def _contact_fields(contact: ContactSettings) -> Fields:
    """Return settings as their form has them."""
    ticked = {name: ["yes"] for name in TICKED if getattr(contact, name)}
    ends = {"quiet_from": contact.quiet_from, "quiet_to": contact.quiet_to}
    return ticked | {name: [f"{at:%H:%M}"] for name, at in ends.items() if at is not None}


def _preference_fields(preferences: Preferences | None) -> Fields:
    known = preferences or Preferences()
    single = {"latest": known.latest_date, "notice": known.notice_hours, "note": known.note}
    lists = {"days": known.days, "parts": known.parts_of_day}
    return lists | {name: [str(value)] for name, value in single.items() if value is not None}


def _contact(fields: Fields) -> ContactSettings:
    ticked = {name: bool(first(fields, name)) for name in TICKED}
    return ContactSettings(**ticked, quiet_from=_clock(fields, "quiet_from"), quiet_to=_clock(fields, "quiet_to"))


def _preferences(fields: Fields) -> Preferences:
    notice = first(fields, "notice").strip()
    if notice and HOURS.fullmatch(notice) is None:
        raise BadFieldError("the notice is not a number of hours; write it like 24")
    return Preferences(
        tuple(dict.fromkeys(fields.get("days", ()))),
        tuple(dict.fromkeys(fields.get("parts", ()))),
        day_of(fields, "latest"),
        int(notice) if notice else None,
        first(fields, "note").replace("\r\n", "\n").strip() or None,
    )


def _clock(fields: Fields, name: str) -> time | None:
    given = first(fields, name)
    if not given:
        return None
    if CLOCK.fullmatch(given) is None:
        raise BadFieldError("a quiet hour is not a time; write it like 22:00")
    return time.fromisoformat(given)
