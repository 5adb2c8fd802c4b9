"""The keys that sign links and forms: SECRET_KEY, the one before it for a time, or one made for this machine alone."""

import os
from functools import cache
from pathlib import Path
from secrets import token_urlsafe

from flightsched_pipelines.clients.owner_only_files import FILE
from flightsched_pipelines.setting_sources import LiveSecret
from flightsched_pipelines.settings import Settings

FILE_NAME = "secret_key"


def signing_keys(settings: Settings) -> list[str]:
    """Return the keys, the oldest first: the last one signs, and each of them is accepted.

    Without SECRET_KEY it is a key under FLIGHTSCHED_HOME that is made once and that only its owner can read. A key that
    Secrets Manager rotated is accepted until the next rotation, so that links in sent messages live on.
    """
    if settings.secret_key is None:
        return [_key_of(settings.flightsched_home.resolve())]
    current, before = settings.secret_key, settings.secret_key_previous
    rotated = current.previous() if isinstance(current, LiveSecret) else None
    keys = [before.get_secret_value() if before is not None else None, rotated, current.get_secret_value()]
    return [key for key in keys if key is not None]


@cache
def _key_of(home: Path) -> str:
    path = home / FILE_NAME
    home.mkdir(parents=True, exist_ok=True)
    partial = home / f".{FILE_NAME}.{os.getpid()}"
    if not path.exists():
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE), "w") as file:
            file.write(token_urlsafe(48))
        # A link, not a rename: of two processes that make one at a time, the first one's counts for both.
        try:
            os.link(partial, path)
        except FileExistsError:
            pass
        finally:
            partial.unlink()
    return path.read_text()
