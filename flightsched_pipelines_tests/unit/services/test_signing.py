"""The key that signs links: the setting, the one before it, or one made once for this machine."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flightsched_pipelines.database.queries.notifications.contacts import Person
from flightsched_pipelines.services.notifications.links import BadLinkError, read_response_link, response_url
from flightsched_pipelines.services.signing import FILE_NAME, signing_keys
from flightsched_pipelines_tests.conftest import settings_for

NOW = datetime(2026, 11, 10, 14, 18, tzinfo=UTC)
ADA = Person(7, "student", "Ada", "ada@example.com", None, True, False, False, None, "UTC")
MAKES_ONE = (
    "import sys; from flightsched_pipelines.services.signing import signing_keys;"
    "from flightsched_pipelines.settings import Settings;"
    "print(signing_keys(Settings(flightsched_home=sys.argv[1]))[0])"
)


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    command = [sys.executable, "-c", MAKES_ONE, str(tmp_path)]
    making = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]  # noqa: S603, our own
    said = {process.communicate()[0].strip() for process in making}

    assert said == set(signing_keys(settings_for(flightsched_home=tmp_path))), "three at a time have the same"
    assert len(said.pop()) >= 32
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


@pytest.mark.parametrize(
    ("values", "url"),
    [
        ({}, "http://127.0.0.1:3002"),
        ({"portal_port": 4001}, "http://127.0.0.1:4001"),
        ({"flightsched_demo": True, "portal_port": 4001}, "http://127.0.0.1:4001"),
        ({"database_url": "postgresql://u:p@db/x"}, None),
        ({"mail_via": "smtp", "smtp_url": "smtp://mail.example.com"}, None),
        ({"sms_via": "sns", "aws_region": "us-east-1"}, None),
        ({"base_url": "https://flights.example.com/", "secret_key": "x" * 32}, "https://flights.example.com"),
    ],
)
def test_links_lead_to_this_machine_only_in_messages_that_stay_on_it(
    values: dict[str, object], url: str | None
) -> None:
    assert settings_for(**values).portal_url == url


def test_a_previous_key_needs_a_present_one() -> None:
    with pytest.raises(ValueError, match="SECRET_KEY_PREVIOUS is set without a SECRET_KEY"):
        settings_for(secret_key_previous="x" * 32)


def test_a_link_is_read_as_it_was_made_until_it_is_too_old() -> None:
    settings = settings_for(base_url="https://flights.example.com", secret_key="x" * 32, link_days=2)
    url = response_url(settings, 3, 2, ADA, NOW, 1)
    assert url is not None
    token = url.rpartition("/")[2]

    link = read_response_link(token, NOW + timedelta(days=2), settings)

    assert (link.case_id, link.round, link.role, link.person_id, link.number) == (3, 2, "student", 7, 1)
    with pytest.raises(BadLinkError):
        read_response_link(token, NOW + timedelta(days=2, seconds=1), settings)
