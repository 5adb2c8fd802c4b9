"""Assets of group ``weather_monitor``: weather, snapshots and ``at_risk_bookings``."""
