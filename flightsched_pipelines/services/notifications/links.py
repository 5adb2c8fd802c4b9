"""Make the links in messages: signed against forgery, and bound to one person, case and round."""

from itsdangerous import URLSafeSerializer

from flightsched_pipelines.database.queries.notifications.contacts import Person
from flightsched_pipelines.settings import Settings

SALT = "flightsched.answer"


def response_url(
    settings: Settings, case_id: int, round_: int, person: Person, number: int | None = None
) -> str | None:
    """Return the URL where a person responds to a case, optionally with an alternative; ``None`` without a base URL."""
    if settings.base_url is None or settings.secret_key is None:
        return None
    serializer = URLSafeSerializer(settings.secret_key.get_secret_value(), salt=SALT)
    token = serializer.dumps([case_id, round_, person.role, person.person_id, number])
    return f"{settings.base_url.rstrip('/')}/respond/{token}"
