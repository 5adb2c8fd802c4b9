"""A list of hazard areas that is older than its schedule allows is as if it had not come; its areas still count."""

from typing import Any

import pytest

from flightsched_pipelines.domain.weather.areas.products import AreaProduct
from flightsched_pipelines.domain.weather.areas.reading import read_areas
from flightsched_pipelines_tests.unit.domain.weather.areas.builders import (
    NOW,
    at,
    cwa,
    gairmet,
    points,
    read,
    response,
    sentences,
    sigmet,
    tcf,
    tcf_feature,
)

OLD_G_AIRMET = "No G-AIRMET can be read: the newest was issued at {:%Y-%m-%d %H:%M}Z, and one is due every 6 h"
OLD_TCF = "No convective forecast can be read: the newest was issued at {:%Y-%m-%d %H:%M}Z, and one is due every 2 h"
NO_TIME = "No G-AIRMET can be read: it does not say when it was issued"


def issued(hours: float, snapshot: int = 6, **facts: Any) -> dict[str, Any]:
    """A G-AIRMET's snapshot, issued so many hours from now."""
    valid = at(hours + snapshot)
    return gairmet(
        snapshot, **{"issueTime": int(at(hours).timestamp()), "validTime": f"{valid:%Y-%m-%dT%H:%M:%S}.000Z"} | facts
    )


def forecast(hours: float, ahead: int = 4, **facts: Any) -> dict[str, Any]:
    """A convective forecast of one area, issued so many hours from now."""
    found = tcf(tcf_feature(properties={"validTime": f"{at(hours + ahead):%Y%m%d_%H%M}", "tops": 390}))
    return found | {"issueTime": f"{at(hours):%Y%m%d_%H%M}"} | facts


LINE = issued(-9, hazard="FZLVL", geometryType="LINE", coords=points((40, -120), (41, -110)))
CASES: dict[str, tuple[AreaProduct, Any, str | None]] = {
    "just issued": ("gairmet", [issued(0)], None),
    "just before the next issue": ("gairmet", [issued(-6)], None),
    "the next is two hours late": ("gairmet", [issued(-8)], None),
    "more than two hours late": ("gairmet", [issued(-8.5)], OLD_G_AIRMET.format(at(-8.5))),
    "one of the list is newer": ("gairmet", [issued(-9), issued(-3)], None),
    "frozen lines of freezing levels": ("gairmet", [LINE], OLD_G_AIRMET.format(at(-9))),
    "an old snapshot under a renewed issue": (
        "gairmet", [issued(-9, issueTime=int(at(0).timestamp()))], OLD_G_AIRMET.format(at(-9)),
    ),
    "no time of issue": ("gairmet", [issued(-3, issueTime=None)], None),
    "neither issue nor hour of the snapshot": (
        "gairmet", [issued(0, issueTime=None, forecastHour=None, snapshot=3)], OLD_G_AIRMET.format(at(-9)),
    ),
    "an issue in the future": ("gairmet", [issued(20)], NO_TIME),
    "no G-AIRMET": ("gairmet", [], None),
    "a forecast an hour late": ("tcf", forecast(-3), None),
    "a forecast three hours late": ("tcf", forecast(-5), OLD_TCF.format(at(-5))),
    "an old forecast under a renewed issue": (
        "tcf", forecast(-5, issueTime=f"{at(0):%Y%m%d_%H%M}"), OLD_TCF.format(at(-5)),
    ),
    "a forecast of no areas": ("tcf", tcf() | {"issueTime": f"{at(-2):%Y%m%d_%H%M}"}, None),
    "an old forecast of no areas": ("tcf", tcf() | {"issueTime": f"{at(-9):%Y%m%d_%H%M}"}, OLD_TCF.format(at(-9))),
    "a forecast of no areas and no time": ("tcf", {"type": "FeatureCollection", "features": []}, None),
    "an old SIGMET": ("airsigmet", [sigmet(validTimeFrom=int(at(-30).timestamp()))], None),
    "an old advisory": ("cwa", [cwa(validTimeFrom=int(at(-30).timestamp()))], None),
}  # fmt: skip


@pytest.mark.parametrize(("product", "body", "sentence"), CASES.values(), ids=list(CASES))
def test_what_is_older_than_its_schedule_allows_is_missing(
    product: AreaProduct, body: Any, sentence: str | None
) -> None:
    areas = read({product: body})

    assert sentences(areas) == ([sentence] if sentence else [])
    if sentence:
        assert (areas[0].hazard, areas[0].outline, areas[0].from_utc) == (None, None, NOW)


def test_an_old_empty_forecast_is_old_as_well_when_its_response_is_called_empty() -> None:
    old = response("tcf", tcf() | {"issueTime": f"{at(-9):%Y%m%d_%H%M}"}, "empty")

    assert OLD_TCF.format(at(-9)) in sentences(read_areas([old], NOW))


def test_areas_of_an_old_list_still_count() -> None:
    assert [area.hazard for area in read({"gairmet": [issued(-9)]})] == [None, "icing"]


FARTHEST: dict[str, tuple[AreaProduct, Any]] = {
    "G-AIRMET": ("gairmet", [issued(1, snapshot=12)]),
    "convective forecast": ("tcf", forecast(1, ahead=8)),
    "SIGMET": ("airsigmet", [sigmet(validTimeFrom=int(at(1).timestamp()), validTimeTo=int(at(7).timestamp()))]),
    "advisory": ("cwa", [cwa(validTimeFrom=int(at(1).timestamp()), validTimeTo=int(at(3).timestamp()))]),
}


@pytest.mark.parametrize(("product", "body"), FARTHEST.values(), ids=list(FARTHEST))
def test_a_missing_product_reaches_as_far_as_its_last_area_would_count(product: AreaProduct, body: Any) -> None:
    [last] = read({product: body})
    [missing] = read({product: "<html>"})

    assert last.hazard is not None
    assert (missing.hazard, missing.from_utc) == (None, NOW)
    assert missing.to_utc >= last.to_utc
