"""The dispatch board: pages of a school's signed-in dispatchers."""

from flightsched_pipelines.portal.dispatch_board import cases, day, lessons, live, sign_in

ROUTES = [*sign_in.ROUTES, *day.ROUTES, *cases.ROUTES, *lessons.ROUTES, *live.ROUTES]
