"""The hourly job: every asset of one hour, in one process."""

import dagster as dg

hourly_tick = dg.define_asset_job(
    "hourly_tick",
    selection=dg.AssetSelection.groups("weather_monitor", "ai_rescheduler"),
    description="One hour: fetch the weather, hold the bookings against it, find other times for the threatened.",
    # Four trivial steps take 5 s in one process and 22 s in a process each.
    executor_def=dg.in_process_executor,
    tags={"dagster/max_retries": 1},
)
