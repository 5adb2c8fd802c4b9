"""Labels that the Dagster UI shows and searches: who looks after a definition, its area, and the line of its code.

Jobs, schedules and sensors have their owner as a tag: their parameter ``owners`` is in beta in the pinned version, and
each process that loads the definitions would warn of it a dozen times.
"""

import inspect
from collections.abc import Mapping

import dagster as dg

from flightsched_pipelines.defs.runs.run_process import accept_beta

DISPATCH, PLATFORM = "dispatch", "platform"
"""Teams: who works with the lessons, and who keeps the platform running."""

AREA_TAG, OWNER_TAG = "flightsched/area", "flightsched/owner"


def team(name: str) -> str:
    """Return a team as an owner of assets."""
    return f"team:{name}"


def labels(area: str, owner: str = DISPATCH) -> Mapping[str, str]:
    """Return the tags of an asset, schedule or sensor; a job gets its own from `run_limits.bounded`."""
    return {AREA_TAG: area, OWNER_TAG: owner}


def code_reference() -> Mapping[str, dg.MetadataValue]:
    """Return metadata that leads from the UI to the line of the call; assets get theirs from `definitions`."""
    here = inspect.currentframe()
    caller = here and here.f_back
    if caller is None:
        raise AssertionError("this Python has frames")
    with accept_beta():
        place = dg.LocalFileCodeReference(file_path=caller.f_code.co_filename, line_number=caller.f_lineno)
        return {"dagster/code_references": dg.CodeReferencesMetadataValue(code_references=[place])}
