"""Metadata of a run that takes files of the feed: counts, kinds and outcomes; no name and no value of a row."""

from collections.abc import Mapping, Sequence

import dagster as dg

from flightsched_pipelines.reporting import charts
from flightsched_pipelines.services.imports.feed import TakenFile, totals

ACTIONS = ("added", "changed", "unchanged", "gone", "rows_rejected")


def feed_metadata(taken: Sequence[TakenFile], *, wrote: bool) -> Mapping[str, int | bool | dg.MetadataValue]:
    """Return the picture of what became of the rows, a line for each file, and the counts."""
    found = totals(taken)
    lines = ["| kind | outcome | rows | added | changed | unchanged | gone | not entered | faults |"]
    lines.append("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for one in taken:
        report = one.report
        counts = (
            [0] * 6 if report is None else
            [report.rows, report.added, report.changed, report.unchanged, report.gone, len(report.not_entered)]
        )  # fmt: skip
        cells = [one.kind or "unknown", one.outcome, *map(str, counts), str(one.faults)]
        lines.append(f"| {' | '.join(cells)} |")
    picture = charts.imported_rows([(name.replace("_", " "), found[name]) for name in ACTIONS])
    return {
        "rows_by_outcome": dg.MetadataValue.md(picture.markdown() if taken else "No file was taken."),
        "taken": dg.MetadataValue.md("\n".join(lines) if taken else "none"),
        "changes_written": wrote,
        **found,
    }
