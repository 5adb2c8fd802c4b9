"""A person's own page: what waits for them, and their lessons."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from flightsched_pipelines import formatting
from flightsched_pipelines.messages import headlines, page_texts
from flightsched_pipelines.portal.respond import no_such_link, too_old
from flightsched_pipelines.portal.site import Site, page, site_of
from flightsched_pipelines.services.notifications.links import BadLinkError, ExpiredLinkError, read_person_link
from flightsched_pipelines.services.responses.person_page import person_page


async def own_page(request: Request) -> Response:
    """Show the page of a link's person."""
    return await run_in_threadpool(_show, site_of(request), request.path_params["token"])


ROUTES = [Route("/me/{token}", own_page)]


def _show(site: Site, token: str) -> Response:
    now_utc = site.clock()
    try:
        link = read_person_link(token, now_utc, site.settings)
    except ExpiredLinkError:
        return too_old()
    except BadLinkError:
        return no_such_link()
    found = person_page(site.engine, link, now_utc, site.settings)
    if found is None:
        return no_such_link()
    facts = {
        "found": found,
        "role": link.role,
        "waiting": [case for case in found.cases if case.waits],
        "others": [case for case in found.cases if not case.waits],
        "verdict": page_texts.verdict_words,
        "when_of": headlines.when_of,
        "assessed": found.assessed_utc and formatting.format_time(found.assessed_utc, found.reader.time_zone),
    }
    return page("person", facts)
