"""The paths of many lessons: one for each way and kind, however many lessons fly it."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsched_pipelines.domain.risk.flight_paths import AROUND_NM, flight_paths
from flightsched_pipelines_tests.examples import examples

IDENTS = [f"K{number:03}" for number in range(300)]
AIRPORTS = pd.DataFrame(
    {
        "airport": IDENTS,
        "latitude_deg": [30 + number / 20 for number in range(300)],
        "longitude_deg": [-120 + number / 10 for number in range(300)],
        "elevation_ft": [float(number) for number in range(300)],
    }
)
ROUTES = [[], ["K001"], ["K001", "K002"], ["K299"], ["NONE"]]
lessons = st.tuples(
    st.sampled_from([*IDENTS, "NONE"]), st.sampled_from(ROUTES), st.sampled_from([*AROUND_NM]), st.booleans()
)


@pytest.mark.parametrize("few_kinds", [True, False], ids=["categories", "text"])
@examples(60, "up to 400 lessons at 301 airports, five routes and three kinds, with one list of a route or their own")
@given(st.lists(lessons, min_size=1, max_size=400))
def test_lessons_share_a_path_if_and_only_if_their_ways_and_kinds_are_the_same(
    few_kinds: bool, flown: list[tuple[str, list[str], str, bool]]
) -> None:
    kind_of = "category" if few_kinds else "str"
    bookings = pd.DataFrame(
        {
            "departure": pd.Series([start for start, *_ in flown], dtype=kind_of),
            "route": [list(route) if own else route for _, route, _, own in flown],
            "lesson_kind": pd.Series([kind for _, _, kind, _ in flown], dtype=kind_of),
        }
    )

    paths = flight_paths(bookings, AIRPORTS)

    ways = [(start, *route, kind) if {start, *route} - {"NONE"} else None for start, route, kind, _ in flown]
    number_of = dict(zip(ways, paths.path.tolist(), strict=True))
    assert [number_of[way] for way in ways] == paths.path.tolist()
    known = [number for way, number in number_of.items() if way is not None]
    assert sorted(known) == list(range(len(paths.airspace)))
    assert number_of.get(None, -1) == -1
    floors = [
        min((float(i[1:]) for i in (start, *route) if i != "NONE"), default=float("-inf")) for start, route, *_ in flown
    ]
    assert paths.floor_ft.tolist() == floors
