"""Check the configured model by the server's list of models."""

from datetime import datetime

from flightsched_pipelines.clients.openai_models import ModelListError, ModelServer
from flightsched_pipelines.domain.monitoring.check_definition import Measurement
from flightsched_pipelines.domain.monitoring.llm_model import faults_of_model
from flightsched_pipelines.settings import Settings


def of_model(settings: Settings, now_utc: datetime) -> Measurement | None:
    """Return the measurement of the configured model's faults; ``None`` if no LLM is configured.

    If the list cannot be read, nothing is examined.
    """
    key = settings.openai_api_key
    if key is None or not key.get_secret_value():
        return None
    server = ModelServer(key.get_secret_value(), settings.openai_base_url or None)
    try:
        found = faults_of_model(settings.openai_model, server.shutdown_dates(), now_utc.date())
    except ModelListError as error:
        return Measurement(0, 0, "lists of models that can be read", [str(error)])
    return Measurement(len(found), 1, "models", found)
