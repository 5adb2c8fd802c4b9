"""Each school's figures of a day and of a week, and the jobs and schedules that make them."""

from datetime import timedelta

import dagster as dg
from sqlalchemy import Engine

from flightsched_pipelines.defs.ai_rescheduler.proposals import reschedule_proposals
from flightsched_pipelines.defs.clock import Clock
from flightsched_pipelines.defs.metadata_tables import Metadata
from flightsched_pipelines.defs.ownership import DISPATCH, code_reference, labels, team
from flightsched_pipelines.defs.partitions import HOURLY
from flightsched_pipelines.defs.runs.run_limits import bounded
from flightsched_pipelines.reporting.school_figures import SchoolFigures, as_markdown
from flightsched_pipelines.services.school_figures import weekly_mail
from flightsched_pipelines.services.school_figures.figures import school_figures
from flightsched_pipelines.settings import Settings

DAILY = dg.DailyPartitionsDefinition(start_date=HOURLY.start.date().isoformat())
WEEKLY = dg.WeeklyPartitionsDefinition(start_date=HOURLY.start.date().isoformat(), day_offset=1)
"""Weeks from Monday. A partition is a local day, or week, at each school; at noon UTC it is over in all of America."""

HOUR_OF_FIGURES = 12


@dg.asset(
    group_name="analytics",
    partitions_def=DAILY,
    deps=[reschedule_proposals],
    kinds={"postgres"},
    owners=[team(DISPATCH)],
    tags=labels("analytics"),
)
def school_daily_figures(context: dg.AssetExecutionContext, engine: dg.ResourceParam[Engine]) -> None:
    """Each school's lessons moved and lost, hours flown of hours booked, and response times, of a day."""
    day = context.partition_time_window.start.date()
    context.add_output_metadata(figures_metadata(list(school_figures(engine, day, day))))


@dg.asset(
    group_name="analytics",
    partitions_def=WEEKLY,
    deps=[school_daily_figures],
    kinds={"postgres"},
    owners=[team(DISPATCH)],
    tags=labels("analytics"),
)
def school_weekly_figures(
    context: dg.AssetExecutionContext,
    engine: dg.ResourceParam[Engine],
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> None:
    """Each school's figures of a week, day by day; its manager gets them by mail, once."""
    first = context.partition_time_window.start.date()
    figures = list(school_figures(engine, first, first + timedelta(days=6)))
    mails = weekly_mail.queue_mails(engine, figures, clock.now(), settings)
    sent = {"mails": mails, "schools_without_mail": len(figures) - mails}
    context.add_output_metadata({**figures_metadata(figures), **sent})


def figures_metadata(figures: list[SchoolFigures]) -> Metadata:
    """Return the table of the schools with their pictures, and sums that the UI plots over the days."""
    known = [flown for one in figures if (flown := one.hours_flown) is not None]
    return {
        "figures": dg.MetadataValue.md(as_markdown(figures)),
        "lessons_threatened": sum(one.threatened for one in figures),
        "lessons_moved": sum(one.saved for one in figures),
        "lessons_lost": sum(one.lost for one in figures),
        "hours_booked": float(sum(one.hours_booked for one in figures)),
        "answers": sum(one.answers for one in figures),
    } | ({"hours_flown": float(sum(known))} if known else {})


school_day_job = dg.define_asset_job(
    "school_day",
    selection=[school_daily_figures],
    description="Each school's figures of a day that has ended.",
    metadata=code_reference(),
    tags=bounded("figures", minutes=15, retries=1),
)

school_week_job = dg.define_asset_job(
    "school_week",
    selection=[school_weekly_figures],
    description="Each school's figures of a week that has ended, mailed to its manager once.",
    metadata=code_reference(),
    tags=bounded("figures", minutes=15, retries=1),
)

school_day = dg.build_schedule_from_partitioned_job(
    school_day_job,
    name="school_day",
    description="At noon UTC, for the day before.",
    metadata=code_reference(),
    hour_of_day=HOUR_OF_FIGURES,
    default_status=dg.DefaultScheduleStatus.RUNNING,
)

school_week = dg.build_schedule_from_partitioned_job(
    school_week_job,
    name="school_week",
    description="On Mondays a quarter past noon UTC, for the week before.",
    metadata=code_reference(),
    hour_of_day=HOUR_OF_FIGURES,
    minute_of_hour=15,
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
