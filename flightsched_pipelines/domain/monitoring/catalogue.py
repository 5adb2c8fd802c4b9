"""Every alarm there is, by name; and whose alert a failed job, sensor or schedule is."""

from collections.abc import Mapping
from types import MappingProxyType

from flightsched_pipelines.domain.monitoring.check_definition import Alarm, Cause
from flightsched_pipelines.domain.monitoring.data_checks import ON_DATA
from flightsched_pipelines.domain.monitoring.operational_checks import ON_OPERATIONS

ALARMS: Mapping[str, Alarm] = MappingProxyType({alarm.name: alarm for alarm in (*ON_DATA, *ON_OPERATIONS)})
"""All of them by name."""

JOB_CAUSES: Mapping[str, Cause] = MappingProxyType(
    {"hourly_tick": Cause.HOURS, "hourly": Cause.HOURS, "dispatch": Cause.DELIVERY, "newest_hour": Cause.DELIVERY,
     "deliver": Cause.DELIVERY, "something_due": Cause.DELIVERY}
)  # fmt: skip
"""The cause that a job's failed run, or a failed sensor or schedule, belongs to; others are the platform's own."""
