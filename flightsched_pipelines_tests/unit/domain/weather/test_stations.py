"""The station of guidance of an airport: its own, else the nearest of the bulletin whose place is known."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from flightsched_pipelines.domain.weather.distances import distances_nm
from flightsched_pipelines.domain.weather.guidance.stations import NearestStations, neighbourhood
from flightsched_pipelines_tests.examples import examples

WITHIN_NM = 60.0


def places(named: dict[str, tuple[float, float]]) -> pd.DataFrame:
    rows = [(ident, *position) for ident, position in named.items()]
    return pd.DataFrame(rows, columns=["airport", "latitude_deg", "longitude_deg"])


def nearest(airports: pd.DataFrame, known: pd.DataFrame, bulletin: list[str]) -> NearestStations:
    found = NearestStations(neighbourhood(airports, known, WITHIN_NM))
    for station in bulletin:
        found.take(station)
    return found


HERE = places({"KXYZ": (37.0, -122.0)})


def test_its_own_station_serves_an_airport_however_near_another_is() -> None:
    known = places({"NEAR": (37.0, -122.0)})
    assert nearest(HERE, known, ["NEAR", "KXYZ"]).chosen == {"KXYZ"}


def test_the_nearest_serves_an_airport_without_one() -> None:
    known = places({"FAR": (38.5, -122.0), "NEAR": (37.1, -122.0), "AWAY": (37.2, -122.0)})
    assert nearest(HERE, known, ["FAR", "AWAY", "NEAR"]).chosen == {"NEAR"}
    assert nearest(HERE, known, ["FAR"]).chosen == set()


def test_a_station_of_unknown_place_serves_its_own_airport_alone() -> None:
    lost = places({"KLOST": (float("nan"), float("nan"))})
    found = nearest(pd.concat([HERE, lost]), places({}), ["46012", "KLOST"])
    assert (found.chosen, found.seen) == ({"KLOST"}, {"KLOST"})


def test_a_station_beyond_the_date_line_is_near() -> None:
    island = places({"PASY": (52.7, 179.9)})
    assert nearest(island, places({"EAST": (52.7, -179.9)}), ["EAST"]).chosen == {"EAST"}


def test_a_station_that_comes_twice_is_taken_twice() -> None:
    found = NearestStations(neighbourhood(HERE, places({}), WITHIN_NM))
    assert [found.take("KXYZ"), found.take("KXYZ"), found.take("KAAA")] == [True, True, False]


POSITIONS = st.tuples(st.integers(-40, 40), st.integers(-60, 60)).map(lambda at: (37 + at[0] / 20, -122 + at[1] / 20))


@examples(100, "some ms an example: a distance for each pair of a dozen stations")
@given(
    airports=st.dictionaries(st.sampled_from(["A", "B", "C"]), POSITIONS, min_size=1),
    known=st.dictionaries(st.sampled_from("BSTUVW"), POSITIONS, max_size=6),
    bulletin=st.permutations(list("ABSTUVWX")),
    count=st.integers(0, 8),
)
def test_the_choice_is_that_of_all_distances(
    airports: dict[str, tuple[float, float]], known: dict[str, tuple[float, float]], bulletin: list[str], count: int
) -> None:
    listed = bulletin[:count]
    together = places(known | airports)
    there = together[together["airport"].isin(listed)]
    expected: set[str] = set()
    for ident in airports:
        away = dict(zip(there["airport"], distances_nm(together[together["airport"] == ident], there)[0], strict=True))
        within = [station for station in listed if away.get(station, WITHIN_NM + 1) <= WITHIN_NM]
        if within:
            expected.add(ident if ident in listed else min(within, key=away.__getitem__))

    assert nearest(places(airports), places(known), listed).chosen == expected
