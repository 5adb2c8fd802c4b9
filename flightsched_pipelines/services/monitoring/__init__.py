"""The platform's own state: data quality, platform health, alerts and the operations report."""
