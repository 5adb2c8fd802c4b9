"""Faults of the platform by what they are in; each is in ``FAULTS`` once its module is imported."""

from flightsched_pipelines_tests.integration.monitoring.faults import delivery, lessons, llm, machinery, weather
from flightsched_pipelines_tests.integration.monitoring.faults.fault import FAULTS, Fault

__all__ = ["FAULTS", "Fault", "delivery", "lessons", "llm", "machinery", "weather"]
