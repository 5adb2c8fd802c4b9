"""Every check, made to fail by a real fault: notified once by SNS and by Slack, and resolved once it is fixed."""

import pytest
from sqlalchemy import text

from flightsched_pipelines.database.queries.monitoring.alerts import History
from flightsched_pipelines.domain.monitoring.catalogue import CHECKS
from flightsched_pipelines.domain.monitoring.operational_checks import OPERATIONAL_CHECKS
from flightsched_pipelines_tests.integration.monitoring.builders import Watch
from flightsched_pipelines_tests.integration.monitoring.faults import FAULTS, Fault

OPERATIONAL = {alarm.name for alarm in OPERATIONAL_CHECKS}


def look_at_operations(watch: Watch, fault: Fault) -> None:
    """Run the operational checks, if the fault is one of theirs; they cost a second."""
    if fault.fails & OPERATIONAL:
        watch.check_operations()


def named(alert: History) -> set[str]:
    """Return the checks and jobs in an alert."""
    return {one["name"].rpartition(":")[2] for one in alert.failing}


def names_of_people(watch: Watch) -> list[str]:
    """Return every person that is named, or can be reached or recognized, in the operators' notifications."""
    with watch.engine.connect() as connection:
        told = str(connection.execute(text("SELECT payload FROM school.outbox WHERE event = 'alert'")).all())
        people = connection.execute(
            text("SELECT name FROM school.students UNION SELECT name FROM school.instructors UNION "
                 "SELECT email FROM school.students UNION SELECT tail_number FROM school.aircraft")
        ).scalars()  # fmt: skip
        return [person for person in people if person in told]


def test_every_alarm_has_a_fault_that_makes_it_fire() -> None:
    assert CHECKS.keys() <= set[str]().union(*(fault.fails for fault in FAULTS.values()))


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_told_once_and_resolved_when_it_is_mended(watch: Watch, fault: Fault) -> None:
    with fault.happens(watch):
        look_at_operations(watch, fault)
        assert watch.failing() >= fault.fails
        told = watch.told()
        opened = [words.removesuffix(" opened") for words in told if words.endswith(" opened")]
        assert len(told) == len(set(told)), "nothing is told twice"
        assert {check for alert in watch.open_alerts() if alert.key in opened for check in named(alert)} >= fault.fails
        assert names_of_people(watch) == []
        watch.look()
        assert watch.told() == []
    look_at_operations(watch, fault)
    assert watch.failing() == set()
    assert watch.told() == [f"{cause} resolved" for cause in opened]
