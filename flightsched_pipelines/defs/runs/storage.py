"""Dagster's storage, whose password is read from its source whenever Dagster connects."""

import time
from collections.abc import Mapping
from functools import cache
from typing import Any

from dagster_postgres import DagsterPostgresStorage
from dagster_postgres.auth import PgTokenProvider
from sqlalchemy import Engine, ExceptionContext, event, make_url

from flightsched_pipelines.database.engine import WRONG_PASSWORD, dagster_url, dagsters_password
from flightsched_pipelines.defs.dagster_internals import ConfigurableClassData
from flightsched_pipelines.setting_sources import LiveSecret
from flightsched_pipelines.settings import Settings

PAUSE_SECONDS = 1.0
"""Dagster tries five times to connect: for that many seconds a password may be the new one or the old one."""


class Storage(DagsterPostgresStorage):
    """The class that `dagster.yaml` names: the settings say where the database is."""

    @classmethod
    def config_type(cls) -> Mapping[str, Any]:
        """Nothing: all of it is in the settings."""
        return {}

    @classmethod
    def from_config_value(  # pyright: ignore[reportIncompatibleMethodOverride], a storage of our own
        cls,
        inst_data: ConfigurableClassData | None,
        config_value: Mapping[str, Any],  # noqa: ARG003, Dagster's signature
    ) -> "Storage":
        """Connect as DAGSTER_POSTGRES_URL or DATABASE_URL say."""
        settings = Settings()
        url = dagster_url(settings)
        secret = dagsters_password(settings)
        if secret is None:
            return cls(url, inst_data=inst_data)
        _renew_when_refused(secret)
        return cls(url, inst_data=inst_data, token_provider=CurrentPassword(settings))


class CurrentPassword(PgTokenProvider):
    """The password as it is now; the secret's own cache decides how long it is believed."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings

    def _fetch_token(self) -> tuple[str, float]:
        return str(make_url(dagster_url(self._settings)).password), time.time()


@cache
def _renew_when_refused(secret: LiveSecret) -> None:
    """Have a refused password read again before Dagster's next attempt to connect."""

    @event.listens_for(Engine, "handle_error")
    def renew(context: ExceptionContext) -> None:
        if WRONG_PASSWORD in str(context.original_exception):
            secret.renew()
            time.sleep(PAUSE_SECONDS)
