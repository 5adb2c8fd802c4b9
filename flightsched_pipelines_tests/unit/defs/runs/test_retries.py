"""A step is tried again after a fault of the moment, and after no other; a refusal is one sentence."""

import dagster as dg
import httpx
import psycopg
import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from flightsched_pipelines.defs.runs import retries
from flightsched_pipelines.defs.runs.refusals import refuse
from flightsched_pipelines.defs.runs.retries import MAX_RETRIES, may_be_over_soon, retry_transient_faults

LOST = OperationalError("SELECT 1", {}, psycopg.OperationalError("the connection is lost"))


def _of(status: int) -> httpx.HTTPStatusError:
    request = httpx.Request("GET", "https://weather.example")
    return httpx.HTTPStatusError("no", request=request, response=httpx.Response(status, request=request))


def _in_state(kind: type[DBAPIError], of_driver: type[psycopg.Error]) -> DBAPIError:
    return kind("UPDATE", {}, of_driver("words"))


TRANSIENT = [
    LOST,
    psycopg.OperationalError("connection refused"),
    _in_state(OperationalError, psycopg.errors.DeadlockDetected),
    _in_state(OperationalError, psycopg.errors.AdminShutdown),
    _in_state(OperationalError, psycopg.errors.TooManyConnections),
    DBAPIError("SELECT 1", {}, psycopg.Error("gone"), connection_invalidated=True),
    _of(500),
    _of(503),
    httpx.ConnectTimeout("slow"),
    ConnectionResetError(),
    TimeoutError(),
]
PERMANENT = [
    ValueError("a ceiling of -3 ft"),
    KeyError("booking_id"),
    _in_state(IntegrityError, psycopg.errors.UniqueViolation),
    _in_state(DBAPIError, psycopg.errors.UndefinedTable),
    _in_state(DBAPIError, psycopg.errors.NumericValueOutOfRange),
    psycopg.OperationalError('password authentication failed for user "school"'),
    _of(400),
    _of(404),
    dg.Failure("no"),
]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "DELAYS", dg.RetryPolicy(max_retries=MAX_RETRIES, delay=0))


def _attempts(fault: BaseException, *, failing: int) -> tuple[int, bool]:
    """Run an asset that meets a fault in its first attempts; returns its attempts, and whether the run succeeded."""
    made: list[int] = []

    @dg.asset
    def flaky(context: dg.AssetExecutionContext) -> None:
        made.append(1)
        with retry_transient_faults(context):
            if len(made) <= failing:
                raise fault

    result = dg.materialize([flaky], raise_on_error=False)
    return len(made), result.success


@pytest.mark.parametrize("fault", TRANSIENT, ids=repr)
def test_a_transient_fault_is_tried_again(fault: Exception) -> None:
    assert may_be_over_soon(fault)
    assert _attempts(fault, failing=2) == (3, True)


@pytest.mark.parametrize("fault", PERMANENT, ids=repr)
def test_a_permanent_fault_is_not(fault: Exception) -> None:
    assert not may_be_over_soon(fault)
    assert _attempts(fault, failing=2) == (1, False)


def test_retries_end() -> None:
    assert _attempts(LOST, failing=99) == (MAX_RETRIES + 1, False)


def test_an_interrupted_step_is_not_tried_again() -> None:
    made: list[int] = []

    @dg.asset
    def interrupted(context: dg.AssetExecutionContext) -> None:
        made.append(1)
        with retry_transient_faults(context):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dg.materialize([interrupted])
    assert len(made) == 1


def test_a_refusal_is_one_sentence_and_is_not_tried_again() -> None:
    made: list[int] = []

    @dg.asset(retry_policy=dg.RetryPolicy(max_retries=2))
    def refused() -> None:
        made.append(1)
        with refuse(ValueError):
            raise ValueError("The slot is taken; choose another alternative.")

    result = dg.materialize([refused], raise_on_error=False)
    (failed,) = [event for event in result.all_events if event.is_step_failure]
    assert len(made) == 1
    of_user, error = failed.step_failure_data.user_failure_data, failed.step_failure_data.error
    assert of_user is not None
    assert of_user.description == "The slot is taken; choose another alternative."
    assert error is not None
    assert error.to_string() == "The slot is taken; choose another alternative."
