"""A school's figures by day and week, and the weekly mail to its manager. The platform's metrics: `monitoring`."""
