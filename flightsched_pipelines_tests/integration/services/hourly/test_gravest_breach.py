"""Everything that names the gravest breach of a lesson in a generated hour names the same one."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine

from flightsched_pipelines.database import migrations
from flightsched_pipelines.defs.asset_metadata import highest_risk_lessons
from flightsched_pipelines.domain.risk.breach_text import NAMES
from flightsched_pipelines.messages import email, slack, sms
from flightsched_pipelines.messages.models import Digest, Notice
from flightsched_pipelines.services.hourly.explanation import explain_booking
from flightsched_pipelines.services.hourly.hour_summary import summarise_hour
from flightsched_pipelines.services.monitoring.operations_report import compose_report
from flightsched_pipelines.services.notifications.dispatch import dispatch
from flightsched_pipelines_tests.conftest import SEED_HOUR, clone, connected, keep_awake, settings_for
from flightsched_pipelines_tests.integration.services.helpers import rows, run, stored

SETTINGS = settings_for(slack_webhook_url="http://127.0.0.1:1", aws_region="us-east-1")
NOW = SEED_HOUR + timedelta(minutes=8)
CASE_BOOKING = "SELECT id, booking_id FROM school.reschedule_cases"


@dataclass(frozen=True)
class GeneratedHour:
    """An hour that was dispatched, and the stored gravest breach of each lesson at risk."""

    engine: Engine
    gravest: dict[int, dict[Any, Any]]

    def payloads(self, channel: str, event: str) -> list[Any]:
        """Return the queued payloads of one kind."""
        query = "SELECT payload FROM school.outbox WHERE channel = :channel AND event = :event ORDER BY id"
        return [row[0] for row in rows(self.engine, query, channel=channel, event=event)]

    def rules(self, booking_ids: Any = None) -> dict[int, str]:
        """Return the rule of the gravest breach by booking, of all or of some."""
        return {key: row["rule"] for key, row in self.gravest.items() if booking_ids is None or key in booking_ids}


@pytest.fixture(scope="module")
def hour(server_home: Any, ticked_template: str) -> Iterator[GeneratedHour]:
    for url in clone(server_home, ticked_template):
        for engine in connected(url):
            keep_awake(engine)
            dispatch(engine, NOW, SETTINGS)
            broken = stored(engine, "at_risk_bookings")
            first = broken[(broken["verdict"] == "at_risk") & (broken["breach_rank"] == 1)]
            gravest = {int(row["booking_id"]): dict(row) for row in first.to_dict("records")}
            yield GeneratedHour(engine, gravest)


def first_named(text: str) -> str:
    """The name of a rule that a text has first; of two that begin at one place, the longer."""
    patterns = {name: name for name in NAMES.values()} | {"daylight": "daylight|landing|departure"}
    found = [(match.start(), -len(name), name) for name in patterns if (match := re.search(patterns[name], text, re.I))]
    return min(found)[2]


def named(rules: dict[int, str]) -> dict[int, str]:
    return {key: NAMES.get(rule, "daylight") for key, rule in rules.items()}


def test_the_hour_has_lessons_among_whose_breaches_there_is_a_choice(hour: GeneratedHour) -> None:
    broken = stored(hour.engine, "at_risk_bookings")
    rules = broken[broken["booking_id"].isin(hour.gravest)].groupby("booking_id")["rule"].nunique()
    assert set(rules.index) == set(hour.gravest)
    assert (rules > 1).sum() >= 10
    assert len({row["rule"] for row in hour.gravest.values()}) >= 2


def test_the_explanation_names_it_first(hour: GeneratedHour) -> None:
    summary = {lesson.booking_id: lesson.why for lesson in summarise_hour(hour.engine, SEED_HOUR, SETTINGS, 0).lessons}
    assert {key: first_named(why) for key, why in summary.items()} == named(hour.rules())
    for key, why in summary.items():
        assert explain_booking(hour.engine, str(key), SEED_HOUR, SETTINGS).words == why
        assert hour.gravest[key]["explanation"] == why


@pytest.mark.parametrize("kind", ["text", "html"])
def test_each_mail_names_it_first(hour: GeneratedHour, kind: str) -> None:
    mails = [Notice.model_validate(payload) for payload in hour.payloads("email", "opened")]
    assert {mail.lesson.booking_id for mail in mails} == with_a_case(hour)
    for mail in mails:
        body: str = getattr(email.render_notice(mail), kind)
        said = body.rsplit(mail.lesson.student, maxsplit=1)[-1]
        assert first_named(said) == named(hour.rules())[mail.lesson.booking_id]


def test_each_text_message_names_it(hour: GeneratedHour) -> None:
    told = [Notice.model_validate(payload) for payload in hour.payloads("email", "opened")]
    briefs = {notice.lesson.booking_id: re.search(r"\((.+?)\)", sms.sms_text(notice)) for notice in told}
    found = {key: first_named(brief[1]) for key, brief in briefs.items() if brief}
    assert len(found) > len(briefs) // 2
    assert found == named(hour.rules(found))


def test_each_digest_names_it_first(hour: GeneratedHour) -> None:
    digests = [Digest.model_validate(payload) for payload in hour.payloads("slack", "digest")]
    lines = [line for digest in digests for line in digest.lines if line.event == "opened"]
    assert {line.lesson.booking_id for line in lines} == with_a_case(hour)
    for digest in digests:
        text = email.render_digest(digest).text
        for line in digest.lines:
            part = text.split(f"* {line.lesson.reference}: ")[1].split("\n", 2)[2]
            assert first_named(part) == named(hour.rules())[line.lesson.booking_id]
        blocks = str(slack.blocks(digest)[1])
        for line in digest.lines[: slack.MAX_LINES]:
            part = blocks.split(f"*{line.lesson.reference}*")[1].split(f"{line.lesson.airport}, ")[1]
            assert first_named(part) == named(hour.rules())[line.lesson.booking_id]


def test_the_view_and_the_page_count_it(hour: GeneratedHour) -> None:
    query = "SELECT booking_id, cause FROM analytics.verdicts WHERE hour_utc = :hour AND verdict = 'at_risk'"
    assert dict(rows(hour.engine, query, hour=SEED_HOUR)) == hour.rules()
    causes = dict(rows(hour.engine, "SELECT booking_id, cause FROM analytics.cases"))
    assert causes == hour.rules(with_a_case(hour))
    page = compose_report(hour.engine, SEED_HOUR, NOW, SETTINGS)
    assert {loss.cause: loss.lessons_threatened for loss in page.losses} == Counter(causes.values())


def test_the_metadata_names_it(hour: GeneratedHour) -> None:
    # In any order: the column counts, not where a row stands.
    broken = stored(hour.engine, "at_risk_bookings").sample(frac=1, random_state=1)
    bookings = stored(hour.engine, "booking_snapshot")
    shown = highest_risk_lessons(broken, bookings)
    ids = bookings.set_index("reference")["booking_id"]
    assert len(shown) >= 5
    for row in shown.to_dict("records"):
        assert first_named(row["gravest_breach"]) == named(hour.rules())[int(ids[row["reference"]])]


def with_a_case(hour: GeneratedHour) -> set[int]:
    found = {booking_id for _, booking_id in rows(hour.engine, CASE_BOOKING)}
    assert len(found) > 20
    return found


def test_a_database_of_the_version_before_gets_the_same_order(ticked_engine: Engine) -> None:
    key = ["booking_id", "rule", "airport", "layer", "hour_utc"]
    before = stored(ticked_engine, "at_risk_bookings").set_index(key)["breach_rank"].sort_index()
    verdicts = "SELECT booking_id, cause FROM analytics.verdicts ORDER BY 1"
    causes = rows(ticked_engine, verdicts)

    migrations.downgrade(ticked_engine, "0018")
    of_before = rows(ticked_engine, verdicts)
    assert len(of_before) == len(causes)
    assert of_before != causes
    run(ticked_engine, "CREATE TABLE shuffled AS SELECT * FROM pipeline.at_risk_bookings ORDER BY md5(explanation)")
    run(ticked_engine, "TRUNCATE pipeline.at_risk_bookings")
    run(ticked_engine, "INSERT INTO pipeline.at_risk_bookings SELECT * FROM shuffled")
    migrations.upgrade(ticked_engine)

    after = stored(ticked_engine, "at_risk_bookings")
    pd.testing.assert_series_equal(after.set_index(key)["breach_rank"].sort_index(), before)
    assert rows(ticked_engine, verdicts) == causes
    assert after["authority"].isna().all()
    booking_id = int(after.loc[after["verdict"] == "at_risk", "booking_id"].iloc[0])
    assert explain_booking(ticked_engine, str(booking_id), SEED_HOUR, SETTINGS).words.startswith("At risk: ")
