"""When the jobs run."""

import dagster as dg

from flightsched_pipelines.defs.jobs import hourly_tick, operations_job, report_job
from flightsched_pipelines.services.monitoring.operations_report import MINUTE_OF_REPORT

hourly = dg.build_schedule_from_partitioned_job(
    hourly_tick,
    name="hourly",
    description="Five minutes past every hour, for the hour that runs: by then the routine reports are in.",
    minute_of_hour=5,
    default_status=dg.DefaultScheduleStatus.RUNNING,
)

operations = dg.ScheduleDefinition(
    name="operations",
    job=operations_job,
    cron_schedule="*/5 * * * *",
    description="How the platform does, every five minutes.",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)

report = dg.build_schedule_from_partitioned_job(
    report_job,
    name="report",
    description="Twenty minutes past every hour, when it is dispatched; whether or not its run succeeded.",
    minute_of_hour=MINUTE_OF_REPORT,
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
