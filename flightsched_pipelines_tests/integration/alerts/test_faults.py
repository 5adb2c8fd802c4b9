"""Every alarm, made to fire by a real fault: told once by SNS and by Slack, and resolved when the fault is mended."""

import pytest

from flightsched_pipelines.alarms.on_operations import ON_OPERATIONS
from flightsched_pipelines.database.alerts import History
from flightsched_pipelines_tests.integration.alerts.faults import FAULTS, Fault
from flightsched_pipelines_tests.integration.alerts.watch import Watch

OPERATIONAL = {alarm.name for alarm in ON_OPERATIONS}


def look_at_operations(watch: Watch, fault: Fault) -> None:
    """Run the operational checks, where the fault is one of theirs; they cost a second."""
    if fault.fails & OPERATIONAL:
        watch.check_operations()


def named(alert: History) -> set[str]:
    """The checks and jobs that an alert speaks of."""
    return {one["name"].rpartition(":")[2] for one in alert.failing}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_told_once_and_resolved_when_it_is_mended(watch: Watch, fault: Fault) -> None:
    with fault.happens(watch):
        look_at_operations(watch, fault)
        assert watch.failing() >= fault.fails
        told = watch.told()
        opened = [words.removesuffix(" opened") for words in told if words.endswith(" opened")]
        assert len(told) == len(set(told)), "nothing is told twice"
        assert {check for alert in watch.open_alerts() if alert.key in opened for check in named(alert)} >= fault.fails
        watch.look()
        assert watch.told() == []
    look_at_operations(watch, fault)
    assert watch.failing() == set()
    assert watch.told() == [f"{cause} resolved" for cause in opened]
