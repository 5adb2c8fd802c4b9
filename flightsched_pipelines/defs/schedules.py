"""Schedules of the hourly, the operational and the report job. One of partitions has no tags: its job has them."""

import dagster as dg

from flightsched_pipelines.defs.jobs import hourly_tick, operations_job, report_job
from flightsched_pipelines.defs.ownership import PLATFORM, code_reference, labels
from flightsched_pipelines.services.monitoring.operations_report import MINUTE_OF_REPORT

hourly = dg.build_schedule_from_partitioned_job(
    hourly_tick,
    name="hourly",
    description="Five minutes past every hour, for the running hour: the routine reports are published by then.",
    metadata=code_reference(),
    minute_of_hour=5,
    default_status=dg.DefaultScheduleStatus.RUNNING,
)

operations = dg.ScheduleDefinition(
    name="operations",
    job=operations_job,
    cron_schedule="*/5 * * * *",
    description="The operational checks, every five minutes.",
    tags=labels("monitoring", PLATFORM),
    metadata=code_reference(),
    default_status=dg.DefaultScheduleStatus.RUNNING,
)

report = dg.build_schedule_from_partitioned_job(
    report_job,
    name="report",
    description="Twenty minutes past every hour, after its dispatch; also when its run failed.",
    metadata=code_reference(),
    minute_of_hour=MINUTE_OF_REPORT,
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
