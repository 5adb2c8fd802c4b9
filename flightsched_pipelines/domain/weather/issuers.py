"""Decide which reports an airport issues: as the school stated, or as the responses show.

Where nobody said, its reports are requested, and due until the response to that contains none of them: a request that
failed, or was not made, says nothing. Once one comes, the airport issues such reports.
"""

from collections.abc import Collection

import pandas as pd

from flightsched_pipelines.domain.weather.issue_times import EVERY_STATION


def stated(issues: "pd.Series[bool]") -> "pd.Series[bool]":
    """Return whether airports are known to issue a report; missing values mean that nobody said."""
    return issues.astype("boolean").fillna(False).astype(bool)


def asked(issues: "pd.Series[bool]") -> "pd.Series[bool]":
    """Return whether a report is to be requested of airports: of all but those known not to issue it."""
    return issues.astype("boolean").fillna(True).astype(bool)


def due(
    issues: "pd.Series[bool]", airports: "pd.Series[str]", came: Collection[str], answered: Collection[str]
) -> "pd.Series[bool]":
    """Return whether a report of airports is due.

    Args:
        issues: whether they issue it; missing where nobody said.
        airports: their idents.
        came: the stations of which one came, readable or not.
        answered: the stations of requests whose response could be read.
    """
    none_came = airports.isin(list(answered)) & ~airports.isin(list(came))
    if EVERY_STATION in came:  # it may be of any of them
        none_came[:] = False
    return stated(issues) | (asked(issues) & ~none_came)


def newly_known(issues: "pd.Series[bool]", airports: "pd.Series[str]", came: Collection[str]) -> list[str]:
    """Return the airports of which nobody said that they issue a report, and of which one came."""
    return airports[asked(issues) & ~stated(issues) & airports.isin(list(came))].tolist()
