"""The hourly operations report, pure: the metrics catalogue, charts, and the page that shows them.

Measuring the metrics belongs in ``services.monitoring``.
"""
