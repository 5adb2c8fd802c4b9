"""Every check by name, and the cause to which a failed job, sensor or schedule belongs."""

from collections.abc import Mapping
from types import MappingProxyType

from flightsched_pipelines.domain.monitoring.check_definition import Cause, MonitoredCheck
from flightsched_pipelines.domain.monitoring.data_checks import DATA_CHECKS
from flightsched_pipelines.domain.monitoring.operational_checks import OPERATIONAL_CHECKS

CHECKS: Mapping[str, MonitoredCheck] = MappingProxyType(
    {alarm.name: alarm for alarm in (*DATA_CHECKS, *OPERATIONAL_CHECKS)}
)
"""All checks by name."""

JOB_CAUSES: Mapping[str, Cause] = MappingProxyType(
    {"hourly_tick": Cause.HOURS, "hourly": Cause.HOURS, "dispatch": Cause.DELIVERY, "dispatch_sensor": Cause.DELIVERY,
     "deliver": Cause.DELIVERY, "delivery_sensor": Cause.DELIVERY}
)  # fmt: skip
"""The cause to which a job's failed run, or a failed sensor or schedule, belongs; for others it is ``platform``."""
