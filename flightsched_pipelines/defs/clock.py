"""The clock, as a resource: tests replace it to run what depends on the time at any moment."""

from datetime import UTC, datetime

import dagster as dg


class Clock(dg.ConfigurableResource["Clock"]):
    """This machine's clock."""

    def now(self) -> datetime:
        """The present moment, UTC."""
        return datetime.now(UTC)
