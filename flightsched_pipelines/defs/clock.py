"""The clock, as a resource: what looks at the platform's own time is tested at other times than now."""

from datetime import UTC, datetime

import dagster as dg


class Clock(dg.ConfigurableResource["Clock"]):
    """This machine's clock."""

    def now(self) -> datetime:
        """The present moment, UTC."""
        return datetime.now(UTC)
