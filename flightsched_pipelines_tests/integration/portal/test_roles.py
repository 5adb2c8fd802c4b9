"""Every route with every other role's credentials: nobody gets in by what was made for somebody else."""

from sqlalchemy import Engine

from flightsched_pipelines.portal.app import ROUTES
from flightsched_pipelines.services.live.tokens import make_token
from flightsched_pipelines.services.notifications.links import person_url
from flightsched_pipelines_tests.integration.portal.board_visitor import (
    BASE,
    PALO_ALTO,
    DispatcherVisitor,
    address_of,
    links,
)
from flightsched_pipelines_tests.integration.portal.test_walk import filled
from flightsched_pipelines_tests.integration.portal.visitor import Visitor, link, person
from flightsched_pipelines_tests.integration.services.helpers import LATER, SETTINGS, cases

OPENS = {
    "student's case": "/respond/{token}",
    "instructor's case": "/respond/{token}",
    "student's page": "/me/{token}",
    "dispatcher's link": "/board/sign-in/{token}",
}
"""The one route that each link opens."""

COOKIE, TOKEN = "dispatcher's cookie", "application's token"
OPEN_TO_ALL = ("/status", "/static/", "/healthz", "/readyz")


def test_no_credential_opens_a_route_that_it_was_not_made_for(told_engine: Engine) -> None:
    case_id, _ = cases(told_engine)[0]
    dispatcher = DispatcherVisitor(told_engine)
    dispatcher.ask(address_of(told_engine, PALO_ALTO))
    own = person_url(SETTINGS, person(told_engine, case_id, "student"), LATER)
    assert own is not None
    secrets = {
        "student's case": link(told_engine, case_id).rpartition("/")[2],
        "instructor's case": link(told_engine, case_id, "instructor").rpartition("/")[2],
        "student's page": own.removeprefix(BASE).rpartition("/")[2],
        "dispatcher's link": links(told_engine)[-1].rpartition("/")[2],
        COOKIE: dispatcher.client.cookies["flightsched_board"],
        TOKEN: make_token(told_engine, "test", "Palo Alto Flight School", None, LATER)[1],
    }
    paths = [route.path for route in ROUTES if not route.path.startswith(OPEN_TO_ALL)]
    paths.remove("/board/sign-in")
    stranger = Visitor(told_engine)

    for name, secret in secrets.items():
        for path in paths:
            headers = {
                "authorization": f"Bearer {'' if name == TOKEN else secret}",
                "cookie": f"flightsched_board={'' if name == COOKIE else secret}",
            }
            status = stranger.client.get(filled(path, secret), headers=headers).status_code
            expected = {200} if OPENS.get(name) == path else {303, 401, 404, 405}
            assert status in expected, (name, path, status)
